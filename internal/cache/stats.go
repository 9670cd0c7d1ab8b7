package cache

import (
	"sync"
	"time"
)

// tally counts answers by outcome.
type tally [outcomes]uint64

// Stats is what the cache did and holds. Counters count from its making.
type Stats struct {
	Entries           int64  // values held
	Weight            int64  // bytes of the values held, keys and overhead included
	MaxEntries        int64  // bound of Entries; 0: none
	MaxWeight         int64  // bound of Weight
	Negatives         int64  // absences remembered
	Evictions         uint64 // values dropped to make room
	NegativeEvictions uint64
	Loads             uint64 // calls of load functions
	LoadedKeys        uint64 // keys in them
	LoadErrors        uint64 // calls that failed
	BusySlots         int    // load functions running
	MaxSlots          int    // bound of BusySlots
	InFlight          int    // keys being loaded or waiting for a slot
	Waiting           int    // callers' waits for keys
	MaxWaiting        int    // bound of Waiting, and of InFlight but for refreshes
	Failing           bool   // the last load failed
	Audits            AuditStats
	Sizing            Sizing
	Lookups           []LookupStats // in the order of NewLookup
}

// AuditStats is what Audit and Confirm found.
type AuditStats struct {
	Outcomes     [auditOutcomes]uint64 // audits by AuditOutcome
	Stale        uint64                // values that Confirm found stale
	MaxStaleness time.Duration         // the longest that one of them can have been stale
}

// LookupStats is the share of one lookup.
type LookupStats struct {
	Name      string
	Entries   int64
	Weight    int64
	Negatives int64
	Answers   [outcomes]uint64 // by Outcome
	Refused   uint64           // ErrOverloaded and ErrClosed
	Failed    uint64           // loads failed and nothing stale was there
	Expired   uint64           // values past their lifetime, and not invalidated, when they were replaced or evicted
	Refreshes uint64           // loads begun for a stale value that was served meanwhile
	Wasted    uint64           // refreshed values that were replaced or dropped before they answered anybody

	LoadTimes  Histogram // seconds that the load function took, an audit's calls too
	BatchSizes Histogram // keys in them
}

// Stats returns the numbers of this moment. It locks one shard after the
// other, so that they are not of exactly one moment.
func (c *Cache[V]) Stats() Stats {
	s := Stats{
		MaxEntries:        c.values.maxEntries.Load(),
		MaxWeight:         c.values.maxWeight.Load(),
		Evictions:         uint64(c.values.evictions.Load()),
		NegativeEvictions: uint64(c.absences.evictions.Load()),
		Failing:           c.health.failing(never),
		Audits:            c.meter.read(),
	}
	c.batcher.mu.Lock()
	s.Loads, s.LoadedKeys, s.LoadErrors = c.batcher.batches, c.batcher.keys, c.batcher.errors
	s.BusySlots, s.MaxSlots = c.options.Concurrency-c.batcher.idle, c.options.Concurrency
	c.batcher.mu.Unlock()
	c.flights.mu.Lock()
	s.InFlight, s.Waiting, s.MaxWaiting = len(c.flights.aloft), c.flights.waiting, c.options.MaxWaiting
	c.flights.mu.Unlock()
	for _, l := range *c.lookups.Load() {
		of := l.stats()
		s.Entries += of.Entries
		s.Weight += of.Weight
		s.Negatives += of.Negatives
		s.Lookups = append(s.Lookups, of)
	}
	s.Sizing = c.readSizing(s.Lookups)
	return s
}

func (l *Lookup[V]) stats() LookupStats {
	s := LookupStats{
		Name:      l.name,
		Entries:   l.usedByValues.entries.Load(),
		Weight:    l.usedByValues.weight.Load(),
		Negatives: l.usedByAbsences.entries.Load(),
		Refused:   l.refused.Load(),
		Failed:    l.failed.Load(),
		Expired:   l.expired.Load(),
		Refreshes: l.refreshes.Load(),
		Wasted:    l.wasted.Load(),
	}
	l.cache.batcher.mu.Lock()
	s.LoadTimes, s.BatchSizes = l.loadTimes.clone(), l.batchSizes.clone()
	l.cache.batcher.mu.Unlock()
	for i := range s.Answers {
		s.Answers[i] = l.answered[i].Load()
	}
	s.Answers[Hit] += l.hits.sum()
	for _, sh := range l.cache.shards {
		sh.mu.Lock()
		for i, n := range sh.tallies[l.id] {
			s.Answers[i] += n
		}
		sh.mu.Unlock()
	}
	return s
}

// countLeft counts a value that is in no list any more, under the lock of its shard.
func (l *Lookup[V]) countLeft(e *entry[V], hash uint64) {
	if !e.found {
		return
	}
	if st := e.state(l, l.lifetimes.Load(), hash, l.cache.now()); st.ttl <= 0 && !st.invalid {
		l.expired.Add(1)
	}
	if e.mark == unasked {
		l.wasted.Add(1)
	}
}

// meter counts what audits find.
type meter struct {
	mu    sync.Mutex // guards all below
	stats AuditStats
}

func (m *meter) audited(o AuditOutcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stats.Outcomes[o]++
}

func (m *meter) confirmed(staleness time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stats.Stale++
	m.stats.MaxStaleness = max(m.stats.MaxStaleness, staleness)
}

func (m *meter) read() AuditStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stats
}
