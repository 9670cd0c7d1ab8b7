package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// roomy is a cache that is large enough for a front.
func roomy() cache.Options[string] {
	o := options()
	o.MaxWeight = 64 << 20
	return o
}

// TestTryGet: only what needs neither a load nor a refresh is an answer, and nothing else is counted.
func TestTryGet(t *testing.T) {
	for name, o := range map[string]cache.Options[string]{"small": options(), "with a front": roomy()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := newOrigin("a", "1", "b", "2")
				c, l := open(t, o, lifetimes, from.load)
				ask(t, l, "a", cache.Miss, "1")
				if _, err := l.Get(context.Background(), "none"); err != nil {
					t.Fatal(err)
				}
				for i, step := range []struct {
					wait   time.Duration
					before func()
					key    string
					want   string // outcome and value, "" if it is no answer
				}{
					{0, nil, "b", ""},
					{0, nil, "a", "hit 1"}, {0, nil, "a", "hit 1"},
					{9 * time.Second, nil, "none", "negative "},
					{time.Second, nil, "none", ""},
					{50 * time.Second, nil, "a", ""}, // stale
					{0, func() { l.Get(context.Background(), "a"); synctest.Wait() }, "a", "hit 1"},
					{0, func() { l.Purge(cache.PurgeStale, "a") }, "a", ""},
					{0, func() { l.Get(context.Background(), "a") }, "a", "hit 1"},
					{0, func() { l.PurgeAll(cache.PurgeStale) }, "a", ""},
				} {
					time.Sleep(step.wait)
					if step.before != nil {
						step.before()
					}
					synctest.Wait()
					before, loads := counted(c), from.count()
					got := ""
					a, ok := l.TryGet(step.key)
					if ok {
						got = a.Outcome.String() + " " + a.Value
						before.Lookups[0].Answers[a.Outcome]++
					}
					synctest.Wait()
					if after := counted(c); got != step.want || from.count() != loads || !reflect.DeepEqual(after, before) {
						t.Errorf("step %d: TryGet(%q) = %q with %d loads, counted %+v; want %q, %+v", i, step.key, got, from.count()-loads, after, step.want, before)
					}
				}
			})
		})
	}
}

// TestTryGetOfARefreshedValue: in a cache's first second, too, a refresh that is due is not put off since
// nobody has asked for what the last one loaded.
func TestTryGetOfARefreshedValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, lt := newOrigin("a", "1"), lifetimes
		lt.TTL = 100 * time.Millisecond
		_, l := open(t, options(), lt, from.load)
		ask(t, l, "a", cache.Miss, "1")
		time.Sleep(lt.TTL)
		ask(t, l, "a", cache.Stale, "1")
		synctest.Wait()
		time.Sleep(lt.TTL)
		if a, ok := l.TryGet("a"); ok {
			t.Errorf("TryGet = %v, want no answer: a refresh is due", a.Outcome)
		}
	})
}

// TestTryGetWhileLoadingFails: a stale value is an answer as long as it is nobody's turn to try the database.
func TestTryGetWhileLoadingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newOrigin("a", "1")
		c, l := open(t, options(), lifetimes, from.load)
		ask(t, l, "a", cache.Miss, "1")
		from.fail(errors.New("the database is away"))
		get := func(outcome cache.Outcome) func() {
			return func() { ask(t, l, "a", outcome, "1"); synctest.Wait() }
		}
		for i, step := range []struct {
			wait   time.Duration
			before func()
			want   string // outcome and value, "" if it is no answer
		}{
			{70 * time.Second, nil, ""}, // a refresh is due
			{0, get(cache.Stale), "stale 1"},
			{900 * time.Millisecond, nil, "stale 1"}, // an entry is tried once a second
			{100 * time.Millisecond, nil, ""},
			{0, get(cache.Stale), "stale 1"},
			{30 * time.Second, nil, ""}, // somebody has to try
			{0, get(cache.StaleError), "stale-error 1"},
			{2 * time.Second, nil, ""},
			{0, get(cache.StaleError), "stale-error 1"},
			{time.Millisecond, func() { l.Purge(cache.PurgeStale, "a") }, ""}, // the failure was before
			{10 * time.Millisecond, get(cache.StaleError), "stale-error 1"},
			{0, func() { from.fail(nil); time.Sleep(2 * time.Second); get(cache.Miss)() }, "hit 1"},
			{0, func() { l.Purge(cache.PurgeRemove, "a") }, ""},
		} {
			time.Sleep(step.wait)
			if step.before != nil {
				step.before()
			}
			before, loads := counted(c), from.count()
			for name, try := range map[string]func() (cache.Answer[string], bool){
				"TryGet": func() (cache.Answer[string], bool) { return l.TryGet("a") },
				"TryGetMany": func() (a cache.Answer[string], ok bool) {
					r, ok := l.TryGetMany([]string{"a"}, nil, nil)
					if ok {
						a = r[0].Answer
					}
					return a, ok
				},
			} {
				got := ""
				a, ok := try()
				if ok {
					got = a.Outcome.String() + " " + a.Value
					before.Lookups[0].Answers[a.Outcome]++
				}
				synctest.Wait()
				if after := counted(c); got != step.want || from.count() != loads || !reflect.DeepEqual(after, before) {
					t.Errorf("step %d: %s = %q with %d loads, counted %+v; want %q, %+v", i, name, got, from.count()-loads, after, step.want, before)
				}
			}
		}
	})
}

// TestTryGetWastesNoRefresh: a refreshed value that it has served was not refreshed in vain.
func TestTryGetWastesNoRefresh(t *testing.T) {
	for i, serve := range []func(l *cache.Lookup[string]) bool{
		func(*cache.Lookup[string]) bool { return true },
		func(l *cache.Lookup[string]) bool { _, ok := l.TryGet("a"); return ok },
		func(l *cache.Lookup[string]) bool { _, ok := l.TryGetMany([]string{"a"}, nil, nil); return ok },
	} {
		synctest.Test(t, func(t *testing.T) {
			c, l := open(t, options(), lifetimes, newOrigin("a", "1").load)
			ask(t, l, "a", cache.Miss, "1")
			time.Sleep(70 * time.Second)
			ask(t, l, "a", cache.Stale, "1")
			synctest.Wait()
			if !serve(l) {
				t.Error("the refreshed value is not served")
			}
			l.Purge(cache.PurgeRemove, "a")
			if got, want := c.Stats().Lookups[0].Wasted, uint64([]int{1, 0, 0}[i]); got != want {
				t.Errorf("way %d: %d refreshes were wasted, want %d", i, got, want)
			}
		})
	}
}

// TestTryGetManyAnswersAllOrNothing: there is no part of an answer.
func TestTryGetManyAnswersAllOrNothing(t *testing.T) {
	for name, o := range map[string]cache.Options[string]{"small": options(), "with a front": roomy()} {
		t.Run(name, func(t *testing.T) {
			from := newOrigin("a", "1", "b", "2")
			o.MaxNegatives = 1000
			c, l := open(t, o, lifetimes, from.load)
			l.GetMany(context.Background(), []string{"a", "b", "none"}, nil)
			many := make([]string, 257)
			for i := range many {
				many[i] = fmt.Sprint("many", i)
			}
			l.GetMany(context.Background(), many[:200], nil)
			l.GetMany(context.Background(), many[200:], nil)
			earlier := []cache.Result[string]{{}}
			refuse := func([]cache.Result[string]) bool { return false }
			for i, step := range []struct {
				keys   []string
				accept func([]cache.Result[string]) bool
				want   []string // values
			}{
				{[]string{"a", "b", "none"}, nil, []string{"1", "2", ""}},
				{[]string{"a", "b", "none"}, func(r []cache.Result[string]) bool { return len(r) == 3 && r[1].Value == "2" }, []string{"1", "2", ""}},
				{[]string{"a", "b", "none"}, refuse, nil},
				{[]string{"a", "b", "c"}, nil, nil},
				{many, nil, nil},
				{nil, nil, []string{}},
			} {
				before, loads := idle(t, c), from.count()
				results, ok := l.TryGetMany(step.keys, earlier, step.accept)
				if ok != (step.want != nil) {
					t.Fatalf("step %d: TryGetMany = %v", i, ok)
				}
				got := []string{}
				for _, r := range results[1:] {
					got = append(got, r.Value)
					before.Lookups[0].Answers[r.Outcome]++
				}
				if after := counted(c); !slices.Equal(got, append([]string{}, step.want...)) || from.count() != loads || !reflect.DeepEqual(after, before) {
					t.Errorf("step %d: %q with %d loads, counted %+v; want %q, %+v", i, got, from.count()-loads, after, step.want, before)
				}
			}
		})
	}
}

// idle returns the numbers of a cache when its last load has ended.
func idle(t *testing.T, c *cache.Cache[string]) cache.Stats {
	t.Helper()
	if err := c.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return counted(c)
}

// TestTryGetCountsAndEvictsAsGet: two caches with the same story, of which one is asked by TryGet
// first, have the same numbers and the same entries at its end.
func TestTryGetCountsAndEvictsAsGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stats [2]cache.Stats
		var trace [2][]string
		for i := range stats {
			o := options()
			o.Eviction, o.MaxEntries = cache.EvictLRU, 50 // no other is the same twice
			from := newOrigin()
			for k := range 100 {
				from.set(fmt.Sprint(k), fmt.Sprint("value ", k))
			}
			c, l := open(t, o, lifetimes, from.load)
			random := rand.New(rand.NewPCG(1, 2))
			for range 5000 {
				if random.IntN(100) == 0 {
					time.Sleep(3 * time.Second)
				}
				keys := []string{fmt.Sprint(int(random.ExpFloat64() * 30))}
				if random.IntN(3) == 0 {
					keys = append(keys, keys[0]+"x", fmt.Sprint(100-random.IntN(10)))
				}
				results, ok := []cache.Result[string](nil), false
				if i == 1 {
					results, ok = try(l, keys)
				}
				for _, key := range keys {
					if ok {
						break
					}
					a, err := l.Get(context.Background(), key)
					results = append(results, cache.Result[string]{Answer: a, Err: err})
					synctest.Wait()
				}
				for _, r := range results {
					trace[i] = append(trace[i], r.Outcome.String()+r.Value)
				}
			}
			stats[i] = c.Stats()
		}
		if !slices.Equal(trace[0], trace[1]) {
			t.Error("they answered differently")
		}
		if !reflect.DeepEqual(stats[0], stats[1]) {
			t.Errorf("Get alone: %+v\nTryGet: %+v", stats[0], stats[1])
		}
	})
}

func try(l *cache.Lookup[string], keys []string) (results []cache.Result[string], ok bool) {
	if len(keys) > 1 {
		return l.TryGetMany(keys, nil, nil)
	}
	a, ok := l.TryGet(keys[0])
	if !ok {
		return nil, false
	}
	return []cache.Result[string]{{Answer: a}}, ok
}

// counted is what a cache has counted: what it estimates is left out.
func counted(c *cache.Cache[string]) cache.Stats {
	s := c.Stats()
	s.Sizing = cache.Sizing{}
	return s
}

// TestTryGetManyHoldsNothing: what it does not answer with, its caller's memory does not hold.
func TestTryGetManyHoldsNothing(t *testing.T) {
	from := newOrigin("a", "1")
	_, l := open(t, options(), lifetimes, from.load)
	ask(t, l, "a", cache.Miss, "1")
	for name, try := range map[string]func([]cache.Result[string]) ([]cache.Result[string], bool){
		"not all": func(dst []cache.Result[string]) ([]cache.Result[string], bool) {
			return l.TryGetMany([]string{"a", "b"}, dst, nil)
		},
		"refused": func(dst []cache.Result[string]) ([]cache.Result[string], bool) {
			return l.TryGetMany([]string{"a"}, dst, func([]cache.Result[string]) bool { return false })
		},
	} {
		got, ok := try(make([]cache.Result[string], 0, 2))
		if held := got[:2][0].Value; ok || len(got) > 0 || held != "" {
			t.Errorf("%s: %v, %d results, holds %q", name, ok, len(got), held)
		}
	}
}

// TestPurgeDuringTryGetMany: what is purged before its use is noted does not come into the front.
func TestPurgeDuringTryGetMany(t *testing.T) {
	for name, purge := range map[string]func(*cache.Lookup[string]){
		"one": func(l *cache.Lookup[string]) { l.Purge(cache.PurgeStale, "a") },
		"all": func(l *cache.Lookup[string]) { l.PurgeAll(cache.PurgeStale) },
	} {
		from := newOrigin("a", "1")
		_, l := open(t, roomy(), lifetimes, from.load)
		ask(t, l, "a", cache.Miss, "1")
		_, _ = l.TryGetMany([]string{"a"}, nil, func([]cache.Result[string]) bool { purge(l); return true })
		if a, ok := l.TryGet("a"); ok {
			t.Errorf("%s: after the purge TryGet = %q", name, a.Value)
		}
	}
}
