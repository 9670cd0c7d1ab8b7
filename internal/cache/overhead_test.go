package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"productcache/internal/cache"
	"productcache/internal/document"
	"productcache/internal/racetest"
)

// TestOverheadOfAnEntry: the heap grows by no more than 200 bytes beside a key of
// seven digits and a document of a kilobyte, on average.
func TestOverheadOfAnEntry(t *testing.T) {
	racetest.Skip(t)
	const entries = 20_000 // maps are three quarters full
	content := 0
	c, err := cache.New(cache.Options[*document.Document]{
		MaxWeight: 1 << 30, MaxEntryWeight: 1 << 20, Concurrency: 1, BatchKeys: 100, MaxWaiting: 1000,
		LoadTimeout: options().LoadTimeout, Weigh: (*document.Document).Weight, Eviction: cache.Evict2Q,
	})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	l, err := c.NewLookup("products", lifetimes, func(_ context.Context, keys []string) ([]cache.Loaded[*document.Document], error) {
		body := make([]byte, 500+random.IntN(1001))
		for i := range body {
			body[i] = byte(random.Uint32())
		}
		content += len(keys[0]) + len(body)
		return []cache.Loaded[*document.Document]{{Value: document.New(body, nil), Found: true}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.StopSizingForTest() // it takes a fixed part of the bound
	before := heap()
	for i := range entries {
		if _, err := l.Get(context.Background(), fmt.Sprint(1_000_000+i)); err != nil {
			t.Fatal(err)
		}
	}
	grown, counted := heap()-before, c.Stats().Weight
	each := float64(grown-int64(content)) / entries
	t.Logf("%.1f bytes, %.1f counted", each, float64(counted-int64(content))/entries)
	if each > 200 {
		t.Errorf("an entry takes %.1f bytes beside key and document, want at most 200", each)
	}
	runtime.KeepAlive(c)
	if err := c.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
