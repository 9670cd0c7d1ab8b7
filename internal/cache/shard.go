package cache

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// generationsPerShard is the number of invalidation counters of a shard. Keys
// that share a counter cost one another a load when one of them is invalidated
// while the other is loading; never a wrong answer.
const generationsPerShard = 64

// shard is the part of the cache that the keys with one hash prefix share.
type shard[V any] struct {
	front *front[V] // written under mu, read without; nil in a small cache

	mu          sync.Mutex                 // guards all below
	values      *queues[uint64, *entry[V]] // by hash of their key, see entry.is
	absences    *simplelru.LRU[uint64, *entry[V]]
	generations [generationsPerShard]uint64
	tallies     []tally // of answers from memory, by lookup.id
	sampler     sampler // of those
	journal     journal
	_           [64]byte
}

func newShard[V any](large bool, p *atomic.Pointer[plan]) *shard[V] {
	s := &shard[V]{
		values:   newQueues[uint64, *entry[V]](p, p.Load() != recent),
		absences: newList[uint64, *entry[V]](),
	}
	if large {
		s.front = new(front[V])
	}
	return s
}

// generation is what an invalidation raises: a load's answer may be stored
// only under the generation that was current before the load began.
type generation struct{ epoch, counter uint64 }

// valueLocked returns a key's value.
func (s *shard[V]) valueLocked(l *Lookup[V], key string, hash uint64) (e *entry[V], ok bool) {
	e, ok = s.values.Peek(hash)
	return e, ok && e.is(l, key)
}

// absenceLocked returns a key's remembered absence.
func (s *shard[V]) absenceLocked(l *Lookup[V], key string, hash uint64) (e *entry[V], ok bool) {
	e, ok = s.absences.Peek(hash)
	return e, ok && e.is(l, key)
}

// invalidate raises the key's generation and marks or drops its entry, in one
// step under the lock: a load that noted the generation before can no longer
// store.
func (s *shard[V]) invalidate(l *Lookup[V], key string, hash uint64, now instant, by Origin, mode PurgeMode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invalidateLocked(l, key, hash, now, by, mode)
}

func (s *shard[V]) invalidateLocked(l *Lookup[V], key string, hash uint64, now instant, by Origin, mode PurgeMode) {
	s.generations[hash%generationsPerShard]++
	noted := event{at: now, kind: EventInvalidated, origin: by, mode: mode}
	if e, ok := s.valueLocked(l, key, hash); ok {
		s.journal.note(hash, noted)
		if e.mark == unasked { // the mark forgets it
			l.wasted.Add(1)
		}
		e.mark = invalidatedAt(now)
		s.front.drop(e, hash)
		if mode == PurgeRemove {
			s.dropLocked(l.cache, e, hash)
		}
	}
	if e, ok := s.absenceLocked(l, key, hash); ok {
		s.journal.note(hash, noted)
		s.dropLocked(l.cache, e, hash)
	}
}

// store puts a load's answer in. The caller has reserved its weight.
// It reports false if an invalidation came since g was noted, or a later load
// was faster. What else has the same hash gives way, were it another key's.
func (s *shard[V]) store(l *Lookup[V], hash uint64, e *entry[V], g generation) bool {
	c := l.cache
	now := c.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.admitsLocked(l, e.key(), hash, e.loadedAt, g) {
		s.journal.note(hash, event{at: now, kind: EventSuperseded})
		return false
	}
	s.noteStoredLocked(l, e, hash, now)
	if old, ok := s.values.Peek(hash); ok && e.found {
		s.values.Replace(hash, old, e)
		s.droppedLocked(c, old, hash)
	} else {
		if ok {
			s.dropLocked(c, old, hash)
		}
		if old, ok := s.absences.Peek(hash); ok {
			s.dropLocked(c, old, hash)
		}
		s.addLocked(e, hash)
	}
	l.used(e.found).add(c.weight(e))
	return true
}

func (s *shard[V]) addLocked(e *entry[V], hash uint64) {
	if e.found {
		s.values.Add(hash, e, hash)
	} else {
		s.absences.Add(hash, e)
	}
}

// forget drops what is known of a key whose newer answer cannot be stored.
func (s *shard[V]) forget(l *Lookup[V], key string, hash uint64, loadedAt instant, g generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.admitsLocked(l, key, hash, loadedAt, g) {
		return
	}
	s.journal.note(hash, event{at: l.cache.now(), kind: EventNotStored})
	if e, ok := s.valueLocked(l, key, hash); ok {
		s.dropLocked(l.cache, e, hash)
	}
	if e, ok := s.absenceLocked(l, key, hash); ok {
		s.dropLocked(l.cache, e, hash)
	}
}

func (s *shard[V]) admitsLocked(l *Lookup[V], key string, hash uint64, loadedAt instant, g generation) bool {
	if g.counter != s.generations[hash%generationsPerShard] || g.epoch != l.epoch.Load() {
		return false
	}
	later := func(old *entry[V], ok bool) bool {
		return ok && old.loadedAt > loadedAt && old.epoch == uint32(g.epoch) && !old.mark.invalid()
	}
	return !later(s.valueLocked(l, key, hash)) && !later(s.absenceLocked(l, key, hash))
}

// evict drops the value whose turn it is, or the absence least recently used.
func (s *shard[V]) evict(c *Cache[V], found bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	evict := s.absences.RemoveOldest
	if found {
		evict = func() (uint64, *entry[V], bool) { return s.values.Evict(itself) }
	}
	hash, e, ok := evict()
	if ok {
		s.journal.note(hash, event{at: c.now(), kind: EventEvicted})
		s.droppedLocked(c, e, hash)
	}
	return ok
}

func (s *shard[V]) dropLocked(c *Cache[V], e *entry[V], hash uint64) {
	if e.found {
		s.values.Remove(hash, e)
	} else {
		s.absences.Remove(hash)
	}
	s.droppedLocked(c, e, hash)
}

// droppedLocked does what is left once an entry is in no list.
func (s *shard[V]) droppedLocked(c *Cache[V], e *entry[V], hash uint64) {
	s.front.drop(e, hash)
	weight := c.weight(e)
	l := c.lookupOf(e)
	l.countLeft(e, hash)
	l.used(e.found).sub(weight)
	c.budgetOf(e.found).release(weight)
}

// generation returns the current generation of a key.
func (s *shard[V]) generation(l *Lookup[V], hash uint64) generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return generation{l.epoch.Load(), s.generations[hash%generationsPerShard]}
}

// standsLocked reports whether e was neither replaced nor dropped nor
// invalidated since it was stored, and its remaining lifetime. No generation
// needs to be compared: an invalidation of its key marks or drops it, one of
// its lookup leaves it in an old epoch.
func (s *shard[V]) standsLocked(l *Lookup[V], e *entry[V], hash uint64, now instant) (ttl time.Duration, ok bool) {
	if in, _ := s.values.Peek(hash); in != e {
		return 0, false
	}
	st := e.state(l, l.lifetimes.Load(), hash, now)
	return st.ttl, !st.invalid
}

// invalidateFresh invalidates e's key, in one step with the look whether it
// would still be a hit.
func (s *shard[V]) invalidateFresh(l *Lookup[V], e *entry[V], hash uint64, now instant) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ttl, ok := s.standsLocked(l, e, hash, now); !ok || ttl <= 0 {
		return false
	}
	s.invalidateLocked(l, e.key(), hash, now, ByAudit, PurgeStale)
	return true
}
