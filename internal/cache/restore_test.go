package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// save returns all values of a cache, and when.
func save(c *cache.Cache[string]) (all []cache.Saved[string], at time.Time) {
	at = time.Now()
	for _, s := range c.Saved(at) {
		all = append(all, s)
	}
	return all, at
}

// restored saves a cache of products, is away for a while, and restores them in
// a new cache.
func restored(t *testing.T, old *cache.Cache[string], away time.Duration, o cache.Options[string], load cache.LoadFunc[string]) (*cache.Cache[string], *cache.Lookup[string], *cache.Restoration[string]) {
	t.Helper()
	all, at := save(old)
	time.Sleep(away)
	c, l := open(t, o, lifetimes, load)
	time.Sleep(time.Millisecond)
	r := c.NewRestoration(at)
	for _, s := range all {
		if err := r.Put(l, s); err != nil {
			t.Fatalf("Put(%q) = %v", s.Key, err)
		}
	}
	if err := c.CheckForTest(); err != nil {
		t.Error(err)
	}
	return c, l, r
}

// TestRestoredValueIsAsOldAsItIs: time that passed before it was saved, and until
// it is back, counts.
func TestRestoredValueIsAsOldAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "v")
		old, was := open(t, options(), lifetimes, o.load)
		ask(t, was, "42", cache.Miss, "v")
		time.Sleep(10 * time.Second)
		c, l, r := restored(t, old, 20*time.Second, options(), o.load)
		r.Trust(cache.TrustFresh)
		a := ask(t, l, "42", cache.Hit, "v")
		if want := 30*time.Second + time.Millisecond; a.Age != want || a.TTL != time.Minute-want {
			t.Errorf("Age %v, TTL %v; want %v, %v", a.Age, a.TTL, want, time.Minute-want)
		}
		if s := c.Stats(); s.Entries != 1 || s.Weight != old.Stats().Weight {
			t.Errorf("%d entries of %d bytes, want 1 of %d", s.Entries, s.Weight, old.Stats().Weight)
		}
		time.Sleep(30 * time.Second)
		ask(t, l, "42", cache.Stale, "v")
		synctest.Wait()
		ask(t, l, "42", cache.Hit, "v")
		if o.count() != 2 {
			t.Errorf("%d loads, want 2", o.count())
		}
	})
}

// TestTrust: what the degrees of trust allow, with the database up and down.
func TestTrust(t *testing.T) {
	const young, aged = 10 * time.Second, 70 * time.Second
	for _, tt := range []struct {
		trust cache.Trust
		age   time.Duration
		up    cache.Outcome
		down  any // an outcome, or the error
	}{
		{cache.TrustNone, young, cache.Miss, errDown},
		{cache.TrustOnError, young, cache.Miss, cache.StaleError},
		{cache.TrustStale, young, cache.Stale, cache.Stale},
		{cache.TrustFresh, young, cache.Hit, cache.Hit},
		{cache.TrustNone, aged, cache.Miss, errDown},
		{cache.TrustOnError, aged, cache.Miss, cache.StaleError},
		{cache.TrustStale, aged, cache.Stale, cache.Stale},
		{cache.TrustFresh, aged, cache.Stale, cache.Stale},
		{cache.TrustStale, 2 * time.Minute, cache.Miss, cache.StaleError},
		{cache.TrustFresh, 2 * time.Minute, cache.Miss, cache.StaleError},
		{cache.TrustFresh, 2 * time.Hour, cache.Miss, errDown},
	} {
		for _, down := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d after %v, down %v", tt.trust, tt.age, down), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := newOrigin("42", "old")
					old, was := open(t, options(), lifetimes, o.load)
					ask(t, was, "42", cache.Miss, "old")
					_, l, r := restored(t, old, tt.age, options(), o.load)
					r.Trust(tt.trust)
					if !down {
						o.set("42", "new")
						a := get(t, l, "42")
						if want := map[bool]string{true: "new", false: "old"}[tt.up == cache.Miss]; a.Outcome != tt.up || a.Value != want {
							t.Errorf("Get = %v %q, want %v %q", a.Outcome, a.Value, tt.up, want)
						}
						return
					}
					o.fail(errDown)
					a, err := l.Get(context.Background(), "42")
					if want, ok := tt.down.(cache.Outcome); ok && (err != nil || a.Outcome != want || a.Value != "old") || !ok && !errors.Is(err, errDown) {
						t.Errorf("Get while down = %v %q, %v; want %v", a.Outcome, a.Value, err, tt.down)
					}
					synctest.Wait()
				})
			})
		}
	}
}

// TestTrustIsLoweredAtOnce, also for what is in the front.
func TestTrustIsLoweredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "old")
		old, was := open(t, roomy(), lifetimes, o.load)
		ask(t, was, "42", cache.Miss, "old")
		_, l, r := restored(t, old, time.Second, roomy(), o.load)
		r.Trust(cache.TrustFresh)
		ask(t, l, "42", cache.Hit, "old")
		o.set("42", "new")
		r.Trust(cache.TrustOnError)
		ask(t, l, "42", cache.Miss, "new")
	})
}

// TestRestoredStale: each value is refreshed once, however many ask, and counts as
// expired when it was restored.
func TestRestoredStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("1", "a", "2", "b")
		old, was := open(t, options(), lifetimes, o.load)
		ask(t, was, "1", cache.Miss, "a")
		ask(t, was, "2", cache.Miss, "b")
		_, l, r := restored(t, old, 5*time.Second, options(), o.load)
		r.Trust(cache.TrustStale)
		time.Sleep(10 * time.Second)
		o.gate = make(chan struct{})
		for range 5 {
			if a := ask(t, l, "1", cache.Stale, "a"); a.TTL != -10*time.Second {
				t.Errorf("TTL = %v, want -10s", a.TTL)
			}
		}
		close(o.gate)
		synctest.Wait()
		ask(t, l, "1", cache.Hit, "a")
		if o.count() != 3 {
			t.Errorf("%d loads, want 3: one refresh", o.count())
		}
		time.Sleep(20 * time.Second)
		ask(t, l, "2", cache.Miss, "b")
	})
}

// TestPurgeOfRestoredValues: before and after they are trusted, a purge holds.
func TestPurgeOfRestoredValues(t *testing.T) {
	for name, purge := range purges {
		for _, mode := range []cache.PurgeMode{cache.PurgeStale, cache.PurgeRemove} {
			for _, when := range []string{"before Put", "before Trust", "after Trust"} {
				t.Run(fmt.Sprint(name, mode, " ", when), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						o := newOrigin("42", "old")
						old, was := open(t, options(), lifetimes, o.load)
						ask(t, was, "42", cache.Miss, "old")
						all, at := save(old)
						c, l := open(t, options(), lifetimes, o.load)
						r := c.NewRestoration(at)
						at1 := func(now string, do func()) {
							if now == when {
								do()
							}
						}
						at1("before Put", func() { purge(l, mode) })
						if err := r.Put(l, all[0]); (err != nil) != (when == "before Put") || err != nil && !errors.Is(err, cache.ErrSuperseded) {
							t.Errorf("Put = %v", err)
						}
						at1("before Trust", func() { purge(l, mode) })
						r.Trust(cache.TrustFresh)
						at1("after Trust", func() { purge(l, mode) })
						o.fail(errDown)
						a, err := l.Get(context.Background(), "42")
						gone := mode == cache.PurgeRemove || when == "before Put"
						if gone && !errors.Is(err, errDown) || !gone && (err != nil || a.Outcome != cache.StaleError) {
							t.Errorf("while down: %+v, %v", a, err)
						}
						o.fail(nil)
						o.set("42", "new")
						time.Sleep(time.Minute)
						ask(t, l, "42", cache.Miss, "new")
					})
				})
			}
		}
	}
}

// TestNothingRestoredReplacesWhatIsNewer: neither a value nor an absence.
func TestNothingRestoredReplacesWhatIsNewer(t *testing.T) {
	o := newOrigin("1", "old", "2", "gone")
	old, was := open(t, options(), lifetimes, o.load)
	ask(t, was, "1", cache.Miss, "old")
	ask(t, was, "2", cache.Miss, "gone")
	all, at := save(old)
	o.set("1", "new")
	o.remove("2")
	c, l := open(t, options(), lifetimes, o.load)
	r := c.NewRestoration(at)
	ask(t, l, "1", cache.Miss, "new")
	ask(t, l, "2", cache.Miss, "")
	before := c.Stats()
	for _, s := range all {
		if err := r.Put(l, s); !errors.Is(err, cache.ErrSuperseded) {
			t.Errorf("Put(%q) = %v, want %v", s.Key, err, cache.ErrSuperseded)
		}
	}
	r.Trust(cache.TrustFresh)
	ask(t, l, "1", cache.Hit, "new")
	ask(t, l, "2", cache.Negative, "")
	if s := c.Stats(); s.Weight != before.Weight || s.Entries != before.Entries {
		t.Errorf("%d entries, %d bytes; want %d, %d", s.Entries, s.Weight, before.Entries, before.Weight)
	}
	if len(all) != 2 {
		t.Errorf("%d values were saved, want 2", len(all))
	}
}

// TestSavedAfterAPurge: what was invalidated comes back as that, with the time
// since; what was removed does not.
func TestSavedAfterAPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("1", "a", "2", "b", "3", "c")
		old, was := open(t, options(), lifetimes, o.load)
		for key, value := range o.rows {
			ask(t, was, key, cache.Miss, value)
		}
		time.Sleep(time.Second)
		was.Purge(cache.PurgeStale, "1")
		was.Purge(cache.PurgeRemove, "2")
		time.Sleep(time.Second)
		_, l, r := restored(t, old, 5*time.Second, options(), o.load)
		r.Trust(cache.TrustFresh)
		ask(t, l, "3", cache.Hit, "c")
		o.fail(errDown)
		if a := ask(t, l, "1", cache.StaleError, "a"); a.TTL > -5996*time.Millisecond || a.TTL < -6001*time.Millisecond {
			t.Errorf("TTL %v, want about -6s: since the purge", a.TTL)
		}
		if _, err := l.Get(context.Background(), "2"); !errors.Is(err, errDown) {
			t.Errorf("what was removed: %v, want %v", err, errDown)
		}
		was.PurgeAll(cache.PurgeRemove)
		if all, _ := save(old); len(all) != 0 {
			t.Errorf("saved %+v after all was removed", all)
		}
	})
}

// TestDistrustLasts over another restart: what was missed before the first one
// is still missing.
func TestDistrustLasts(t *testing.T) {
	for _, trust := range []cache.Trust{cache.TrustOnError, cache.TrustStale} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrigin("1", "a", "2", "b")
			first, l := open(t, options(), lifetimes, o.load)
			ask(t, l, "1", cache.Miss, "a")
			ask(t, l, "2", cache.Miss, "b")
			second, l, r := restored(t, first, time.Second, options(), o.load)
			r.Trust(trust)
			get(t, l, "1")
			synctest.Wait()
			_, l, r = restored(t, second, time.Second, options(), o.load)
			r.Trust(cache.TrustFresh)
			ask(t, l, "1", cache.Hit, "a")
			ask(t, l, "2", cache.Miss, "b")
		})
	}
}

// TestClockSteps: a clock that was set back makes no value younger than it was
// when it was saved, and none younger than the cache.
func TestClockSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin()
		c, l := open(t, options(), lifetimes, o.load)
		at := time.Now().Add(time.Hour) // as a clock said that was set back since
		r := c.NewRestoration(at)
		for key, loadedAt := range map[string]time.Time{"1": at.Add(-10 * time.Second), "2": at, "3": at.Add(time.Minute)} {
			if err := r.Put(l, cache.Saved[string]{Key: key, Value: key, LoadedAt: loadedAt}); err != nil {
				t.Fatal(err)
			}
		}
		r.Trust(cache.TrustFresh)
		time.Sleep(time.Second)
		for key, want := range map[string]time.Duration{"1": 11 * time.Second, "2": time.Second, "3": time.Second} {
			if a := ask(t, l, key, cache.Hit, key); a.Age != want {
				t.Errorf("%s: Age %v, want %v", key, a.Age, want)
			}
		}
	})
}

// TestOrderSurvives: of a cache that comes back smaller, what was used last stays,
// though its keys are in other shards.
func TestOrderSurvives(t *testing.T) {
	for _, eviction := range []cache.Eviction{cache.EvictLRU, cache.Evict2Q, cache.EvictTinyLFU, cache.EvictAdaptive} {
		t.Run(string(eviction), func(t *testing.T) {
			const n = 8000
			o := options()
			o.MaxWeight, o.Eviction = 64<<20, eviction
			old, was := open(t, o, lifetimes, anything(100))
			for i := range n {
				get(t, was, fmt.Sprint(i))
			}
			for range 4 { // the last quarter is what is wanted
				for i := n * 3 / 4; i < n; i++ {
					get(t, was, fmt.Sprint(i))
				}
			}
			o.MaxEntries = n / 2
			c, l, r := restored(t, old, 0, o, anything(100))
			r.Trust(cache.TrustFresh)
			hits := 0
			for i := n * 3 / 4; i < n; i++ {
				if a := get(t, l, fmt.Sprint(i)); a.Outcome == cache.Hit {
					hits++
				}
			}
			if hits < n/4*95/100 {
				t.Errorf("%d of %d keys that were used last hit, want 95%%", hits, n/4)
			}
			if s := c.Stats(); s.Entries > n/2 {
				t.Errorf("%d entries, want at most %d", s.Entries, n/2)
			}
		})
	}
}

// TestRestoreStaysInItsBounds, and what is too large is left out.
func TestRestoreStaysInItsBounds(t *testing.T) {
	o := options()
	c, l := open(t, o, lifetimes, nothing)
	r := c.NewRestoration(time.Now())
	if err := r.Put(l, cache.Saved[string]{Key: "large", Value: string(make([]byte, o.MaxEntryWeight+1)), LoadedAt: time.Now()}); !errors.Is(err, cache.ErrNoRoom) {
		t.Errorf("Put of a large value = %v, want %v", err, cache.ErrNoRoom)
	}
	for i := range 3000 {
		if err := r.Put(l, cache.Saved[string]{Key: fmt.Sprint(i), Value: string(make([]byte, 1000)), LoadedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if s := c.Stats(); s.Weight > o.MaxWeight {
			t.Fatalf("weight = %d, want at most %d", s.Weight, o.MaxWeight)
		}
	}
	if s := c.Stats(); s.Entries+int64(s.Evictions) != 3000 || s.Evictions == 0 {
		t.Errorf("%d entries, %d evictions; want 3000 together", s.Entries, s.Evictions)
	}
}

// TestDrop leaves what was loaded since.
func TestDrop(t *testing.T) {
	o := options()
	o.MaxWeight = 16 << 20
	old, was := open(t, o, lifetimes, anything(10))
	for i := range 2000 {
		get(t, was, fmt.Sprint(i))
	}
	c, l, r := restored(t, old, 0, o, anything(10))
	for i := range 500 {
		if a := get(t, l, fmt.Sprint(i)); a.Outcome != cache.Miss {
			t.Fatalf("%d: %v, want a miss", i, a.Outcome)
		}
	}
	r.Drop()
	if err := c.CheckForTest(); err != nil {
		t.Error(err)
	}
	if n := len(c.KeysForTest()); n != 500 || c.Stats().Entries != 500 {
		t.Errorf("%d values, %d counted; want the 500 that were loaded", n, c.Stats().Entries)
	}
	for i := range 500 {
		if a := get(t, l, fmt.Sprint(i)); a.Outcome != cache.Hit {
			t.Errorf("%d: %v, want a hit", i, a.Outcome)
		}
	}
}

// TestSavedAmongEverything: while keys are loaded, hit, purged and evicted, what
// is saved is what was loaded, and restoring beside all that keeps the parts of
// the cache together.
func TestSavedAmongEverything(t *testing.T) {
	o := options()
	load := func(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
		loaded := make([]cache.Loaded[string], len(keys))
		for i, key := range keys {
			loaded[i] = cache.Loaded[string]{Value: "value of " + key, Found: true}
		}
		return loaded, nil
	}
	old, was := open(t, o, lifetimes, load)
	c, l := open(t, o, lifetimes, load)
	r := c.NewRestoration(time.Now())
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for ctx.Err() == nil {
				key := fmt.Sprint(rand.IntN(5000))
				for _, of := range []*cache.Lookup[string]{was, l} {
					switch rand.IntN(20) {
					case 0:
						of.Purge(cache.PurgeMode(rand.IntN(2)), key)
					case 1:
						if rand.IntN(100) == 0 {
							of.PurgeAll(cache.PurgeStale)
						}
					default:
						if a, err := of.Get(ctx, key); err == nil && a.Value != "value of "+key {
							t.Errorf("Get(%q) = %q", key, a.Value)
						}
					}
				}
			}
		})
	}
	n := 0
	for n < 20_000 {
		for _, s := range old.Saved(time.Now()) {
			n++
			if s.Value != "value of "+s.Key || s.LoadedAt.IsZero() {
				t.Errorf("saved %+v", s)
			}
			_ = r.Put(l, s) // most are superseded
		}
		r.Trust(cache.TrustFresh)
	}
	cancel()
	wg.Wait()
	for _, of := range []*cache.Cache[string]{old, c} {
		// A load whose caller has left may have reserved its room and not stored yet.
		if err := of.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := of.CheckForTest(); err != nil {
			t.Error(err)
		}
	}
}
