package tier

import (
	"sync/atomic"
	"time"
)

// counts are what Stats says.
type counts struct {
	hits, absences, waited, loaded, away atomic.Uint64
	stored, unstored, broken             atomic.Uint64
	invalidated, heard, distrusted       atomic.Uint64
	exchanges, exchangeNanos             atomic.Uint64
}

func (c *counts) asked(took time.Duration) {
	c.exchanges.Add(1)
	c.exchangeNanos.Add(uint64(took))
}

// Stats are the numbers of a tier since its begin.
type Stats struct {
	Usable      bool
	Trouble     string // why it is not usable; or what last was the matter
	Nodes       []string
	Hits        uint64 // values that the tier had
	Absences    uint64 // absences that it had
	Waited      uint64 // keys that were waited for, since another node had the lease
	Loaded      uint64 // keys that this node has read from the origin
	Away        uint64 // of them, those that the tier could not be asked for
	Stored      uint64 // values and absences that this node has put there
	Unstored    uint64 // that it could not: an invalidation came between, they are too large, or Redis is full or away
	Broken      uint64 // values that were not what they should be
	Invalidated uint64 // keys, and whole lookups, that were taken away
	Heard       uint64 // purges of other nodes
	Distrusted  uint64 // times that purges may have been missed
	Failures    uint64 // exchanges that failed
	Exchanges   uint64 // that loads have waited for
	Waiting     time.Duration
}

// Stats returns the numbers of now.
func (t *Tier[V]) Stats() Stats {
	c := &t.counts
	s := Stats{Usable: t.touch.usable.Load(), Nodes: t.Members(), Hits: c.hits.Load(), Absences: c.absences.Load(), Waited: c.waited.Load(),
		Loaded: c.loaded.Load(), Away: c.away.Load(), Stored: c.stored.Load(), Unstored: c.unstored.Load(), Broken: c.broken.Load(),
		Invalidated: c.invalidated.Load(), Heard: c.heard.Load(), Distrusted: c.distrusted.Load(), Failures: t.touch.failures.Load(),
		Exchanges: c.exchanges.Load(), Waiting: time.Duration(c.exchangeNanos.Load())}
	if text := t.touch.outcome.Load(); text != nil {
		s.Trouble = *text
	}
	return s
}
