package cache

// verdict is what is to be done about a lookup.
type verdict uint8

const (
	serve           verdict = iota // the answer stands
	serveAndRefresh                // the answer stands; load a new one in the background
	load                           // there is nothing to be served before a load was tried
)

// look decides what a lookup of a key gets from memory at this instant.
func (s *shard[V]) look(l *Lookup[V], key string, hash uint64, now instant) (a Answer[V], v verdict, g generation) {
	lt := l.lifetimes.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	g = generation{l.epoch.Load(), s.generations[hash%generationsPerShard]}
	if e, ok := s.values.Get(hash); ok && e.is(l, key) {
		l.cache.used(hash)
		if a, v = s.lookValueLocked(l, lt, e, hash, now); v != load {
			l.cache.sizing.use(hash, l.cache.weight(e), g.epoch, lt, now)
		}
	} else if e, ok := s.absences.Get(hash); ok && e.is(l, key) {
		a, v = lookAbsence(l, lt, e, hash, now)
	} else {
		v = load
	}
	if v != load {
		s.tallies[l.id][a.Outcome]++
		if uses := s.sampler.use(&l.cache.sketch.every); uses > 0 {
			l.cache.sketch.note(l.id, key, hash, uses, now)
		}
	}
	return a, v, g
}

func (s *shard[V]) lookValueLocked(l *Lookup[V], lt *Lifetimes, e *entry[V], hash uint64, now instant) (Answer[V], verdict) {
	st := e.state(l, lt, hash, now)
	switch {
	case st.ttl > 0 && !st.invalid:
		e.askedLocked()
		s.putInFrontLocked(e, hash, now)
		return e.answer(Hit, st, now), serve
	case !st.invalid && -st.ttl < lt.StaleWhileRevalidate:
		e.askedLocked()
		return e.answer(Stale, st, now), l.cache.refreshIsDue(e, now)
	case l.failsLately(e, st, lt, now):
		e.askedLocked()
		return e.answer(StaleError, st, now), l.cache.retryIsDue(e, now)
	case e.usableOnError(st, lt) && l.cache.health.failing(st.invalidAt) && !l.cache.health.probe(now):
		e.askedLocked()
		return e.answer(StaleError, st, now), serve
	}
	var none Answer[V]
	return none, load
}

// refreshIsDue decides, under the lock of e's shard, whether the caller that is
// served a stale value begins a refresh.
func (c *Cache[V]) refreshIsDue(e *entry[V], now instant) verdict {
	if c.refreshWaits(e, now) || c.health.failing(never) && !c.health.probe(now) {
		return serve
	}
	e.mark = triedAt(now)
	return serveAndRefresh
}

// failsLately reports whether a value that was not invalidated is served at once, since loading it
// has failed of late, or everything fails, or much does. Somebody is to try, but need not wait for it: where only some
// loads fail, each key's would have a caller wait once a second.
func (l *Lookup[V]) failsLately(e *entry[V], st state, lt *Lifetimes, now instant) bool {
	return !st.invalid && e.usableOnError(st, lt) && (e.mark.failedSince(now, failureMemory) ||
		l.cache.health.failedSince(now, failureMemory) || l.stumbles.since(now, failureMemory))
}

// retryIsDue decides, under the lock of e's shard, whether the caller that is served a value of failsLately
// begins a load.
func (c *Cache[V]) retryIsDue(e *entry[V], now instant) verdict {
	if c.retryWaits(e, now) || c.health.failing(never) && !c.health.probe(now) {
		return serve
	}
	e.mark = failedAt(now)
	return serveAndRefresh
}

// retryWaits reports whether it is too early for a retry of e.
func (c *Cache[V]) retryWaits(e *entry[V], now instant) bool {
	return e.mark.failedSince(now, refreshPause) || c.health.failing(never) && !c.health.due(now)
}

// refreshWaits reports whether it is too early for a refresh of e.
func (c *Cache[V]) refreshWaits(e *entry[V], now instant) bool {
	return e.mark.tried() && e.mark.age(now) < refreshPause || c.health.failing(never) && !c.health.due(now)
}

func lookAbsence[V any](l *Lookup[V], lt *Lifetimes, e *entry[V], hash uint64, now instant) (a Answer[V], v verdict) {
	if st := e.state(l, lt, hash, now); st.ttl > 0 && !st.invalid {
		return e.answer(Negative, st, now), serve
	}
	return a, load
}

// lookStale returns what may be served after loading has failed. Where the
// failure is not MySQL's, but too many callers, an invalidated value may not.
func (s *shard[V]) lookStale(l *Lookup[V], key string, hash uint64, now instant, evenInvalid bool) (a Answer[V], ok bool) {
	lt := l.lifetimes.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.valueLocked(l, key, hash)
	if !ok {
		return a, false
	}
	st := e.state(l, lt, hash, now)
	if !e.usableOnError(st, lt) || st.invalid && !evenInvalid {
		return a, false
	}
	outcome := StaleError
	if st.ttl > 0 {
		outcome = Hit // another load has stored it meanwhile
	}
	s.tallies[l.id][outcome]++
	e.askedLocked()
	return e.answer(outcome, st, now), true
}

// serves reports whether memory can answer w without a load, or for a
// background refresh, whether the value has become fresh already; and whether
// there is a value at all.
func (s *shard[V]) serves(l *Lookup[V], w *want[V]) (fresh, valued bool) {
	lt, now := l.lifetimes.Load(), l.cache.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, valued := s.valueLocked(l, w.key, w.hash)
	if !valued {
		var absent bool
		if e, absent = s.absenceLocked(l, w.key, w.hash); !absent {
			return false, false
		}
	}
	st := e.state(l, lt, w.hash, now)
	return st.ttl > 0 && !st.invalid, valued
}
