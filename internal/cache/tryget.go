package cache

// mostTried is the number of keys that TryGetMany looks at.
const mostTried = 256

// TryGet is Get for who cannot wait, and has no load begun. It reports false where
// Get would begin one, if only in the background, or wait; then nothing is counted, and
// no use of a value noted. While MySQL fails that is seldom: stale values are answers, too.
func (l *Lookup[V]) TryGet(key string) (a Answer[V], ok bool) {
	hash, now := l.hash(key), l.cache.now()
	s := l.shard(hash)
	if a, ok = s.peekFront(l, key, hash, now); !ok {
		if a, ok = s.lookNow(l, key, hash, now); !ok {
			return a, false
		}
	}
	l.answered[a.Outcome].Add(1)
	l.cache.sketch.noteSome(l.id, key, hash, now)
	return a, true
}

// TryGetMany is GetMany for who cannot wait: it appends the results for all keys to dst, or
// reports false as TryGet does, for all of them. That it does also where accept, if it is
// not nil, refuses what was found, and where the keys are more than a few hundred.
func (l *Lookup[V]) TryGetMany(keys []string, dst []Result[V], accept func([]Result[V]) bool) ([]Result[V], bool) {
	if len(keys) > mostTried {
		return dst, false
	}
	base, now := len(dst), l.cache.now()
	var inFront [mostTried]bool
	for i, key := range keys {
		hash := l.hash(key)
		s := l.shard(hash)
		a, ok := s.peekFront(l, key, hash, now)
		inFront[i] = ok
		if !ok {
			if a, ok = s.peekNow(l, key, hash, now); !ok {
				return without(dst, base), false
			}
		}
		dst = append(dst, Result[V]{Answer: a})
	}
	if accept != nil && !accept(dst[base:]) {
		return without(dst, base), false
	}
	var answered tally
	for i, key := range keys {
		hash := l.hash(key)
		if !inFront[i] {
			l.shard(hash).use(l, key, hash, now)
		}
		l.cache.sketch.noteSome(l.id, key, hash, now)
		answered[dst[base+i].Outcome]++
	}
	for o, n := range answered {
		if n > 0 {
			l.answered[o].Add(n)
		}
	}
	return dst, true
}

// without cuts dst back, and keeps no value that was behind from being collected.
func without[V any](dst []Result[V], base int) []Result[V] {
	clear(dst[base:])
	return dst[:base]
}

// lookNow is look that answers only where that takes neither a load nor a refresh.
func (s *shard[V]) lookNow(l *Lookup[V], key string, hash uint64, now instant) (a Answer[V], ok bool) {
	lt := l.lifetimes.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok = s.peekNowLocked(l, lt, key, hash, now); ok {
		s.useLocked(l, lt, key, hash, now)
	}
	return a, ok
}

// peekNow is lookNow that notes no use.
func (s *shard[V]) peekNow(l *Lookup[V], key string, hash uint64, now instant) (a Answer[V], ok bool) {
	lt := l.lifetimes.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peekNowLocked(l, lt, key, hash, now)
}

func (s *shard[V]) peekNowLocked(l *Lookup[V], lt *Lifetimes, key string, hash uint64, now instant) (a Answer[V], ok bool) {
	if e, ok := s.valueLocked(l, key, hash); ok {
		st := e.state(l, lt, hash, now)
		outcome, ok := l.cache.outcomeNow(e, st, lt, now)
		if !ok {
			return a, false
		}
		return e.answer(outcome, st, now), true
	}
	e, ok := s.absenceLocked(l, key, hash)
	if !ok {
		return a, false
	}
	a, v := lookAbsence(l, lt, e, hash, now)
	return a, v == serve
}

// outcomeNow is what lookValueLocked would serve a value as, if it would do so without a load or a refresh. It
// reserves no try for the caller, as that does.
func (c *Cache[V]) outcomeNow(e *entry[V], st state, lt *Lifetimes, now instant) (o Outcome, ok bool) {
	switch {
	case st.ttl > 0 && !st.invalid:
		return Hit, true
	case !st.invalid && -st.ttl < lt.StaleWhileRevalidate:
		return Stale, c.refreshWaits(e, now)
	case c.lookupOf(e).failsLately(e, st, lt, now):
		return StaleError, c.retryWaits(e, now)
	case e.usableOnError(st, lt) && c.health.failing(st.invalidAt) && !c.health.due(now):
		return StaleError, true
	}
	return Hit, false
}

// use notes that what peekNow has returned was served.
func (s *shard[V]) use(l *Lookup[V], key string, hash uint64, now instant) {
	lt := l.lifetimes.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.useLocked(l, lt, key, hash, now)
}

// useLocked looks at the entry again: if it was invalidated since peekNow, it must not come
// into the front, and it may have been dropped.
func (s *shard[V]) useLocked(l *Lookup[V], lt *Lifetimes, key string, hash uint64, now instant) {
	if e, ok := s.values.Get(hash); ok && e.is(l, key) {
		l.cache.used(hash)
		e.askedLocked()
		l.cache.sizing.use(hash, l.cache.weight(e), l.epoch.Load(), lt, now)
		if st := e.state(l, lt, hash, now); st.ttl > 0 && !st.invalid {
			s.putInFrontLocked(e, hash, now)
		}
		return
	}
	s.absences.Get(hash)
}
