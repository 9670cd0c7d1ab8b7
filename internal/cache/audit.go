package cache

import (
	"context"
	"time"
)

// AuditOutcome says what became of an audit.
type AuditOutcome uint8

// The outcomes of an audit.
const (
	AuditNothing    AuditOutcome = iota // no fresh value was found
	AuditBusy                           // no slot was idle, keys waited for one, or another audit was under way
	AuditSame                           // the value is what a load finds now
	AuditDifferent                      // a load finds another value, or none: Confirm tells whether the cached one is stale
	AuditSuperseded                     // the value was replaced, evicted or invalidated meanwhile: says nothing
	AuditFailed                         // the load failed, or was not waited for
	auditOutcomes                       // their number
)

var auditOutcomeNames = [auditOutcomes]string{"nothing", "busy", "same", "different", "superseded", "failed"}

// String returns the outcome's name as metrics carry it.
func (o AuditOutcome) String() string { return auditOutcomeNames[o] }

// An Audit is a cached value beside what a load found for its key. All but
// Outcome is zero for AuditNothing. It keeps the cached value in memory, and
// both values must not be modified.
type Audit[V any] struct {
	Outcome  AuditOutcome
	Lookup   string // its name
	Key      string
	Cached   V
	Loaded   Loaded[V] // AuditSame, AuditDifferent, AuditSuperseded: what the load found
	LoadedAt time.Time // when the load of Cached began
	PurgedAt time.Time // when a key of the lookup was last purged, or all of it, before the audit; zero if never

	lookup *Lookup[V]
	entry  *entry[V]
}

// auditPicks bounds the search for a fresh value among those that are stale.
// With one in ten fresh, an audit in five finds none.
const auditPicks = 16

// Audit compares a value that would be a hit with what its load function finds
// now. It picks each such value with the same chance, disturbs neither the order
// of eviction nor the counts of answers, and stores nothing.
//
// It waits for the load no longer than ctx and Options.LoadTimeout allow. The
// load has the lowest priority: it takes a slot only if one is idle and no key
// waits, and audits hold one slot at most. For health and the counts of loads it
// is a load like any other. The error, for AuditFailed, is the load function's,
// ctx's, ErrLoadTimeout or ErrClosed. same runs in the caller's goroutine.
func (c *Cache[V]) Audit(ctx context.Context, same func(cached, loaded V) bool) (Audit[V], error) {
	a, err := c.audit(ctx, same)
	c.meter.audited(a.Outcome)
	return a, err
}

func (c *Cache[V]) audit(ctx context.Context, same func(cached, loaded V) bool) (a Audit[V], err error) {
	l, e := c.randomFresh()
	if e == nil {
		return a, nil
	}
	a = Audit[V]{Lookup: l.name, Key: e.key(), Cached: e.value, lookup: l, entry: e,
		LoadedAt: c.wallClock(e.loadedAt), PurgedAt: c.wallClock(instant(l.lastPurge.Load()))}
	arrival, err := c.batcher.audit(l, a.Key)
	if err == nil && arrival == nil {
		a.Outcome = AuditBusy
		return a, nil
	}
	if err == nil {
		a.Loaded, err = c.awaitAudit(ctx, arrival)
	}
	a.Outcome = a.compare(err, same)
	return a, err
}

func (a *Audit[V]) compare(err error, same func(cached, loaded V) bool) AuditOutcome {
	if err != nil {
		return AuditFailed
	}
	if _, ok := a.lookup.stands(a.entry); !ok {
		return AuditSuperseded
	}
	if a.Loaded.Found && same(a.Cached, a.Loaded.Value) {
		return AuditSame
	}
	return AuditDifferent
}

// Confirm reports whether the cached value of an AuditDifferent is stale: it is
// still there and would still be a hit. The caller calls it once the news of a
// change, if it was on its way, must have come as a purge. A stale value is
// invalidated as by Purge with PurgeStale, and the time since its load began
// returned: it was stale no longer than that. For other outcomes, and for a
// value that has expired meanwhile, Confirm reports false and does nothing.
func (c *Cache[V]) Confirm(a Audit[V]) (staleness time.Duration, stale bool) {
	if a.Outcome != AuditDifferent {
		return 0, false
	}
	l, e := a.lookup, a.entry
	hash, now := l.hash(e.key()), c.now()
	if !l.shard(hash).invalidateFresh(l, e, hash, now) {
		return 0, false
	}
	staleness = time.Duration(now - e.loadedAt)
	c.meter.confirmed(staleness)
	return staleness, true
}

// randomFresh returns nil if there is no fresh value, or none among auditPicks.
func (c *Cache[V]) randomFresh() (*Lookup[V], *entry[V]) {
	for range auditPicks {
		e := c.random()
		if e == nil {
			continue
		}
		l := c.lookupOf(e)
		if ttl, ok := l.stands(e); ok && ttl > 0 {
			return l, e
		}
	}
	return nil, nil
}

// stands reports whether readers of e's key still get e, and how long it is
// still fresh.
func (l *Lookup[V]) stands(e *entry[V]) (ttl time.Duration, ok bool) {
	hash := l.hash(e.key())
	s := l.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standsLocked(l, e, hash, l.cache.now())
}

// wallClock returns the zero time for never.
func (c *Cache[V]) wallClock(at instant) time.Time {
	if at == never {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(at - c.now()))
}
