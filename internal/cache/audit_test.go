package cache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

func equal(cached, loaded string) bool { return cached == loaded }

// audit audits once all slots are back, and fails the test unless the outcome
// is as wanted.
func audit(t *testing.T, c *cache.Cache[string], want cache.AuditOutcome) cache.Audit[string] {
	t.Helper()
	synctest.Wait()
	a, err := c.Audit(context.Background(), equal)
	if a.Outcome != want || (err != nil) != (want == cache.AuditFailed) {
		t.Fatalf("Audit = %v, %v; want %v", a.Outcome, err, want)
	}
	return a
}

// cached makes a cache whose only value is "old" for "42".
func cached(t *testing.T, opts cache.Options[string]) (*cache.Cache[string], *cache.Lookup[string], *origin) {
	t.Helper()
	o := newOrigin("42", "old")
	c, l := open(t, opts, lifetimes, o.load)
	ask(t, l, "42", cache.Miss, "old")
	synctest.Wait()
	return c, l, o
}

// TestAuditOutcomes: each leaves the value, its age and the counts of answers
// as they were.
func TestAuditOutcomes(t *testing.T) {
	for want, prepare := range map[cache.AuditOutcome][]func(o *origin){
		cache.AuditSame:      {func(*origin) {}},
		cache.AuditDifferent: {func(o *origin) { o.set("42", "new") }, func(o *origin) { o.remove("42") }},
		cache.AuditFailed:    {func(o *origin) { o.fail(errDown) }, func(o *origin) { o.bad["42"] = errBadRow }},
	} {
		for i, prepare := range prepare {
			t.Run(fmt.Sprint(want, i), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, l, o := cached(t, options())
					prepare(o)
					began := time.Now()
					time.Sleep(10 * time.Second)
					a := audit(t, c, want)
					if a.Lookup != "products" || a.Key != "42" || a.Cached != "old" || !a.LoadedAt.Equal(began) || !a.PurgedAt.IsZero() {
						t.Errorf("Audit = %+v, want the value old, loaded at %v, never purged", a, began)
					}
					if value, found := o.rows["42"]; want != cache.AuditFailed && (a.Loaded.Value != value || a.Loaded.Found != found) {
						t.Errorf("Loaded = %+v, want %q, %v", a.Loaded, value, found)
					}
					s := c.Stats()
					if s.Loads != 2 || s.LoadedKeys != 2 || s.BusySlots != 0 || s.Audits.Outcomes[want] != 1 {
						t.Errorf("Stats = %+v, want 2 loads, 1 audit that is %v", s, want)
					}
					if n := s.Lookups[0].Answers; n[cache.Hit] != 0 || n[cache.Miss] != 1 {
						t.Errorf("answers = %v, want the 1 miss", n)
					}
					if a := ask(t, l, "42", cache.Hit, "old"); a.Age != 10*time.Second {
						t.Errorf("Age = %v, want 10s", a.Age)
					}
				})
			})
		}
	}
}

// TestAuditOfAKeyThatIsGone does not ask whether no value is the same as one.
func TestAuditOfAKeyThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, o := cached(t, options())
		o.remove("42")
		a, err := c.Audit(context.Background(), func(string, string) bool { return true })
		if err != nil || a.Outcome != cache.AuditDifferent || a.Loaded.Found {
			t.Errorf("Audit = %+v, %v; want %v", a, err, cache.AuditDifferent)
		}
	})
}

// TestAuditOfNothing: no value, or none that would be a hit.
func TestAuditOfNothing(t *testing.T) {
	for name, prepare := range map[string]func(l *cache.Lookup[string]){
		"removed":     func(l *cache.Lookup[string]) { l.Purge(cache.PurgeRemove, "42") },
		"purged":      func(l *cache.Lookup[string]) { l.Purge(cache.PurgeStale, "42") },
		"purged all":  func(l *cache.Lookup[string]) { l.PurgeAll(cache.PurgeStale) },
		"expired":     func(*cache.Lookup[string]) { time.Sleep(time.Minute) },
		"never fresh": func(l *cache.Lookup[string]) { _ = l.SetLifetimes(cache.Lifetimes{}) },
		"an absence": func(l *cache.Lookup[string]) {
			l.Purge(cache.PurgeRemove, "42")
			_, _ = l.Get(context.Background(), "absent")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, l, o := cached(t, options())
				prepare(l)
				loads := o.count()
				for range 10 {
					audit(t, c, cache.AuditNothing)
				}
				if o.count() != loads {
					t.Errorf("%d loads, want %d", o.count(), loads)
				}
			})
		})
	}
}

// TestAuditFindsTheFreshAmongTheStale, and takes nothing else.
func TestAuditFindsTheFreshAmongTheStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l, o := cached(t, options())
		o.set("43", "v")
		time.Sleep(2 * time.Minute)
		ask(t, l, "43", cache.Miss, "v")
		for range 100 {
			synctest.Wait()
			a, err := c.Audit(context.Background(), equal)
			if err != nil || a.Outcome == cache.AuditSame && a.Key != "43" {
				t.Fatalf("Audit = %+v, %v; want key 43", a, err)
			}
		}
		if n := c.Stats().Audits.Outcomes[cache.AuditSame]; n < 90 {
			t.Errorf("%d of 100 audits found the fresh one of two values, want nearly all", n)
		}
	})
}

// TestAuditIsEven: the values of a cache with more shards than fit evenly are
// audited equally often. The bound of chi-square for 99 degrees of freedom is
// passed by chance once in a billion.
func TestAuditIsEven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options()
		opts.MaxEntryWeight = 1 << 12 // 64 shards
		const values, audits = 100, 20000
		c, l := open(t, opts, lifetimes, anything(1))
		for i := range values {
			get(t, l, fmt.Sprint(i))
		}
		times := map[string]int{}
		for range audits {
			times[audit(t, c, cache.AuditSame).Key]++
		}
		var chiSquare float64
		for i := range values {
			off := float64(times[fmt.Sprint(i)]) - audits/values
			chiSquare += off * off / (audits / values)
		}
		if chiSquare > 210 {
			t.Errorf("chi-square = %.0f, want at most 210: %v", chiSquare, times)
		}
	})
}

// TestAuditKeepsTheOrderOfEviction: the value that was asked for longest ago
// leaves, however often it was audited.
func TestAuditKeepsTheOrderOfEviction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options()
		opts.MaxEntries, opts.Eviction = 2, cache.EvictLRU
		c, l := open(t, opts, lifetimes, anything(10))
		get(t, l, "a")
		get(t, l, "b")
		for range 20 {
			audit(t, c, cache.AuditSame)
		}
		get(t, l, "c")
		if a := get(t, l, "b"); a.Outcome != cache.Hit {
			t.Errorf("Get(b) = %v, want %v: a is older", a.Outcome, cache.Hit)
		}
	})
}

// TestAuditIsSuperseded by whatever happens to the value while the load runs.
func TestAuditIsSuperseded(t *testing.T) {
	for name, happen := range map[string]func(l *cache.Lookup[string]){
		"purge":     func(l *cache.Lookup[string]) { l.Purge(cache.PurgeStale, "42") },
		"remove":    func(l *cache.Lookup[string]) { l.Purge(cache.PurgeRemove, "42") },
		"purge all": func(l *cache.Lookup[string]) { l.PurgeAll(cache.PurgeStale) },
		"purge and load": func(l *cache.Lookup[string]) {
			l.Purge(cache.PurgeStale, "42")
			_, _ = l.Get(context.Background(), "42")
		},
		"reload": func(l *cache.Lookup[string]) { _, _ = l.Reload(context.Background(), "42") },
		"evict":  func(l *cache.Lookup[string]) { _, _ = l.Get(context.Background(), "43") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := options()
				opts.MaxEntries = 1
				c, l, o := cached(t, opts)
				o.set("42", "new")
				o.set("43", "v")
				o.slow(2 * time.Second)
				go func() {
					time.Sleep(time.Second)
					o.slow(0)
					happen(l)
				}()
				a := audit(t, c, cache.AuditSuperseded)
				if _, stale := c.Confirm(a); stale {
					t.Error("Confirm = stale, want not")
				}
			})
		})
	}
}

// TestAuditCountsForHealth as any load does.
func TestAuditCountsForHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, o := cached(t, options())
		for _, down := range []error{errDown, nil} {
			o.fail(down)
			_, err := c.Audit(context.Background(), equal)
			if failing := c.Stats().Failing; !errors.Is(err, down) || failing != (down != nil) {
				t.Errorf("Audit = %v, failing %v; want %v", err, failing, down)
			}
		}
	})
}
