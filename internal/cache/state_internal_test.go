package cache

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestInvalidValueIsNoHit: a caller whose load has failed reads the clock, all of the
// lookup or the key alone is invalidated, and only then the caller looks what may be served.
func TestInvalidValueIsNoHit(t *testing.T) {
	for name, invalidate := range map[string]func(*Lookup[string]){
		"key": func(l *Lookup[string]) { l.Purge(PurgeStale, "42") },
		"all": func(l *Lookup[string]) { l.PurgeAll(PurgeStale) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := lookupForTest(t)
				if _, err := l.Get(t.Context(), "42"); err != nil {
					t.Fatal(err)
				}
				before := l.cache.now()
				time.Sleep(time.Second)
				invalidate(l)
				hash := l.hash("42")
				a, ok := l.shard(hash).lookStale(l, "42", hash, before, true)
				if !ok || a.Outcome != StaleError || a.TTL > 0 {
					t.Errorf("lookStale = %v with TTL %v, %v; want stale-error with none left", a.Outcome, a.TTL, ok)
				}
			})
		})
	}
}

// lookupForTest makes a cache with one lookup, all keys of which have a value.
func lookupForTest(t *testing.T) *Lookup[string] {
	t.Helper()
	c, err := New(Options[string]{MaxWeight: 1 << 20, MaxEntryWeight: 1 << 14, Concurrency: 1, BatchKeys: 1, MaxWaiting: 10,
		LoadTimeout: time.Second, Weigh: func(v string) int { return len(v) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	l, err := c.NewLookup("products", Lifetimes{TTL: time.Minute, StaleIfError: time.Hour}, func(_ context.Context, keys []string) ([]Loaded[string], error) {
		return slices.Repeat([]Loaded[string]{{Value: "v", Found: true}}, len(keys)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
