package cache

import (
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// generationsPerShard is the number of invalidation counters of a shard. Keys
// that share a counter cost one another a load when one of them is invalidated
// while the other is loading; never a wrong answer.
const generationsPerShard = 64

// shard is the part of the cache that the keys with one hash prefix share.
type shard[V any] struct {
	front *front[V] // written under mu, read without; nil in a small cache

	mu          sync.Mutex // guards all below
	values      lru[V]
	absences    lru[V]
	held        []*entry[V] // those of values, in no order: one can be picked by its place
	generations [generationsPerShard]uint64
	tallies     []tally // of answers from memory, by lookup.id
	_           [64]byte
}

type lru[V any] = *simplelru.LRU[entryKey, *entry[V]]

func newShard[V any](large bool) *shard[V] {
	s := &shard[V]{values: newLRU[V](), absences: newLRU[V]()}
	if large {
		s.front = new(front[V])
	}
	return s
}

// newLRU has no limit of its own: the cache evicts by weight and by its total
// count, see budget.
func newLRU[V any]() lru[V] {
	l, err := simplelru.NewLRU[entryKey, *entry[V]](math.MaxInt, nil)
	if err != nil {
		panic(err) // it refuses only a size that is not positive
	}
	return l
}

// generation is what an invalidation raises: a load's answer may be stored
// only under the generation that was current before the load began.
type generation struct{ epoch, counter uint64 }

// invalidate raises the key's generation and marks or drops its entry, in one
// step under the lock: a load that noted the generation before can no longer
// store.
func (s *shard[V]) invalidate(l *Lookup[V], key string, hash uint64, now instant, mode PurgeMode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invalidateLocked(l, key, hash, now, mode)
}

func (s *shard[V]) invalidateLocked(l *Lookup[V], key string, hash uint64, now instant, mode PurgeMode) {
	k := entryKey{l.id, key}
	s.generations[hash%generationsPerShard]++
	if e, ok := s.values.Peek(k); ok {
		e.invalidAt = now
		s.front.drop(e, hash)
		if mode == PurgeRemove {
			s.dropLocked(l, s.values, k, e)
		}
	}
	if e, ok := s.absences.Peek(k); ok {
		s.dropLocked(l, s.absences, k, e)
	}
}

// store puts a load's answer in. The caller has reserved its weight.
// It reports false if an invalidation came since g was noted, or a later load
// was faster.
func (s *shard[V]) store(l *Lookup[V], key string, hash uint64, e *entry[V], g generation) bool {
	k := entryKey{l.id, key}
	home, other := s.values, s.absences
	if !e.found {
		home, other = other, home
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.admitsLocked(l, k, hash, e.loadedAt, g) {
		return false
	}
	for _, at := range []lru[V]{home, other} {
		if old, ok := at.Peek(k); ok {
			s.dropLocked(l, at, k, old)
		}
	}
	home.Add(k, e)
	s.holdLocked(e)
	l.used(e.found).add(e.weight)
	return true
}

// forget drops what is known of a key whose newer answer cannot be stored.
func (s *shard[V]) forget(l *Lookup[V], key string, hash uint64, loadedAt instant, g generation) {
	k := entryKey{l.id, key}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.admitsLocked(l, k, hash, loadedAt, g) {
		return
	}
	for _, at := range []lru[V]{s.values, s.absences} {
		if old, ok := at.Peek(k); ok {
			s.dropLocked(l, at, k, old)
		}
	}
}

func (s *shard[V]) admitsLocked(l *Lookup[V], k entryKey, hash uint64, loadedAt instant, g generation) bool {
	if g.counter != s.generations[hash%generationsPerShard] || g.epoch != l.epoch.Load() {
		return false
	}
	for _, at := range []lru[V]{s.values, s.absences} {
		if old, ok := at.Peek(k); ok && old.loadedAt > loadedAt && old.epoch == uint32(g.epoch) && old.invalidAt == never {
			return false
		}
	}
	return true
}

// evictOldest drops the least recently used entry of one kind.
func (s *shard[V]) evictOldest(c *Cache[V], found bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.absences
	if found {
		at = s.values
	}
	k, e, ok := at.GetOldest()
	if ok {
		s.dropLocked(c.lookupByID(k.lookup), at, k, e)
	}
	return ok
}

func (s *shard[V]) dropLocked(l *Lookup[V], at lru[V], k entryKey, e *entry[V]) {
	at.Remove(k)
	s.letGoLocked(e)
	s.front.drop(e, l.hash(k.key))
	l.used(e.found).sub(e.weight)
	l.cache.budgetOf(e.found).release(e.weight)
}

// generation returns the current generation of a key.
func (s *shard[V]) generation(l *Lookup[V], hash uint64) generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return generation{l.epoch.Load(), s.generations[hash%generationsPerShard]}
}
