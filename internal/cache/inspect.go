package cache

import (
	"cmp"
	"slices"
	"time"
)

// An Inspection is what the cache knows of a key, for people.
type Inspection struct {
	Held        bool          // there is an entry: a value, or a remembered absence
	Found       bool          // it is a value
	Age         time.Duration // since its load began
	TTL         time.Duration // lifetime that is left; negative once it is stale
	Invalid     bool          // it was told to be stale
	LoadedAt    time.Time     // when its load began
	InvalidAt   time.Time     // when it was last invalidated; zero if not
	Weight      int           // bytes that it takes of Options.MaxWeight
	Serves      bool          // a request gets it now, fresh or, with a refresh under way, stale
	ServesError bool          // it is served if loading fails
	Loading     bool          // a load is under way
	LeastRate   float64       // requests a second for the key, of the last minutes, at least
	MostRate    float64       // and at most: it is counted out of a sample, by a sketch
	Events      []Event       // what befell it, the latest first; older ones are forgotten
}

// Inspect says what the cache knows of a key. It disturbs neither the order of
// eviction nor the counts of answers. Events are kept for so many in a shard,
// of all its keys, that a busy cache forgets them within minutes.
func (l *Lookup[V]) Inspect(key string) Inspection {
	c, hash := l.cache, l.hash(key)
	now := c.now()
	i, e, events := l.shard(hash).inspect(l, key, hash, now)
	i.Loading = c.flights.has(l, key, hash)
	i.LeastRate, i.MostRate = c.sketch.rate(hash, now)
	events = append(events, l.purges.all()...)
	if e != nil && i.TTL < 0 && !i.Invalid {
		events = append(events, event{at: now + instant(i.TTL), kind: EventExpired})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(b.at, a.at) })
	for _, e := range events {
		i.Events = append(i.Events, Event{At: c.wallClock(e.at), Kind: e.kind, Origin: e.origin, Mode: e.mode})
	}
	return i
}

func (s *shard[V]) inspect(l *Lookup[V], key string, hash uint64, now instant) (i Inspection, e *entry[V], events []event) {
	lt := l.lifetimes.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	events = s.journal.about(hash)
	e, ok := s.valueLocked(l, key, hash)
	if !ok {
		e, ok = s.absenceLocked(l, key, hash)
	}
	if !ok {
		return i, nil, events
	}
	st := e.state(l, lt, hash, now)
	if st.unreachable {
		return i, nil, events
	}
	i = Inspection{Held: true, Found: e.found, Age: time.Duration(now - e.loadedAt), TTL: st.ttl, Invalid: st.invalid,
		LoadedAt: l.cache.wallClock(e.loadedAt), InvalidAt: l.cache.wallClock(st.invalidAt), Weight: int(l.cache.weight(e))}
	i.Serves = !st.invalid && (st.ttl > 0 || e.found && -st.ttl < lt.StaleWhileRevalidate)
	i.ServesError = e.found && e.usableOnError(st, lt)
	return i, e, events
}

// has reports whether a key is in the air, under its current generation.
func (f *flights[V]) has(l *Lookup[V], key string, hash uint64) bool {
	w := want[V]{key: key, generation: l.shard(hash).generation(l, hash)}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, aloft := f.aloft[w.name(l)]
	return aloft
}
