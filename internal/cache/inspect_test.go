package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// story tells the events of a key, the first one first.
func story(i cache.Inspection) string {
	var told []string
	for _, e := range i.Events {
		text := e.Kind.String()
		if e.Kind == cache.EventInvalidated || e.Kind == cache.EventInvalidatedAll {
			text += fmt.Sprint(" by ", e.Origin)
			if e.Mode == cache.PurgeRemove {
				text += ", removed"
			}
		}
		told = append([]string{text}, told...)
	}
	return strings.Join(told, "; ")
}

// TestHistoryOfAKey lets everything befall a key that can.
func TestHistoryOfAKey(t *testing.T) {
	for _, tt := range []struct {
		name string
		life func(o *origin, c *cache.Cache[string], l *cache.Lookup[string])
		want string // events
		now  string // what is there then
	}{
		{"unknown", func(*origin, *cache.Cache[string], *cache.Lookup[string]) {}, "", "nothing"},
		{"fresh", func(_ *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
		}, "loaded", "value ttl 1m0s, served"},
		{"expired", func(_ *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
			time.Sleep(70 * time.Second)
		}, "loaded; expired", "value ttl -10s, served"},
		{"expired long ago", func(_ *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
			time.Sleep(100 * time.Second)
		}, "loaded; expired", "value ttl -40s, served on error"},
		{"refreshed", func(_ *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
			time.Sleep(70 * time.Second)
			get(t, l, "42")
			synctest.Wait()
		}, "loaded; expired; loaded", "value ttl 1m0s, served"},
		{"purged", func(_ *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
			l.Purge(cache.PurgeStale, "42", "43")
		}, "loaded; invalidated by purge", "value ttl 0s, served on error"},
		{"removed", func(_ *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
			l.Purge(cache.PurgeRemove, "42")
		}, "loaded; invalidated by purge, removed", "nothing"},
		{"changed, and all purged", func(_ *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
			l.Invalidate(cache.ByBinlog, cache.PurgeStale, "42")
			get(t, l, "42")
			time.Sleep(time.Second)
			l.InvalidateAll(cache.ByBinlog, cache.PurgeStale)
			time.Sleep(time.Second)
			l.PurgeAll(cache.PurgeRemove)
		}, "loaded; invalidated by binlog; loaded; invalidated-all by binlog; invalidated-all by purge, removed", "nothing"},
		{"found stale by an audit", func(o *origin, c *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
			o.set("42", "new")
			a, err := c.Audit(context.Background(), func(a, b string) bool { return a == b })
			if _, stale := c.Confirm(a); err != nil || !stale {
				t.Errorf("audit: %v, %v", a.Outcome, err)
			}
		}, "loaded; invalidated by audit", "value ttl 0s, served on error"},
		{"absent", func(o *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			o.remove("42")
			get(t, l, "42")
			l.Purge(cache.PurgeStale, "42")
			get(t, l, "42")
		}, "absent; invalidated by purge; absent", "absence ttl 10s, served"},
		{"evicted", func(_ *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
			for i := range 20 {
				get(t, l, fmt.Sprint("other", i))
			}
		}, "loaded; evicted", "nothing"},
		{"too large", func(o *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			o.set("42", strings.Repeat("x", 1<<15))
			get(t, l, "42")
		}, "not-stored", "nothing"},
		{"invalidated during a load", func(o *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			o.slow(time.Second)
			go func() { _, _ = l.Get(context.Background(), "42") }()
			time.Sleep(500 * time.Millisecond)
			if i := l.Inspect("42"); !i.Loading || i.Held {
				t.Errorf("during the load: %+v, want it to be loading and not there", i)
			}
			l.Purge(cache.PurgeStale, "42")
			time.Sleep(time.Second)
		}, "superseded", "nothing"},
		{"MySQL away", func(o *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			get(t, l, "42")
			time.Sleep(100 * time.Second)
			o.fail(errors.New("away"))
			get(t, l, "42")
			time.Sleep(time.Second)
		}, "loaded; expired; load-failed", "value ttl -41s, served on error"},
		{"MySQL away and nothing there", func(o *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			o.fail(errors.New("away"))
			if _, err := l.Get(context.Background(), "42"); err == nil {
				t.Error("no error")
			}
		}, "", "nothing"},
		{"bad row", func(o *origin, _ *cache.Cache[string], l *cache.Lookup[string]) {
			o.bad["42"] = errBadRow
			if _, err := l.Get(context.Background(), "42"); err == nil {
				t.Error("no error")
			}
		}, "load-failed", "nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin("42", "value")
				settings := options()
				settings.MaxEntries, settings.Eviction = 20, cache.EvictLRU
				for i := range 20 {
					o.set(fmt.Sprint("other", i), "x")
				}
				c, l := open(t, settings, lifetimes, o.load)
				tt.life(o, c, l)
				synctest.Wait()
				before := c.Stats()
				i := l.Inspect("42")
				if got := story(i); got != tt.want {
					t.Errorf("events: %s; want %s", got, tt.want)
				}
				if got := there(i); got != tt.now {
					t.Errorf("there is %s; want %s", got, tt.now)
				}
				if after := c.Stats(); fmt.Sprint(after) != fmt.Sprint(before) {
					t.Errorf("an inspection has changed the numbers: %+v, before %+v", after, before)
				}
			})
		})
	}
}

func there(i cache.Inspection) string {
	if !i.Held {
		return "nothing"
	}
	text := "absence"
	if i.Found {
		text = "value"
	}
	text += fmt.Sprint(" ttl ", i.TTL)
	switch {
	case i.Serves:
		text += ", served"
	case i.ServesError:
		text += ", served on error"
	}
	return text
}

// TestEventsTellTheirTime counts the seconds.
func TestEventsTellTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l := open(t, options(), lifetimes, anything(10))
		began := time.Now()
		for range 3 { // loaded, 70 seconds later refreshed, 70 seconds later
			get(t, l, "42")
			synctest.Wait()
			time.Sleep(70 * time.Second)
		}
		i := l.Inspect("42")
		var at []string
		for _, e := range i.Events {
			at = append(at, fmt.Sprintf("%s %v", e.Kind, e.At.Sub(began)))
		}
		if got, want := strings.Join(at, ", "), "expired 3m20s, loaded 2m20s, expired 2m10s, loaded 1m10s, expired 1m0s, loaded 0s"; got != want {
			t.Errorf("events: %s; want %s", got, want)
		}
		if i.LoadedAt.Sub(began) != 140*time.Second || i.Age != 70*time.Second || !i.InvalidAt.IsZero() || i.Weight < 10 {
			t.Errorf("%+v", i)
		}
		if got := i.LeastRate; math.Abs(got-0.01159) > 0.00001 || i.MostRate != got { // 3 in 210 s, of which those 70, 140 and 210 s ago fade with a half-life of 120 s
			t.Errorf("asked for %v to %v times a second, want 0.01159", got, i.MostRate)
		}
	})
}

// TestJournalForgets: other keys' events take the place of the oldest.
func TestJournalForgets(t *testing.T) {
	_, l := open(t, options(), lifetimes, anything(10)) // MaxWeight and MaxEntryWeight make 16 shards
	get(t, l, "42")
	if got := story(l.Inspect("42")); got != "loaded" {
		t.Fatalf("events: %q, want loaded", got)
	}
	for i := range 40_000 {
		get(t, l, fmt.Sprint("other", i))
	}
	if got := story(l.Inspect("42")); strings.Contains(got, "loaded") { // it may have been evicted of late
		t.Errorf("events: %q, want the load forgotten after 40,000 others'", got)
	}
}
