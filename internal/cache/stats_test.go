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

// TestRefreshesAndExpirations follows values that are refreshed, used or not,
// and leave.
func TestRefreshesAndExpirations(t *testing.T) {
	type step struct {
		at   time.Duration
		does func(t *testing.T, c *cache.Cache[string], l *cache.Lookup[string])
		// What the numbers are after it.
		refreshes, wasted, expired uint64
	}
	gets := func(want cache.Outcome) func(*testing.T, *cache.Cache[string], *cache.Lookup[string]) {
		return func(t *testing.T, _ *cache.Cache[string], l *cache.Lookup[string]) {
			t.Helper()
			ask(t, l, "42", want, "mug")
		}
	}
	removes := func(_ *testing.T, _ *cache.Cache[string], l *cache.Lookup[string]) { l.Purge(cache.PurgeRemove, "42") }
	reloads := func(t *testing.T, _ *cache.Cache[string], l *cache.Lookup[string]) {
		if _, err := l.Reload(context.Background(), "42"); err != nil {
			t.Fatal(err)
		}
	}
	for name, story := range map[string][]step{
		"a refreshed value that is used": {
			{0, gets(cache.Miss), 0, 0, 0},
			{70 * time.Second, gets(cache.Stale), 1, 0, 1},
			{71 * time.Second, gets(cache.Hit), 1, 0, 1},
			{72 * time.Second, removes, 1, 0, 1},
		},
		"a refreshed value that is used when it is stale": {
			{0, gets(cache.Miss), 0, 0, 0},
			{70 * time.Second, gets(cache.Stale), 1, 0, 1},
			{140 * time.Second, gets(cache.Stale), 2, 0, 2},
			{141 * time.Second, removes, 2, 1, 2},
		},
		"a refreshed value that nobody has used in time": {
			{0, gets(cache.Miss), 0, 0, 0},
			{70 * time.Second, gets(cache.Stale), 1, 0, 1},
			{10 * time.Minute, gets(cache.Miss), 1, 1, 2},
			{11 * time.Minute, removes, 1, 1, 2}, // it is the purge that ends it
		},
		"a refreshed value that is loaded again": {
			{0, gets(cache.Miss), 0, 0, 0},
			{70 * time.Second, gets(cache.Stale), 1, 0, 1},
			{71 * time.Second, reloads, 1, 1, 1},
			{72 * time.Second, reloads, 1, 1, 1},
		},
		"a value that never expires is not counted": {
			{0, gets(cache.Miss), 0, 0, 0},
			{59 * time.Second, removes, 0, 0, 0},
		},
		"a value that is invalidated does not expire": {
			{0, gets(cache.Miss), 0, 0, 0},
			{1 * time.Second, func(_ *testing.T, _ *cache.Cache[string], l *cache.Lookup[string]) { l.PurgeAll(cache.PurgeStale) }, 0, 0, 0},
			{70 * time.Second, gets(cache.Miss), 0, 0, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, l := open(t, options(), lifetimes, newOrigin("42", "mug").load)
				start := time.Now()
				for _, s := range story {
					time.Sleep(s.at - time.Since(start)) // virtual time
					s.does(t, c, l)
					synctest.Wait()
					of := c.Stats().Lookups[0]
					if of.Refreshes != s.refreshes || of.Wasted != s.wasted || of.Expired != s.expired {
						t.Errorf("at %v: refreshes, wasted, expired = %d, %d, %d; want %d, %d, %d", s.at,
							of.Refreshes, of.Wasted, of.Expired, s.refreshes, s.wasted, s.expired)
					}
				}
			})
		})
	}
}

// TestRefreshThatSomebodyWaitsForIsUsed: a caller joined the refresh.
func TestRefreshThatSomebodyWaitsForIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		c, l := open(t, options(), lifetimes, o.load)
		ask(t, l, "42", cache.Miss, "mug")
		time.Sleep(70 * time.Second)
		o.slow(time.Second)
		ask(t, l, "42", cache.Stale, "mug")
		if _, err := l.Reload(context.Background(), "42"); err != nil {
			t.Fatal(err)
		}
		l.Purge(cache.PurgeRemove, "42")
		if of := c.Stats().Lookups[0]; of.Refreshes != 1 || of.Wasted != 0 {
			t.Errorf("refreshes, wasted = %d, %d; want 1, 0", of.Refreshes, of.Wasted)
		}
	})
}

// TestRefreshedValueServedInAnOutageIsUsed, whichever way it is served.
func TestRefreshedValueServedInAnOutageIsUsed(t *testing.T) {
	for name, tt := range map[string]struct {
		at      time.Duration // when it is asked for
		probed  bool          // another key's load has failed just before
		outcome cache.Outcome
	}{
		"stale, with no refresh begun":        {140 * time.Second, true, cache.Stale},
		"too stale, with nothing tried":       {200 * time.Second, true, cache.StaleError},
		"too stale, after a load that failed": {200 * time.Second, false, cache.StaleError},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin("42", "mug")
				c, l := open(t, options(), lifetimes, o.load)
				ask(t, l, "42", cache.Miss, "mug")
				time.Sleep(70 * time.Second)
				ask(t, l, "42", cache.Stale, "mug")
				time.Sleep(tt.at - 70*time.Second)
				o.fail(errDown)
				if tt.probed {
					if _, err := l.Get(context.Background(), "other"); !errors.Is(err, errDown) {
						t.Fatalf("Get = %v, want %v", err, errDown)
					}
				}
				ask(t, l, "42", tt.outcome, "mug")
				synctest.Wait()
				l.Purge(cache.PurgeRemove, "42")
				if of := c.Stats().Lookups[0]; of.Refreshes != 1 || of.Wasted != 0 {
					t.Errorf("refreshes, wasted = %d, %d; want 1, 0", of.Refreshes, of.Wasted)
				}
			})
		})
	}
}

// TestLoadsAreMeasured by lookup: how long, and of how many keys.
func TestLoadsAreMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("1", "mug", "2", "lamp", "3", "cup")
		o.slow(30 * time.Millisecond)
		c, l := open(t, options(), lifetimes, o.load)
		l.GetMany(context.Background(), []string{"1", "2", "3"}, nil)
		ask(t, l, "4", cache.Miss, "")
		s := c.Stats()
		of := s.Lookups[0]
		if got, want := fmt.Sprint(of.BatchSizes.Counts, of.BatchSizes.Sum), "[1 0 1 0 0 0 0 0 0 0 0] 4"; got != want {
			t.Errorf("BatchSizes = %s, want %s", got, want)
		}
		if got, want := fmt.Sprintf("%v %.3f", of.LoadTimes.Counts, of.LoadTimes.Sum), "[0 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0 0] 0.060"; got != want {
			t.Errorf("LoadTimes = %s, want %s", got, want)
		}
		if s.MaxSlots != options().Concurrency || s.MaxWaiting != options().MaxWaiting {
			t.Errorf("MaxSlots, MaxWaiting = %d, %d; want %d, %d", s.MaxSlots, s.MaxWaiting, options().Concurrency, options().MaxWaiting)
		}
	})
}
