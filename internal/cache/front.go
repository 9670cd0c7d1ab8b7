package cache

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// frontSlots is the number of entries of a shard that can be served without
	// its lock.
	frontSlots = 256

	// frontStay is how long an entry is served from the front before it must pass
	// by the shard again. That moves it to the young end of the LRU list, so that
	// the list's order is wrong by no more than this.
	frontStay = 100 * time.Millisecond
)

// front is a shard's fast lane: the entries that were hit last, one to a slot
// by hash. Hits of popular keys would else queue for the shard's lock and for
// the list's cache lines. A small cache, whose entries may not live much longer
// than frontStay, has none.
//
// Slots are filled and emptied under the shard's lock, together with the entry's
// own changes, so that an invalidated entry is in no slot when the invalidation
// returns. A reader that has taken it from the slot before has asked before.
type front[V any] [frontSlots]slot[V]

type slot[V any] struct {
	hash  atomic.Uint64 // of the entry's key: saves a look at the entry of another key
	entry atomic.Pointer[entry[V]]
	until atomic.Int64 // instant at which the entry has stayed long enough
}

func (f *front[V]) slot(hash uint64) *slot[V] { return &f[hash>>frontShift%frontSlots] }

// frontShift skips the bits of a hash that choose a generation counter.
const frontShift = 8

// lookFront serves a fresh value without the shard's lock.
func (s *shard[V]) lookFront(l *Lookup[V], key string, hash uint64, now instant) (a Answer[V], ok bool) {
	if a, ok = s.peekFront(l, key, hash, now); ok {
		if uses := l.hits.add(&l.cache.sketch.every); uses > 0 {
			l.cache.sketch.note(l.id, key, hash, uses, now)
		}
	}
	return a, ok
}

// peekFront is lookFront that counts nothing. It reads only what never changes in an entry.
func (s *shard[V]) peekFront(l *Lookup[V], key string, hash uint64, now instant) (a Answer[V], ok bool) {
	if s.front == nil {
		return a, false
	}
	at := s.front.slot(hash)
	if at.hash.Load() != hash {
		return a, false
	}
	e := at.entry.Load()
	if e == nil || !e.is(l, key) || e.epochsBehind(l.epoch.Load()) > 0 || int64(now) >= at.until.Load() {
		return a, false
	}
	if e.isRestored() && !l.cache.restored.fresh() {
		return a, false // it was trusted when it came here
	}
	st := state{ttl: l.lifetimes.Load().ttl(hash) - time.Duration(now-e.loadedAt)}
	if st.ttl <= 0 {
		return a, false
	}
	return e.answer(Hit, st, now), true
}

// putInFrontLocked gives an entry that was just hit its slot, unless another
// one has not stayed there long enough.
func (s *shard[V]) putInFrontLocked(e *entry[V], hash uint64, now instant) {
	if s.front == nil {
		return
	}
	at := s.front.slot(hash)
	if at.entry.Load() != nil && int64(now) < at.until.Load() {
		return
	}
	at.hash.Store(hash)
	at.entry.Store(e)
	at.until.Store(int64(now) + int64(frontStay))
}

// drop empties the slot of an entry, if it has one. The caller holds the shard's lock.
func (f *front[V]) drop(e *entry[V], hash uint64) {
	if f == nil {
		return
	}
	if at := f.slot(hash); at.entry.Load() == e {
		at.entry.Store(nil)
	}
}

// stripes is a counter that many cores add to without sharing a cache line: a
// stripe is kept to the processor that took it, by a sync.Pool, whose lists are
// by processor. A stripe that the pool lets go of stays in all.
type stripes struct {
	pool sync.Pool
	mu   sync.Mutex // guards all
	all  []*stripe
}

type stripe struct {
	n     atomic.Uint64
	drawn atomic.Uint64 // n at the last sample
	next  atomic.Uint64 // n at the one to come
	_     [40]byte
}

// add counts a use. It returns for how many uses this one stands in the sample
// for the sketch, 0 if it is not in it.
func (s *stripes) add(every *atomic.Uint32) (uses uint64) {
	mine, ok := s.pool.Get().(*stripe)
	if !ok {
		mine = s.grow()
	}
	if n := mine.n.Add(1); n >= mine.next.Load() {
		if drawn := mine.drawn.Swap(n); drawn < n { // not so if the stripe is shared and another was faster
			uses = n - drawn
		}
		mine.next.Store(n + distance(every.Load()))
	}
	s.pool.Put(mine)
	return uses
}

// maxStripes bounds what a pool that is emptied now and then can leave behind.
const maxStripes = 64

// grow returns a new stripe, or when there are enough, one to be shared.
func (s *stripes) grow() *stripe {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) == maxStripes {
		return s.all[rand.IntN(maxStripes)]
	}
	mine := new(stripe)
	s.all = append(s.all, mine)
	return mine
}

func (s *stripes) sum() (n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.all {
		n += one.n.Load()
	}
	return n
}
