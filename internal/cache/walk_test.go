package cache

import (
	"context"
	"fmt"
	"testing"
	"time"

	"productcache/internal/racetest"
)

// stringCache is a cache of short strings in one shard, the key its own value.
func stringCache(t *testing.T, keys int) (*Cache[string], *Lookup[string]) {
	t.Helper()
	c, err := New(Options[string]{MaxWeight: 1 << 22, MaxEntryWeight: 1 << 20, Concurrency: 1, BatchKeys: keys, MaxWaiting: keys,
		LoadTimeout: time.Second, Weigh: func(string) int { return 16 }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	l, err := c.NewLookup("products", Lifetimes{TTL: time.Hour}, func(_ context.Context, keys []string) (loaded []Loaded[string], err error) {
		for _, key := range keys {
			loaded = append(loaded, Loaded[string]{Value: key, Found: true})
		}
		return loaded, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for from := range keys {
		if _, err := l.Get(context.Background(), fmt.Sprint(from)); err != nil {
			t.Fatal(err)
		}
	}
	return c, l
}

// TestRandomPicksAllAlike: each value about as often as any other, though several
// are picked in one walk.
func TestRandomPicksAllAlike(t *testing.T) {
	racetest.Skip(t)
	const keys, each = 3000, 20
	c, _ := stringCache(t, keys)
	if n := len(c.shards); n != 1 {
		t.Fatalf("%d shards, want 1", n)
	}
	c.random()
	if n := len(c.draw.stock); n != keys/valuesAPick {
		t.Errorf("%d picks in stock, want %d", n, keys/valuesAPick)
	}
	picked := make(map[string]int)
	for range keys * each {
		picked[c.random().key()]++
	}
	for key, n := range picked {
		if n > 3*each {
			t.Errorf("key %s was picked %d times, want about %d", key, n, each)
		}
	}
	if len(picked) < keys-3 {
		t.Errorf("%d of %d keys were picked, want all", len(picked), keys)
	}
}

// TestRandomOfWhatIsGone is nothing, and what has come since is found again.
func TestRandomOfWhatIsGone(t *testing.T) {
	c, l := stringCache(t, 3000)
	c.random()
	for i := range 3000 {
		l.Purge(PurgeRemove, fmt.Sprint(i))
	}
	for range len(c.draw.stock) + 5 {
		if e := c.random(); e != nil {
			t.Fatalf("random = %s, want nothing", e.key())
		}
	}
	if _, err := l.Get(context.Background(), "new"); err != nil {
		t.Fatal(err)
	}
	if e := c.random(); e == nil || e.key() != "new" {
		t.Errorf("random = %v, want new", e)
	}
}
