package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

var errDown = errors.New("database is down")

// TestLifeOfAValue tells what a key's readers get as time passes.
func TestLifeOfAValue(t *testing.T) {
	type step struct {
		at      time.Duration
		down    bool
		outcome cache.Outcome
		ttl     time.Duration
		loads   int // in all, once background work is done
	}
	stories := map[string][]step{
		"fresh, stale, refreshed": {
			{0, false, cache.Miss, 60 * time.Second, 1},
			{59 * time.Second, false, cache.Hit, time.Second, 1},
			{60 * time.Second, false, cache.Stale, 0, 2},
			{73 * time.Second, false, cache.Hit, 47 * time.Second, 2},
		},
		"too stale to be served at once": {
			{0, false, cache.Miss, 60 * time.Second, 1},
			{90 * time.Second, false, cache.Miss, 60 * time.Second, 2},
		},
		"served stale while the database fails": {
			{0, false, cache.Miss, 60 * time.Second, 1},
			{150 * time.Second, true, cache.StaleError, -90 * time.Second, 2},
			{3659 * time.Second, true, cache.StaleError, -3599 * time.Second, 3},
		},
		"fresh again when the database is back": {
			{0, false, cache.Miss, 60 * time.Second, 1},
			{150 * time.Second, true, cache.StaleError, -90 * time.Second, 2},
			{160 * time.Second, false, cache.Miss, 60 * time.Second, 3},
			{161 * time.Second, true, cache.Hit, 59 * time.Second, 3},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin("42", "mug")
				_, l := open(t, options(), lifetimes, o.load)
				start := time.Now()
				for _, s := range story {
					time.Sleep(s.at - time.Since(start)) // virtual time
					o.fail(nil)
					if s.down {
						o.fail(errDown)
					}
					a := ask(t, l, "42", s.outcome, "mug")
					if a.TTL != s.ttl {
						t.Errorf("at %v: TTL = %v, want %v", s.at, a.TTL, s.ttl)
					}
					synctest.Wait()
					if o.count() != s.loads {
						t.Fatalf("at %v: %d loads, want %d", s.at, o.count(), s.loads)
					}
				}
			})
		})
	}
}

func TestNothingIsServedPastStaleIfError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		_, l := open(t, options(), lifetimes, o.load)
		ask(t, l, "42", cache.Miss, "mug")
		o.fail(errDown)
		time.Sleep(lifetimes.TTL + lifetimes.StaleIfError)
		if a, err := l.Get(context.Background(), "42"); !errors.Is(err, errDown) {
			t.Fatalf("Get = %v, %v; want %v", a.Outcome, err, errDown)
		}
	})
}

// TestFailingDatabaseIsAskedByOneCallerAtATime: with stale values at hand, only
// one request in each pause has the database tried, and waits for that only if it is long since it failed.
func TestFailingDatabaseIsAskedByOneCallerAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin()
		_, l := open(t, options(), lifetimes, o.load)
		for i := range 100 {
			key := fmt.Sprint(i)
			o.set(key, "v")
			ask(t, l, key, cache.Miss, "v")
		}
		time.Sleep(10 * time.Minute)
		o.fail(errDown)
		ask(t, l, "0", cache.StaleError, "v")
		before := o.count()
		for i := range 100 {
			ask(t, l, fmt.Sprint(i), cache.StaleError, "v")
		}
		if got := o.count() - before; got != 0 {
			t.Errorf("%d loads right after one failed, want 0", got)
		}
		time.Sleep(2 * time.Second)
		o.slow(2 * time.Second)
		began := time.Now()
		for i := range 100 {
			ask(t, l, fmt.Sprint(i), cache.StaleError, "v")
		}
		synctest.Wait()
		if got := o.count() - before; got != 1 {
			t.Errorf("%d loads after the pause, want 1", got)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("100 readers waited %v in all, want 0", waited)
		}
		time.Sleep(20 * time.Second)
		began = time.Now()
		for i := range 100 {
			ask(t, l, fmt.Sprint(i), cache.StaleError, "v")
		}
		if got := o.count() - before; got != 2 {
			t.Errorf("%d loads long after that, want 2", got)
		}
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("100 readers waited %v in all, want the 2s of one", waited)
		}
	})
}

// TestPurgedValueIsNotServedOnAnOldFailure: a failure before the purge does not
// show that the database fails now.
func TestPurgedValueIsNotServedOnAnOldFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("1", "old", "2", "x")
		_, l := open(t, options(), lifetimes, o.load)
		ask(t, l, "1", cache.Miss, "old")
		o.fail(errDown)
		if _, err := l.Get(context.Background(), "2"); !errors.Is(err, errDown) {
			t.Fatalf("Get = %v, want %v", err, errDown)
		}
		o.fail(nil)
		o.set("1", "new")
		time.Sleep(time.Nanosecond)
		l.Purge(cache.PurgeStale, "1")
		ask(t, l, "1", cache.Miss, "new")
	})
}

func TestRefreshThatFailsKeepsTheValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		_, l := open(t, options(), lifetimes, o.load)
		ask(t, l, "42", cache.Miss, "mug")
		time.Sleep(70 * time.Second)
		o.fail(errDown)
		for range 5 {
			ask(t, l, "42", cache.Stale, "mug")
			synctest.Wait()
		}
		if o.count() != 2 {
			t.Errorf("%d loads, want 2: a failed refresh is not repeated at once", o.count())
		}
		o.fail(nil)
		time.Sleep(time.Second)
		ask(t, l, "42", cache.Stale, "mug")
		synctest.Wait()
		ask(t, l, "42", cache.Hit, "mug")
	})
}

func TestAbsenceIsRememberedForItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin()
		c, l := open(t, options(), lifetimes, o.load)
		if a := ask(t, l, "7", cache.Miss, ""); a.Found || !a.Stored {
			t.Fatalf("Found, Stored = %v, %v; want false, true", a.Found, a.Stored)
		}
		o.set("7", "lamp")
		time.Sleep(9 * time.Second)
		if a := ask(t, l, "7", cache.Negative, ""); a.Found || a.TTL != time.Second {
			t.Fatalf("Found, TTL = %v, %v; want false, 1s", a.Found, a.TTL)
		}
		time.Sleep(time.Second)
		ask(t, l, "7", cache.Miss, "lamp")
		o.remove("7")
		time.Sleep(90 * time.Second)
		ask(t, l, "7", cache.Miss, "")
		if s := c.Stats(); s.Entries != 0 || s.Negatives != 1 {
			t.Errorf("%d entries, %d negatives; want 0, 1", s.Entries, s.Negatives)
		}
	})
}

func TestAbsenceIsNotRememberedWithoutNegativeTTL(t *testing.T) {
	lt := lifetimes
	lt.NegativeTTL = 0
	o := newOrigin()
	c, l := open(t, options(), lt, o.load)
	for range 2 {
		if a := ask(t, l, "7", cache.Miss, ""); a.Stored {
			t.Errorf("Stored = true, want false")
		}
	}
	if n := c.Stats().Negatives; n != 0 {
		t.Errorf("%d negatives, want 0", n)
	}
}

// TestChangedLifetimesActOnWhatIsCached.
func TestChangedLifetimesActOnWhatIsCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "mug")
		_, l := open(t, options(), lifetimes, o.load)
		ask(t, l, "42", cache.Miss, "mug")
		time.Sleep(10 * time.Second)
		lt := lifetimes
		lt.TTL = 5 * time.Second
		if err := l.SetLifetimes(lt); err != nil {
			t.Fatal(err)
		}
		if a := ask(t, l, "42", cache.Stale, "mug"); a.TTL != -5*time.Second {
			t.Errorf("TTL = %v, want -5s", a.TTL)
		}
		synctest.Wait()
		lt.TTL = time.Hour
		if err := l.SetLifetimes(lt); err != nil {
			t.Fatal(err)
		}
		if a := ask(t, l, "42", cache.Hit, "mug"); a.TTL != time.Hour {
			t.Errorf("TTL = %v, want 1h", a.TTL)
		}
	})
}

// TestJitterSpreadsExpiry: keys loaded together expire spread over the jitter,
// and never later than their TTL.
func TestJitterSpreadsExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lt := lifetimes
		lt.Jitter = 0.1
		o := newOrigin()
		_, l := open(t, options(), lt, o.load)
		var quarters [4]int
		for i := range 400 {
			key := fmt.Sprint(i)
			o.set(key, "v")
			a := ask(t, l, key, cache.Miss, "v")
			if a.TTL > 60*time.Second || a.TTL < 54*time.Second {
				t.Fatalf("TTL = %v, want within 54s and 60s", a.TTL)
			}
			quarters[min(3, (a.TTL-54*time.Second)/(1500*time.Millisecond))]++
		}
		for i, n := range quarters {
			if n < 50 {
				t.Errorf("quarter %d of the jitter has %d of 400 keys, want about 100", i, n)
			}
		}
	})
}

func TestReloadIgnoresWhatIsCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "old")
		_, l := open(t, options(), lifetimes, o.load)
		ask(t, l, "42", cache.Miss, "old")
		o.set("42", "new")
		time.Sleep(time.Second)
		a, err := l.Reload(context.Background(), "42")
		if err != nil || a.Value != "new" || !a.Forced || !a.Stored {
			t.Fatalf("Reload = %+v, %v; want new, forced and stored", a, err)
		}
		ask(t, l, "42", cache.Hit, "new")
		o.fail(errDown)
		if a, err = l.Reload(context.Background(), "42"); err != nil || a.Value != "new" || a.Forced {
			t.Fatalf("Reload = %+v, %v; want the last value, not forced", a, err)
		}
	})
}

func TestLifetimesValidate(t *testing.T) {
	for _, tt := range []struct {
		want string
		lt   cache.Lifetimes
	}{
		{"TTL is negative", cache.Lifetimes{TTL: -1}},
		{"StaleWhileRevalidate is negative", cache.Lifetimes{StaleWhileRevalidate: -1}},
		{"StaleIfError is negative", cache.Lifetimes{StaleIfError: -1}},
		{"NegativeTTL is negative", cache.Lifetimes{NegativeTTL: -1}},
		{"Jitter is not within", cache.Lifetimes{Jitter: 1.1}},
	} {
		if err := tt.lt.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Validate(%+v) = %v, want %q", tt.lt, err, tt.want)
		}
	}
}

// TestKeyThatFailsAlone: one whose loads fail while others' work is tried once a second, and who asks meanwhile
// does not wait for it.
func TestKeyThatFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newOrigin("a", "1", "b", "2")
		_, l := open(t, options(), lifetimes, from.load)
		ask(t, l, "a", cache.Miss, "1")
		time.Sleep(100 * time.Second) // longer than it is served while it is refreshed
		from.bad["a"] = errBadRow
		from.slow(10 * time.Millisecond)
		for second := range 3 {
			for i := range 5 {
				before := from.count()
				began := time.Now()
				ask(t, l, "a", cache.StaleError, "1")
				if waited := time.Since(began); waited > 0 && second+i > 0 {
					t.Errorf("second %d, request %d waited %v", second, i, waited)
				}
				synctest.Wait()
				want := 0
				if i == 0 {
					want = 1
				}
				if got := from.count() - before; got != want {
					t.Errorf("second %d, request %d: %d loads, want %d", second, i, got, want)
				}
				l.Purge(cache.PurgeRemove, "b")
				ask(t, l, "b", cache.Miss, "2") // all is well but for a
				time.Sleep(200 * time.Millisecond)
			}
			time.Sleep(10 * time.Millisecond)
		}
		before := from.count()
		l.Purge(cache.PurgeStale, "a")
		if ask(t, l, "a", cache.StaleError, "1"); from.count() != before+1 {
			t.Error("after a purge the next request has not tried")
		}
	})
}

// TestManyFailuresCountThoughSomeLoadsWork: where loads of a lookup fail again and again, a reader of an expired value
// of it does not wait for one more to fail, though others work; of another lookup, or after a lone failure or two, it
// waits for a fresh value.
func TestManyFailuresCountThoughSomeLoadsWork(t *testing.T) {
	for _, tt := range []struct {
		failures int
		after    time.Duration
		want     cache.Outcome
	}{{3, 0, cache.Miss}, {4, 0, cache.StaleError}, {4, 2 * time.Second, cache.StaleError}, {4, 3 * time.Second, cache.Miss}} {
		synctest.Test(t, func(t *testing.T) {
			from, others := newOrigin("a", "1", "good", "2"), newOrigin("a", "3")
			c, l := open(t, options(), lifetimes, from.load)
			other, err := c.NewLookup("others", lifetimes, others.load)
			if err != nil {
				t.Fatal(err)
			}
			ask(t, l, "a", cache.Miss, "1")
			ask(t, other, "a", cache.Miss, "3")
			time.Sleep(100 * time.Second)
			from.fail(errDown)
			for i := range tt.failures {
				if _, err := l.Get(t.Context(), fmt.Sprint(i)); !errors.Is(err, errDown) {
					t.Fatalf("got %v, want that it fails", err)
				}
			}
			from.fail(nil)
			ask(t, l, "good", cache.Miss, "2")
			time.Sleep(tt.after)
			if _, served := l.TryGet("a"); served {
				t.Error("a try is due, but somebody is served without one")
			}
			ask(t, l, "a", tt.want, "1")
			ask(t, other, "a", cache.Miss, "3")
			synctest.Wait()
			ask(t, l, "a", cache.Hit, "1")
		})
	}
}

// TestFailureIsRememberedShortly: who asks for a value long after loading it has failed, while all else works, waits for
// the next try, and gets what it brings.
func TestFailureIsRememberedShortly(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		want  cache.Outcome
	}{{2 * time.Second, cache.StaleError}, {4 * time.Second, cache.Miss}} {
		synctest.Test(t, func(t *testing.T) {
			from := newOrigin("a", "1", "b", "2")
			_, l := open(t, options(), lifetimes, from.load)
			ask(t, l, "a", cache.Miss, "1")
			time.Sleep(100 * time.Second)
			from.bad["a"] = errBadRow
			ask(t, l, "a", cache.StaleError, "1")
			ask(t, l, "b", cache.Miss, "2") // all is well but for a
			delete(from.bad, "a")
			time.Sleep(c.after)
			ask(t, l, "a", c.want, "1")
			synctest.Wait()
			ask(t, l, "a", cache.Hit, "1")
		})
	}
}
