package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// purges are the ways to invalidate the key "42".
var purges = map[string]func(l *cache.Lookup[string], m cache.PurgeMode){
	"key": func(l *cache.Lookup[string], m cache.PurgeMode) { l.Purge(m, "42") },
	"all": func(l *cache.Lookup[string], m cache.PurgeMode) { l.PurgeAll(m) },
}

// TestPurgeBeatsTheLoadInFlight: the row changes, the purge comes, and the load
// that began before ends after. Whoever asked before gets the old value; whoever
// asks after gets the new one, by exactly one more load; the old one is not stored.
func TestPurgeBeatsTheLoadInFlight(t *testing.T) {
	for name, purge := range purges {
		for _, mode := range []cache.PurgeMode{cache.PurgeStale, cache.PurgeRemove} {
			t.Run(fmt.Sprint(name, mode), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := newOrigin("42", "old")
					o.slow(3 * time.Second)
					_, l := open(t, options(), lifetimes, o.load)
					var wg sync.WaitGroup
					wg.Go(func() {
						if a := ask(t, l, "42", cache.Miss, "old"); a.Stored {
							t.Error("the value read before the purge is stored")
						}
					})
					time.Sleep(time.Second)
					o.set("42", "new")
					purge(l, mode)
					for i := range 100 {
						wg.Go(func() {
							a, err := l.Get(context.Background(), "42")
							if err != nil || a.Value != "new" || !a.Stored {
								t.Errorf("after the purge, caller %d: %+v, %v; want new, stored", i, a, err)
							}
						})
					}
					wg.Wait()
					ask(t, l, "42", cache.Hit, "new")
					if o.count() != 2 {
						t.Errorf("%d loads, want 2", o.count())
					}
				})
			})
		}
	}
}

func TestPurgedValueIsLoadedAgain(t *testing.T) {
	for name, purge := range purges {
		for _, mode := range []cache.PurgeMode{cache.PurgeStale, cache.PurgeRemove} {
			t.Run(fmt.Sprint(name, mode), func(t *testing.T) {
				o := newOrigin("42", "old")
				_, l := open(t, options(), lifetimes, o.load)
				ask(t, l, "42", cache.Miss, "old")
				o.set("42", "new")
				purge(l, mode)
				ask(t, l, "42", cache.Miss, "new")
				ask(t, l, "42", cache.Hit, "new")
			})
		}
	}
}

// TestPurgeClearsAnAbsence: a row that was inserted is seen at once.
func TestPurgeClearsAnAbsence(t *testing.T) {
	for name, purge := range purges {
		t.Run(name, func(t *testing.T) {
			o := newOrigin()
			_, l := open(t, options(), lifetimes, o.load)
			ask(t, l, "42", cache.Miss, "")
			ask(t, l, "42", cache.Negative, "")
			o.set("42", "new")
			purge(l, cache.PurgeStale)
			ask(t, l, "42", cache.Miss, "new")
		})
	}
}

// TestPurgedValueWhileTheDatabaseFails: stale-error under PurgeStale, an error
// under PurgeRemove.
func TestPurgedValueWhileTheDatabaseFails(t *testing.T) {
	for name, purge := range purges {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin("42", "old")
				_, l := open(t, options(), lifetimes, o.load)
				ask(t, l, "42", cache.Miss, "old")
				o.fail(errDown)
				purge(l, cache.PurgeStale)
				time.Sleep(10 * time.Second)
				if a := ask(t, l, "42", cache.StaleError, "old"); a.TTL != -10*time.Second {
					t.Errorf("TTL = %v, want -10s: stale since the purge", a.TTL)
				}
				purge(l, cache.PurgeRemove)
				if _, err := l.Get(context.Background(), "42"); !errors.Is(err, errDown) {
					t.Errorf("Get after remove = %v, want %v", err, errDown)
				}
			})
		})
	}
}

// TestPurgeOfOneLookupLeavesTheOther, even for equal keys.
func TestPurgeOfOneLookupLeavesTheOther(t *testing.T) {
	o := newOrigin("42", "v")
	c, products := open(t, options(), lifetimes, o.load)
	skus, err := c.NewLookup("sku", lifetimes, o.load)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, products, "42", cache.Miss, "v")
	ask(t, skus, "42", cache.Miss, "v")
	products.PurgeAll(cache.PurgeRemove)
	products.Purge(cache.PurgeRemove, "42")
	ask(t, skus, "42", cache.Hit, "v")
	ask(t, products, "42", cache.Miss, "v")
}

// TestSlowOldLoadDoesNotReplaceANewerValue: of two loads of one generation the
// one that began later stays.
func TestSlowOldLoadDoesNotReplaceANewerValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		var loads atomic.Int32
		load := func(context.Context, []string) ([]cache.Loaded[string], error) {
			if loads.Add(1) == 1 {
				<-gate // longer than LoadTimeout
				return []cache.Loaded[string]{{Value: "old", Found: true}}, nil
			}
			return []cache.Loaded[string]{{Value: "new", Found: true}}, nil
		}
		_, l := open(t, options(), lifetimes, load)
		if _, err := l.Get(context.Background(), "42"); !errors.Is(err, cache.ErrLoadTimeout) {
			t.Fatalf("Get = %v, want %v", err, cache.ErrLoadTimeout)
		}
		ask(t, l, "42", cache.Miss, "new")
		close(gate)
		synctest.Wait()
		ask(t, l, "42", cache.Hit, "new")
	})
}

// TestNeverBackInTime hammers a few keys with writers that bump a version and
// purge, and readers that check that no version older than the last purged one
// comes back.
func TestNeverBackInTime(t *testing.T) {
	const keys, rounds = 4, 3000
	var versions, purged [keys]atomic.Int64
	load := func(_ context.Context, asked []string) ([]cache.Loaded[string], error) {
		loaded := make([]cache.Loaded[string], len(asked))
		for i, key := range asked {
			loaded[i] = cache.Loaded[string]{Value: fmt.Sprint(versions[key[0]-'0'].Load()), Found: true}
		}
		return loaded, nil
	}
	lt := lifetimes
	lt.TTL = time.Hour
	_, l := open(t, options(), lt, load)
	var writers, readers sync.WaitGroup
	var done atomic.Bool
	for i := range keys {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range rounds {
				v := versions[i].Add(1)
				mode := cache.PurgeMode(random.IntN(2))
				if random.IntN(10) == 0 {
					l.PurgeAll(mode)
				} else {
					l.Purge(mode, fmt.Sprint(i))
				}
				purged[i].Store(v)
			}
		})
	}
	for range 4 {
		readers.Go(func() {
			for n := 0; !done.Load(); n++ {
				i := n % keys
				least := purged[i].Load()
				a, err := l.Get(context.Background(), fmt.Sprint(i))
				var got int64
				if _, scanErr := fmt.Sscan(a.Value, &got); err != nil || scanErr != nil || got < least {
					t.Errorf("key %d: version %q, %v; want at least %d", i, a.Value, err, least)
					return
				}
			}
		})
	}
	writers.Wait()
	done.Store(true)
	readers.Wait()
}

// TestEpochOutgrowsTheEntry: an entry has 32 bits of its lookup's epoch.
func TestEpochOutgrowsTheEntry(t *testing.T) {
	for _, mode := range []cache.PurgeMode{cache.PurgeStale, cache.PurgeRemove} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrigin("42", "v")
			_, l := open(t, options(), lifetimes, o.load)
			l.PurgedForTest(1<<32 - 1)
			ask(t, l, "42", cache.Miss, "v")
			ask(t, l, "42", cache.Hit, "v")
			l.PurgeAll(mode)
			o.fail(errDown)
			a, err := l.Get(context.Background(), "42")
			if kept := mode == cache.PurgeStale; kept != (err == nil) || kept != (a.Outcome == cache.StaleError) {
				t.Errorf("mode %v: Get = %v, %v; want stale-error after PurgeStale, an error after PurgeRemove", mode, a.Outcome, err)
			}
			o.fail(nil)
			time.Sleep(2 * time.Second)
			ask(t, l, "42", cache.Miss, "v")
			ask(t, l, "42", cache.Hit, "v")
			o.fail(errDown)
			l.PurgeAll(cache.PurgeStale)
			ask(t, l, "42", cache.StaleError, "v")
		})
	}
}
