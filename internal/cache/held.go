package cache

import "time"

// A shard's values stand in held too, in no order, and each knows its place:
// simplelru cannot pick one at random.

// holdLocked gives a value a place in held.
func (s *shard[V]) holdLocked(e *entry[V]) {
	if e.found {
		e.at = int32(len(s.held))
		s.held = append(s.held, e)
	}
}

// letGoLocked gives a value's place to the last one.
func (s *shard[V]) letGoLocked(e *entry[V]) {
	if !e.found {
		return
	}
	n := len(s.held) - 1
	last := s.held[n]
	s.held[e.at], last.at = last, e.at
	s.held[n] = nil
	s.held = s.held[:n]
}

// heldAt returns the value at a place, nil if there are not so many, and their number.
func (s *shard[V]) heldAt(at int64) (e *entry[V], held int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held = int64(len(s.held))
	if at < held {
		e = s.held[at]
	}
	return e, held
}

// standsLocked reports whether e was neither replaced nor dropped nor
// invalidated since it was stored, and its remaining lifetime. No generation
// needs to be compared: an invalidation of its key marks or drops it, one of
// its lookup leaves it in an old epoch.
func (s *shard[V]) standsLocked(l *Lookup[V], e *entry[V], hash uint64, now instant) (ttl time.Duration, ok bool) {
	if in, _ := s.values.Peek(entryKey{l.id, e.key}); in != e {
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
	s.invalidateLocked(l, e.key, hash, now, PurgeStale)
	return true
}
