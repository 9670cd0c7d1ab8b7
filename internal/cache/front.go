package cache

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

const (
	// frontSlots is the number of entries of a shard that can be served without
	// its lock.
	frontSlots = 64

	// frontStay is how long an entry is served from the front before it must pass
	// by the shard again. That moves it to the young end of the LRU list, so that
	// the list's order is wrong by no more than this.
	frontStay = 10 * time.Millisecond
)

// front is a shard's fast lane: the entries that were hit last, one to a slot
// by hash. Hits of popular keys would else queue for the shard's lock and for
// the list's cache lines: with it two cores serve skewed keys about twice as
// fast as one.
//
// Slots are filled and emptied under the shard's lock, together with the entry's
// own changes, so that an invalidated entry is in no slot when the invalidation
// returns. A reader that has taken it from the slot before has asked before.
type front[V any] [frontSlots]slot[V]

type slot[V any] struct {
	entry atomic.Pointer[entry[V]]
	until atomic.Int64 // instant at which the entry has stayed long enough
}

func (f *front[V]) slot(hash uint64) *slot[V] { return &f[hash>>frontShift%frontSlots] }

// frontShift skips the bits of a hash that choose a generation counter.
const frontShift = 8

// lookFront serves a fresh value without the shard's lock. It reads only what
// never changes in an entry.
func (s *shard[V]) lookFront(l *Lookup[V], key string, hash uint64, now instant) (a Answer[V], ok bool) {
	at := s.front.slot(hash)
	e := at.entry.Load()
	if e == nil || e.lookup != l.id || e.key != key || e.epoch != l.epoch.Load() || int64(now) >= at.until.Load() {
		return a, false
	}
	st := state{ttl: l.lifetimes.Load().ttl(hash) - time.Duration(now-e.loadedAt)}
	if st.ttl <= 0 {
		return a, false
	}
	l.hits.add()
	return e.answer(Hit, st, now), true
}

// putInFrontLocked gives an entry that was just hit its slot, unless another
// one has not stayed there long enough.
func (s *shard[V]) putInFrontLocked(e *entry[V], hash uint64, now instant) {
	at := s.front.slot(hash)
	if at.entry.Load() != nil && int64(now) < at.until.Load() {
		return
	}
	at.entry.Store(e)
	at.until.Store(int64(now) + int64(frontStay))
}

// drop empties the slot of an entry, if it has one. The caller holds the shard's lock.
func (f *front[V]) drop(e *entry[V], hash uint64) {
	if at := f.slot(hash); at.entry.Load() == e {
		at.entry.Store(nil)
	}
}

// stripes is a counter that many cores add to without sharing a cache line.
type stripes [8]struct {
	n atomic.Uint64
	_ [56]byte
}

func (s *stripes) add() { s[rand.Uint32()%uint32(len(s))].n.Add(1) }

func (s *stripes) sum() (n uint64) {
	for i := range s {
		n += s[i].n.Load()
	}
	return n
}
