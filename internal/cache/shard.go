package cache

import (
	"sync"
	"sync/atomic"

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
	values      *queues[entryKey, *entry[V]]
	absences    *simplelru.LRU[entryKey, *entry[V]]
	held        []*entry[V] // those of values, in no order: one can be picked by its place
	generations [generationsPerShard]uint64
	tallies     []tally // of answers from memory, by lookup.id
	_           [64]byte
}

func newShard[V any](large bool, p *atomic.Pointer[plan]) *shard[V] {
	s := &shard[V]{
		values:   newQueues[entryKey, *entry[V]](p, p.Load() != recent),
		absences: newList[entryKey, *entry[V]](),
	}
	if large {
		s.front = new(front[V])
	}
	return s
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
			s.dropLocked(l, k, e)
		}
	}
	if e, ok := s.absences.Peek(k); ok {
		s.dropLocked(l, k, e)
	}
}

// store puts a load's answer in. The caller has reserved its weight.
// It reports false if an invalidation came since g was noted, or a later load
// was faster.
func (s *shard[V]) store(l *Lookup[V], key string, hash uint64, e *entry[V], g generation) bool {
	k := entryKey{l.id, key}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.admitsLocked(l, k, hash, e.loadedAt, g) {
		return false
	}
	if old, ok := s.values.Peek(k); ok && e.found {
		s.values.Replace(k, old, e)
		s.droppedLocked(l, old)
	} else {
		s.dropAllLocked(l, k)
		s.addLocked(k, e, hash)
	}
	s.holdLocked(e)
	l.used(e.found).add(e.weight)
	return true
}

func (s *shard[V]) addLocked(k entryKey, e *entry[V], hash uint64) {
	if e.found {
		s.values.Add(k, e, hash)
	} else {
		s.absences.Add(k, e)
	}
}

// forget drops what is known of a key whose newer answer cannot be stored.
func (s *shard[V]) forget(l *Lookup[V], key string, hash uint64, loadedAt instant, g generation) {
	k := entryKey{l.id, key}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.admitsLocked(l, k, hash, loadedAt, g) {
		return
	}
	s.dropAllLocked(l, k)
}

func (s *shard[V]) admitsLocked(l *Lookup[V], k entryKey, hash uint64, loadedAt instant, g generation) bool {
	if g.counter != s.generations[hash%generationsPerShard] || g.epoch != l.epoch.Load() {
		return false
	}
	for _, peek := range []func(entryKey) (*entry[V], bool){s.values.Peek, s.absences.Peek} {
		if old, ok := peek(k); ok && old.loadedAt > loadedAt && old.epoch == uint32(g.epoch) && old.invalidAt == never {
			return false
		}
	}
	return true
}

// evict drops the value whose turn it is, or the absence least recently used.
func (s *shard[V]) evict(c *Cache[V], found bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found {
		k, e, ok := s.values.Evict(c.hashOf)
		if ok {
			s.droppedLocked(c.lookupByID(k.lookup), e)
		}
		return ok
	}
	k, e, ok := s.absences.RemoveOldest()
	if ok {
		s.droppedLocked(c.lookupByID(k.lookup), e)
	}
	return ok
}

// dropAllLocked drops what is known of a key.
func (s *shard[V]) dropAllLocked(l *Lookup[V], k entryKey) {
	if e, ok := s.values.Peek(k); ok {
		s.dropLocked(l, k, e)
	}
	if e, ok := s.absences.Peek(k); ok {
		s.dropLocked(l, k, e)
	}
}

func (s *shard[V]) dropLocked(l *Lookup[V], k entryKey, e *entry[V]) {
	if e.found {
		s.values.Remove(k, e)
	} else {
		s.absences.Remove(k)
	}
	s.droppedLocked(l, e)
}

// droppedLocked does what is left once an entry is in no list.
func (s *shard[V]) droppedLocked(l *Lookup[V], e *entry[V]) {
	hash := l.hash(e.key)
	s.letGoLocked(e)
	s.front.drop(e, hash)
	l.countLeft(e, hash)
	l.used(e.found).sub(e.weight)
	l.cache.budgetOf(e.found).release(e.weight)
}

// generation returns the current generation of a key.
func (s *shard[V]) generation(l *Lookup[V], hash uint64) generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return generation{l.epoch.Load(), s.generations[hash%generationsPerShard]}
}
