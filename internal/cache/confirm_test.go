package cache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// TestConfirmOfAStaleValue invalidates it: the next request loads.
func TestConfirmOfAStaleValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l, o := cached(t, options())
		time.Sleep(20 * time.Second)
		o.set("42", "new")
		a := audit(t, c, cache.AuditDifferent)
		time.Sleep(5 * time.Second)
		ask(t, l, "42", cache.Hit, "old")
		if staleness, stale := c.Confirm(a); !stale || staleness != 25*time.Second {
			t.Errorf("Confirm = %v, %v; want stale for 25s", staleness, stale)
		}
		if _, stale := c.Confirm(a); stale {
			t.Error("Confirm again = stale, want not: it is not served any more")
		}
		ask(t, l, "42", cache.Miss, "new")
		if _, stale := c.Confirm(a); stale {
			t.Error("Confirm of a replaced value = stale, want not")
		}
		o.set("42", "newer")
		if staleness, stale := c.Confirm(audit(t, c, cache.AuditDifferent)); !stale || staleness != 0 {
			t.Errorf("Confirm = %v, %v; want stale for 0s", staleness, stale)
		}
		if s := c.Stats().Audits; s.Stale != 2 || s.MaxStaleness != 25*time.Second {
			t.Errorf("Stats = %+v, want 2 stale for 25s at most", s)
		}
	})
}

// TestStaleValueOutlivesAFailure: it is invalidated, not removed.
func TestStaleValueOutlivesAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l, o := cached(t, options())
		o.set("42", "new")
		if _, stale := c.Confirm(audit(t, c, cache.AuditDifferent)); !stale {
			t.Fatal("Confirm = not stale, want stale")
		}
		o.fail(errDown)
		ask(t, l, "42", cache.StaleError, "old")
	})
}

// TestConfirmBeatsTheLoadInFlight: a load that began before may have read what
// the stale value was made of, and is not stored.
func TestConfirmBeatsTheLoadInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l, o := cached(t, options())
		o.set("42", "new")
		a := audit(t, c, cache.AuditDifferent)
		o.set("42", "old")
		o.slow(time.Second)
		go func() { _, _ = l.Reload(context.Background(), "42") }()
		synctest.Wait()
		o.set("42", "new")
		c.Confirm(a)
		time.Sleep(2 * time.Second)
		o.slow(0)
		ask(t, l, "42", cache.Miss, "new")
	})
}

// TestConfirmOfWhatIsNotServed: the change arrived in the meantime, or the
// value's time was up.
func TestConfirmOfWhatIsNotServed(t *testing.T) {
	for name, happen := range map[string]func(l *cache.Lookup[string]){
		"purge":     func(l *cache.Lookup[string]) { l.Purge(cache.PurgeStale, "42") },
		"remove":    func(l *cache.Lookup[string]) { l.Purge(cache.PurgeRemove, "42") },
		"purge all": func(l *cache.Lookup[string]) { l.PurgeAll(cache.PurgeStale) },
		"reload":    func(l *cache.Lookup[string]) { _, _ = l.Reload(context.Background(), "42") },
		"evict":     func(l *cache.Lookup[string]) { _, _ = l.Get(context.Background(), "43") },
		"expire":    func(*cache.Lookup[string]) { time.Sleep(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := options()
				opts.MaxEntries = 1
				c, l, o := cached(t, opts)
				o.set("42", "new")
				o.set("43", "v")
				a := audit(t, c, cache.AuditDifferent)
				happen(l)
				if _, stale := c.Confirm(a); stale {
					t.Error("Confirm = stale, want not")
				}
				if s := c.Stats().Audits; s.Stale != 0 || s.MaxStaleness != 0 {
					t.Errorf("Stats = %+v, want none stale", s)
				}
			})
		})
	}
}

// TestConfirmOfOtherOutcomes does nothing.
func TestConfirmOfOtherOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l, _ := cached(t, options())
		for _, a := range []cache.Audit[string]{{}, audit(t, c, cache.AuditSame)} {
			if _, stale := c.Confirm(a); stale {
				t.Errorf("Confirm of %v = stale, want not", a.Outcome)
			}
		}
		ask(t, l, "42", cache.Hit, "old")
	})
}

// TestAuditTellsTheLastPurge of the lookup: whether news arrives at all.
func TestAuditTellsTheLastPurge(t *testing.T) {
	for name, purge := range map[string]func(l *cache.Lookup[string]){
		"key": func(l *cache.Lookup[string]) { l.Purge(cache.PurgeStale, "7") },
		"all": func(l *cache.Lookup[string]) { l.PurgeAll(cache.PurgeStale) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, l, o := cached(t, options())
				time.Sleep(time.Second)
				purgedAt := time.Now()
				purge(l)
				time.Sleep(time.Second)
				if _, err := l.Get(context.Background(), "42"); err != nil {
					t.Fatal(err)
				}
				l.Purge(cache.PurgeStale) // no key
				o.set("42", "new")
				a := audit(t, c, cache.AuditDifferent)
				if !a.PurgedAt.Equal(purgedAt) {
					t.Errorf("PurgedAt = %v, want %v", a.PurgedAt, purgedAt)
				}
				c.Confirm(a)
				ask(t, l, "42", cache.Miss, "new")
				if a = audit(t, c, cache.AuditSame); !a.PurgedAt.Equal(purgedAt) {
					t.Errorf("PurgedAt = %v after Confirm, want %v: that is no news", a.PurgedAt, purgedAt)
				}
			})
		})
	}
}
