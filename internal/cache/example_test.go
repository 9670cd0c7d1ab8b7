package cache_test

import (
	"context"
	"fmt"
	"time"

	"productcache/internal/cache"
)

func ExampleNew() {
	c, err := cache.New(cache.Options[string]{
		MaxWeight:      64 << 20,
		MaxEntryWeight: 1 << 20,
		MaxNegatives:   1000,
		Concurrency:    8,
		BatchKeys:      100,
		MaxWaiting:     10000,
		LoadTimeout:    5 * time.Second,
		Weigh:          func(v string) int { return len(v) },
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	defer func() { _ = c.Close(ctx) }()

	names := map[string]string{"42": "mug"}
	products, err := c.NewLookup("products", cache.Lifetimes{TTL: 5 * time.Minute, NegativeTTL: 10 * time.Second},
		func(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
			var loaded []cache.Loaded[string]
			for _, key := range keys {
				name, found := names[key]
				loaded = append(loaded, cache.Loaded[string]{Value: name, Found: found})
			}
			return loaded, nil
		})
	if err != nil {
		panic(err)
	}

	for range 2 {
		a, err := products.Get(ctx, "42")
		fmt.Println(a.Value, a.Outcome, err)
	}
	names["42"] = "cup"
	products.Purge(cache.PurgeStale, "42")
	for _, r := range products.GetMany(ctx, []string{"42", "43"}, nil) {
		fmt.Println(r.Value, r.Found, r.Outcome, r.Err)
	}
	fmt.Println(c.Stats().Entries, "value,", c.Stats().Negatives, "absence")
	// Output:
	// mug miss <nil>
	// mug hit <nil>
	// cup true miss <nil>
	//  false miss <nil>
	// 1 value, 1 absence
}

func ExampleCache_Audit() {
	c, err := cache.New(cache.Options[string]{
		MaxWeight:      64 << 20,
		MaxEntryWeight: 1 << 20,
		Concurrency:    8,
		BatchKeys:      100,
		MaxWaiting:     10000,
		LoadTimeout:    5 * time.Second,
		Weigh:          func(v string) int { return len(v) },
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	defer func() { _ = c.Close(ctx) }()

	name := "mug"
	products, err := c.NewLookup("products", cache.Lifetimes{TTL: 5 * time.Minute},
		func(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
			return []cache.Loaded[string]{{Value: name, Found: true}}, nil
		})
	if err != nil {
		panic(err)
	}
	if _, err := products.Get(ctx, "42"); err != nil {
		panic(err)
	}

	name = "cup" // and nobody purges 42
	a, err := c.Audit(ctx, func(cached, loaded string) bool { return cached == loaded })
	fmt.Println(a.Outcome, err, a.Lookup, a.Key, a.Cached, a.Loaded.Value)
	_, stale := c.Confirm(a) // some time later
	fmt.Println(stale, c.Stats().Audits.Stale)
	// Output:
	// different <nil> products 42 mug cup
	// true 1
}
