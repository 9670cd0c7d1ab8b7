package cache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// TestCopiesAreAsOldAsTheyAre: what somebody else has loaded lives as long as it has left, also if it is older than the
// cache, and is not taken for restored.
func TestCopiesAreAsOldAsTheyAre(t *testing.T) {
	for _, age := range []time.Duration{0, 10 * time.Second, 59 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			loads := 0
			_, l := open(t, options(), lifetimes, func(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
				loads++
				return []cache.Loaded[string]{{Value: "copy", Found: true, Copied: true, Age: age}}, nil
			})
			if a := ask(t, l, "1", cache.Miss, "copy"); a.Age != age || a.TTL != lifetimes.TTL-age || !a.Stored {
				t.Errorf("loaded: %+v, want an age of %v and stored", a, age)
			}
			time.Sleep(lifetimes.TTL - age - 1)
			if a := ask(t, l, "1", cache.Hit, "copy"); a.Age != lifetimes.TTL-1 {
				t.Errorf("an age of %v, want %v", a.Age, lifetimes.TTL-1)
			}
			time.Sleep(time.Nanosecond)
			ask(t, l, "1", cache.Stale, "copy")
			if synctest.Wait(); loads != 2 {
				t.Errorf("%d loads, want 2", loads)
			}
		})
	}
}

// TestCopiesDoNotSayThatLoadsWork: while MySQL fails, values go on being served stale, though others come from elsewhere.
func TestCopiesDoNotSayThatLoadsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newOrigin("a", "1")
		c, l := open(t, options(), lifetimes, func(ctx context.Context, keys []string) ([]cache.Loaded[string], error) {
			if keys[0] == "copy" {
				return []cache.Loaded[string]{{Value: "2", Found: true, Copied: true}}, nil
			}
			return from.load(ctx, keys)
		})
		ask(t, l, "a", cache.Miss, "1")
		time.Sleep(100 * time.Second)
		from.fail(errDown)
		ask(t, l, "a", cache.StaleError, "1")
		ask(t, l, "copy", cache.Miss, "2")
		if !c.Stats().Failing {
			t.Error("a copy says that loads work")
		}
		from.fail(nil)
		time.Sleep(10 * time.Second)
		ask(t, l, "a", cache.Miss, "1")
		if c.Stats().Failing {
			t.Error("a load does not say that loads work")
		}
	})
}

// TestOneKeyFailsAlone: the error of one key of a load is that key's, and a failure of the database where it is one.
func TestOneKeyFailsAlone(t *testing.T) {
	for _, fails := range []error{errBadRow, errDown} {
		synctest.Test(t, func(t *testing.T) {
			c, l := open(t, options(), lifetimes, func(_ context.Context, keys []string) (all []cache.Loaded[string], _ error) {
				for _, key := range keys {
					r := cache.Loaded[string]{Value: key, Found: true, Copied: true}
					if key == "bad" {
						r = cache.Loaded[string]{Err: fails}
					}
					all = append(all, r)
				}
				return all, nil
			})
			results := l.GetMany(t.Context(), []string{"good", "bad", "better"}, nil)
			if !errors.Is(results[1].Err, fails) || results[0].Err != nil || results[0].Value != "good" || !results[0].Stored || results[2].Value != "better" {
				t.Errorf("got %+v, want that one fails", results)
			}
			ask(t, l, "good", cache.Hit, "good")
			if got, want := c.Stats().Failing, fails == errDown; got != want {
				t.Errorf("%v: failing is %v, want %v", fails, got, want)
			}
		})
	}
}

// TestWantsOriginal: who insists on a load, and an audit, do not want copies; others take them.
func TestWantsOriginal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var wanted []bool
		c, l := open(t, options(), lifetimes, func(ctx context.Context, keys []string) ([]cache.Loaded[string], error) {
			wanted = append(wanted, cache.WantsOriginal(ctx))
			return []cache.Loaded[string]{{Value: "1", Found: true}}, nil
		})
		ask(t, l, "1", cache.Miss, "1")
		if _, err := l.Reload(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		for tries := 0; len(wanted) < 3 && tries < 1000; tries++ { // it looks where chance has it
			time.Sleep(time.Millisecond)
			if _, err := c.Audit(t.Context(), func(a, b string) bool { return a == b }); err != nil {
				t.Fatal(err)
			}
		}
		if len(wanted) != 3 || wanted[0] || !wanted[1] || !wanted[2] {
			t.Errorf("originals are wanted: %v, want false, true, true", wanted)
		}
	})
}
