package cache

import (
	"errors"
	"iter"
	"time"
)

// Saved is a value with all that it needs to come back after a restart.
type Saved[V any] struct {
	Key      string
	Value    V
	LoadedAt time.Time // when its load began
	StaleAt  time.Time // when it was invalidated; zero: it was not
	Rank     uint8     // its place in the order of eviction, see rankBits
}

// A Saved.Rank is a queue in its lowest bits, above it a count of uses, and in
// the highest bit usedThere.
const rankBits = 2

// savedParts is in how many parts a shard's queue is walked. The order of
// eviction is that of a shard, and keys are in other shards after a restart: so
// the first parts of all shards come first, then the second ones.
const savedParts = 8

// Under one holding of a shard's lock, so much is taken for Saved at most.
const (
	savedChunk  = 64      // values
	savedWeight = 1 << 20 // bytes, but for one value more
)

// Saved walks the values, those to be evicted first before the others, in the
// order that they have when the walk begins. Each comes once, but for what is
// stored or dropped meanwhile, which may be missing. It holds a shard's lock for no
// longer than it takes to list the shard's keys, or to look at a few; the lists
// take 8 bytes a value until it ends. now is when the walk begins, by the wall
// clock, from which ages are counted back: steps of it do not change them.
//
// An invalidation that has returned before the walk began is in what it gives;
// one that comes later may not be.
func (c *Cache[V]) Saved(now time.Time) iter.Seq2[*Lookup[V], Saved[V]] {
	return func(yield func(*Lookup[V], Saved[V]) bool) {
		w := walk[V]{cache: c, now: now, began: c.now(), yield: yield}
		w.list()
		for _, queue := range []int{probation, protected, window} {
			for part := range savedParts {
				for at := range c.shards {
					if !w.part(at, queue, part) {
						return
					}
				}
			}
		}
	}
}

// walk is one walk of Saved.
type walk[V any] struct {
	cache *Cache[V]
	now   time.Time
	began instant // the same
	yield func(*Lookup[V], Saved[V]) bool
	keys  [][queueCount][]uint64 // of each shard
	found []found[V]             // used again for each chunk
}

type found[V any] struct {
	lookup *Lookup[V]
	saved  Saved[V]
}

// list lists the keys once: a later list would be another one, as each use of a
// value moves it behind all others.
func (w *walk[V]) list() {
	w.keys = make([][queueCount][]uint64, len(w.cache.shards))
	for at, s := range w.cache.shards {
		s.mu.Lock()
		for queue := range w.keys[at] {
			w.keys[at][queue] = s.values.keys(queue)
		}
		s.mu.Unlock()
	}
}

// part walks a part of a shard's queue.
func (w *walk[V]) part(at, queue, part int) bool {
	s, keys := w.cache.shards[at], w.keys[at][queue]
	keys = keys[len(keys)*part/savedParts : len(keys)*(part+1)/savedParts]
	for len(keys) > 0 {
		w.found = w.found[:0]
		n := 0
		s.mu.Lock()
		for weight := int64(0); n < min(len(keys), savedChunk) && weight < savedWeight; n++ {
			if e, ok := s.values.Peek(keys[n]); ok {
				weight += w.cache.weight(e)
				w.takeLocked(e, keys[n])
			}
		}
		s.mu.Unlock()
		keys = keys[n:]
		for _, f := range w.found {
			if !w.yield(f.lookup, f.saved) {
				return false
			}
		}
		clear(w.found) // keeps no value in memory that is evicted
	}
	return true
}

// takeLocked notes a value, unless it may never be served again.
func (w *walk[V]) takeLocked(e *entry[V], hash uint64) {
	l := w.cache.lookupOf(e)
	st := e.state(l, l.lifetimes.Load(), hash, w.cache.now())
	if st.unreachable {
		return
	}
	r := e.ranked()
	saved := Saved[V]{Key: e.key(), Value: e.value, LoadedAt: w.wallClock(e.loadedAt), Rank: r.place | min(r.count, maxCount)<<rankBits}
	switch restored := &w.cache.restored; {
	case st.invalid:
		saved.StaleAt = w.wallClock(st.invalidAt)
	case e.isRestored() && Trust(restored.trust.Load()) != TrustFresh: // what it missed before is still missing
		saved.StaleAt = w.wallClock(instant(restored.at.Load()))
	}
	w.found = append(w.found, found[V]{l, saved})
}

func (w *walk[V]) wallClock(at instant) time.Time {
	return w.now.Add(time.Duration(at - w.began))
}

// keys lists a queue, the oldest first. The list is one of simplelru.
func (q *queues[K, E]) keys(queue int) []K {
	return q.lists[queue].(interface{ Keys() []K }).Keys()
}

// Errors of Restoration.Put.
var (
	// ErrNoRoom says that a value is too large, or nothing is left to evict for it.
	ErrNoRoom = errors.New("cache: there is no room for the value")

	// ErrSuperseded says that a later value of the key is there, or its key was
	// purged since the restoration began.
	ErrSuperseded = errors.New("cache: the value is superseded")
)
