package cache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// crowd has n callers get the same key at once.
func crowd(l *cache.Lookup[string], n int, key string) (answers []cache.Answer[string], errs []error) {
	answers, errs = make([]cache.Answer[string], n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { answers[i], errs[i] = l.Get(context.Background(), key) })
	}
	wg.Wait()
	return answers, errs
}

// TestConcurrentMissesCauseOneLoad: exactly one of a thousand callers leads.
func TestConcurrentMissesCauseOneLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		o.slow(time.Second)
		c, l := open(t, options(), lifetimes, o.load)
		answers, errs := crowd(l, 1000, "42")
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		outcomes := map[cache.Outcome]int{}
		for _, a := range answers {
			outcomes[a.Outcome]++
			if a.Value != "mug" || !a.Stored {
				t.Fatalf("answer = %+v, want mug, stored", a)
			}
		}
		if outcomes[cache.Miss] != 1 || outcomes[cache.Collapsed] != 999 {
			t.Errorf("outcomes = %v, want 1 miss and 999 collapsed", outcomes)
		}
		if o.count() != 1 {
			t.Errorf("%d loads, want 1", o.count())
		}
		if s := c.Stats(); s.InFlight != 0 || s.Waiting != 0 || s.BusySlots != 0 {
			t.Errorf("in flight, waiting, busy = %d, %d, %d afterwards; want 0", s.InFlight, s.Waiting, s.BusySlots)
		}
	})
}

// TestExpiredHotKeyCausesOneLoad, with and without stale-while-revalidate.
func TestExpiredHotKeyCausesOneLoad(t *testing.T) {
	for _, age := range []time.Duration{61 * time.Second, 100 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrigin("42", "mug")
			_, l := open(t, options(), lifetimes, o.load)
			ask(t, l, "42", cache.Miss, "mug")
			time.Sleep(age)
			o.slow(time.Second)
			if _, errs := crowd(l, 1000, "42"); errors.Join(errs...) != nil {
				t.Fatal(errors.Join(errs...))
			}
			time.Sleep(2 * time.Second)
			if o.count() != 2 {
				t.Errorf("age %v: %d loads, want 2", age, o.count())
			}
		})
	}
}

// TestLateMissFindsWhatTheFlightStored: a caller that looked before the flight
// stored, and joins after it has landed, does not load again.
func TestLateMissFindsWhatTheFlightStored(t *testing.T) {
	o := newOrigin()
	_, l := open(t, options(), lifetimes, o.load)
	const keys, callers = 2000, 8
	for i := range keys {
		o.set(fmt.Sprint(i), "v")
	}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := range keys {
				if _, err := l.Get(context.Background(), fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	loaded := 0
	for _, n := range o.sizes() {
		loaded += n
	}
	if loaded != keys {
		t.Errorf("%d keys loaded, want each of %d once", loaded, keys)
	}
}

// TestKeysOfOneCallLeaveTogether.
func TestKeysOfOneCallLeaveTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("1", "a", "2", "b", "4", "d")
		_, l := open(t, options(), lifetimes, o.load)
		ask(t, l, "2", cache.Miss, "b")
		got := l.GetMany(context.Background(), []string{"1", "2", "3", "4"}, nil)
		want := []struct {
			value   string
			found   bool
			outcome cache.Outcome
		}{{"a", true, cache.Miss}, {"b", true, cache.Hit}, {"", false, cache.Miss}, {"d", true, cache.Miss}}
		for i, w := range want {
			if r := got[i]; r.Err != nil || r.Value != w.value || r.Found != w.found || r.Outcome != w.outcome {
				t.Errorf("result %d = %+v, want %+v", i, r, w)
			}
		}
		if sizes := o.sizes(); !slices.Equal(sizes, []int{1, 3}) {
			t.Errorf("loads of %v keys, want [1 3]", sizes)
		}
		time.Sleep(70 * time.Second)
		l.GetMany(context.Background(), []string{"1", "2", "4"}, nil)
		synctest.Wait()
		if sizes := o.sizes(); !slices.Equal(sizes, []int{1, 3, 3}) {
			t.Errorf("loads of %v keys, want [1 3 3]: refreshes leave together too", sizes)
		}
	})
}

// TestKeysGatherWhileSlotsAreBusy: with both slots busy for a second, 95 more
// callers' keys leave in batches of ten.
func TestKeysGatherWhileSlotsAreBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin()
		o.slow(time.Second)
		c, l := open(t, options(), lifetimes, o.load)
		var wg sync.WaitGroup
		get := func(i int) {
			wg.Go(func() {
				if _, err := l.Get(context.Background(), fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			})
		}
		for i := range 2 {
			get(1000 + i)
			synctest.Wait()
		}
		for i := range 35 {
			get(i)
		}
		synctest.Wait()
		if s := c.Stats(); s.BusySlots != 2 || s.InFlight != 37 || s.Waiting != 37 {
			t.Errorf("busy, in flight, waiting = %d, %d, %d; want 2, 37, 37", s.BusySlots, s.InFlight, s.Waiting)
		}
		wg.Wait()
		if sizes := o.sizes(); !slices.Equal(sizes, []int{1, 1, 10, 10, 10, 5}) {
			t.Errorf("loads of %v keys, want [1 1 10 10 10 5]", sizes)
		}
	})
}

// TestLookupsTakeTurns: a lookup with many keys waiting does not starve another.
func TestLookupsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin()
		o.slow(time.Second)
		opts := options()
		opts.Concurrency = 1
		c, many := open(t, opts, lifetimes, o.load)
		few, err := c.NewLookup("category", lifetimes, o.load)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = many.Get(ctx, "first") })
		synctest.Wait()
		for i := range 30 {
			wg.Go(func() { _, _ = many.Get(ctx, fmt.Sprint(i)) })
		}
		synctest.Wait()
		began := time.Now()
		wg.Go(func() {
			if _, err := few.Get(ctx, "x"); err != nil || time.Since(began) != 3*time.Second {
				t.Errorf("Get = %v after %v, want it after 3s: the running, one other, its own", err, time.Since(began))
			}
		})
		wg.Wait()
	})
}

// TestBadKeyStandsAlone: a batch that one row fails is halved until only that
// key fails.
func TestBadKeyStandsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin()
		o.bad["5"] = errBadRow
		keys := []string{}
		for i := range 8 {
			keys = append(keys, fmt.Sprint(i))
			o.set(fmt.Sprint(i), "v")
		}
		c, l := open(t, options(), lifetimes, o.load)
		for i, r := range l.GetMany(context.Background(), keys, nil) {
			if bad := i == 5; errors.Is(r.Err, errBadRow) != bad || r.Found == bad {
				t.Errorf("key %d: %+v", i, r)
			}
		}
		if sizes := o.sizes(); !slices.Equal(sizes, []int{8, 4, 4, 2, 1, 1, 2}) {
			t.Errorf("loads of %v keys, want [8 4 4 2 1 1 2]", sizes)
		}
		if c.Stats().Failing {
			t.Error("a bad row counts as a failing database")
		}
	})
}

func TestPanickingLoadIsAnError(t *testing.T) {
	panics := func(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
		loaded := make([]cache.Loaded[string], len(keys))
		for i, key := range keys {
			if key == "bad" {
				panic("no such row")
			}
			loaded[i] = cache.Loaded[string]{Value: "v", Found: true}
		}
		return loaded, nil
	}
	c, l := open(t, options(), lifetimes, panics)
	got := l.GetMany(context.Background(), []string{"a", "bad", "b"}, nil)
	if got[0].Err != nil || got[1].Err == nil || got[2].Err != nil {
		t.Errorf("errors = %v, %v, %v; want one for the second only", got[0].Err, got[1].Err, got[2].Err)
	}
	if s := c.Stats(); s.Entries != 2 {
		t.Errorf("%d entries, want 2: a panic becomes no value", s.Entries)
	}
}

func TestWrongNumberOfLoadedValuesIsAnError(t *testing.T) {
	short := func(context.Context, []string) ([]cache.Loaded[string], error) { return nil, nil }
	_, l := open(t, options(), lifetimes, short)
	if _, err := l.Get(context.Background(), "a"); err == nil {
		t.Error("Get = nil error, want one")
	}
}

// TestFirstCallersLeavingFailsNobody, and each waiter leaves at its own deadline.
func TestFirstCallersLeavingFailsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		o.slow(3 * time.Second)
		_, l := open(t, options(), lifetimes, o.load)
		began := time.Now()
		first, leave := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := l.Get(first, "42"); !errors.Is(err, context.Canceled) {
				t.Errorf("first: %v, want %v", err, context.Canceled)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if _, err := l.Get(ctx, "42"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Errorf("second: %v after %v, want its own deadline after 1s", err, time.Since(began))
			}
		})
		wg.Go(func() {
			if a := ask(t, l, "42", cache.Collapsed, "mug"); !a.Stored {
				t.Errorf("third: %+v", a)
			}
		})
		synctest.Wait()
		leave()
		wg.Wait()
		if o.count() != 1 {
			t.Errorf("%d loads, want 1", o.count())
		}
	})
}

// TestLoadNobodyWaitsForIsStored: the work is done, the next caller has it.
func TestLoadNobodyWaitsForIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		o.slow(3 * time.Second)
		_, l := open(t, options(), lifetimes, o.load)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := l.Get(ctx, "42"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		ask(t, l, "42", cache.Hit, "mug")
	})
}

// TestTooManyWaitersAreRefused: over the bound callers get ErrOverloaded at
// once, and who left early counts until the load is over.
func TestTooManyWaitersAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		o.slow(3 * time.Second)
		opts := options()
		opts.MaxWaiting = 10
		c, l := open(t, opts, lifetimes, o.load)
		ctx, leave := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { _, _ = l.Get(ctx, "42") })
		}
		synctest.Wait()
		leave()
		wg.Wait()
		for _, key := range []string{"42", "43"} {
			if _, err := l.Get(context.Background(), key); !errors.Is(err, cache.ErrOverloaded) {
				t.Errorf("Get(%s) = %v, want %v", key, err, cache.ErrOverloaded)
			}
		}
		if s := c.Stats(); s.Waiting != 10 || s.Lookups[0].Refused != 2 {
			t.Errorf("waiting, refused = %d, %d; want 10, 2", s.Waiting, s.Lookups[0].Refused)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		ask(t, l, "42", cache.Hit, "mug")
	})
}

// TestRefusedCallerMayGetAStaleValue, but not one that was invalidated.
func TestRefusedCallerMayGetAStaleValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("stale", "a", "purged", "b")
		opts := options()
		opts.MaxWaiting = 1
		_, l := open(t, opts, lifetimes, o.load)
		ask(t, l, "stale", cache.Miss, "a")
		ask(t, l, "purged", cache.Miss, "b")
		time.Sleep(2 * time.Minute)
		l.Purge(cache.PurgeStale, "purged")
		o.slow(time.Second)
		go func() { _, _ = l.Get(context.Background(), "other") }()
		synctest.Wait()
		ask(t, l, "stale", cache.StaleError, "a")
		if _, err := l.Get(context.Background(), "purged"); !errors.Is(err, cache.ErrOverloaded) {
			t.Errorf("Get = %v, want %v", err, cache.ErrOverloaded)
		}
		time.Sleep(2 * time.Second)
	})
}

// TestLoadTimeout: a key that never gets a slot, or whose load hangs, fails at
// LoadTimeout, and does not stay.
func TestLoadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("1", "a", "2", "b", "3", "c")
		o.gate = make(chan struct{})
		c, l := open(t, options(), lifetimes, o.load)
		began := time.Now()
		for _, key := range []string{"1", "2", "3"} {
			go func() {
				if _, err := l.Get(context.Background(), key); !errors.Is(err, cache.ErrLoadTimeout) || time.Since(began) != 5*time.Second {
					t.Errorf("Get(%s) = %v after %v, want %v after 5s", key, err, time.Since(began), cache.ErrLoadTimeout)
				}
			}()
			synctest.Wait()
		}
		time.Sleep(6 * time.Second)
		if s := c.Stats(); s.InFlight != 0 || s.BusySlots != 2 || !s.Failing {
			t.Errorf("in flight, busy, failing = %d, %d, %v; want 0, 2, true: abandoned loads keep their slots", s.InFlight, s.BusySlots, s.Failing)
		}
		close(o.gate)
		synctest.Wait()
		if s := c.Stats(); s.BusySlots != 0 || o.count() != 2 {
			t.Errorf("busy, loads = %d, %d; want 0, 2: the key nobody waits for is not loaded", s.BusySlots, o.count())
		}
		ask(t, l, "1", cache.Hit, "a")
	})
}

func TestCloseEndsLoadsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		o.slow(time.Hour)
		c, err := cache.New(options())
		if err != nil {
			t.Fatal(err)
		}
		l, err := c.NewLookup("products", lifetimes, o.load)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := l.Get(context.Background(), "42"); !errors.Is(err, cache.ErrClosed) {
				t.Errorf("Get = %v, want %v", err, cache.ErrClosed)
			}
		})
		synctest.Wait()
		if err := c.Close(context.Background()); err != nil {
			t.Errorf("Close = %v", err)
		}
		wg.Wait()
		if _, err := l.Get(context.Background(), "43"); !errors.Is(err, cache.ErrClosed) {
			t.Errorf("Get after Close = %v, want %v", err, cache.ErrClosed)
		}
	})
}

func TestCloseGivesUpAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		o.gate = make(chan struct{})
		c, err := cache.New(options())
		if err != nil {
			t.Fatal(err)
		}
		l, err := c.NewLookup("products", lifetimes, o.load)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = l.Get(context.Background(), "42") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := c.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close = %v, want %v", err, context.DeadlineExceeded)
		}
		close(o.gate)
	})
}
