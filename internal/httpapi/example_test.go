package httpapi_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"productcache/internal/cache"
	"productcache/internal/catalog"
	"productcache/internal/document"
	"productcache/internal/httpapi"
)

func ExampleNew() {
	c, err := cache.New(cache.Options[*document.Document]{
		MaxWeight: 64 << 20, MaxEntryWeight: 1 << 20, MaxNegatives: 1000, Concurrency: 8, BatchKeys: 100, MaxWaiting: 1000,
		LoadTimeout: 5 * time.Second, Weigh: (*document.Document).Weight,
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	load := func(_ context.Context, keys []string) ([]cache.Loaded[*document.Document], error) {
		loaded := make([]cache.Loaded[*document.Document], len(keys))
		for i, key := range keys {
			if len(key) < 3 {
				loaded[i].Value, loaded[i].Found = document.New(fmt.Appendf(nil, `{"id":%s}`, key), nil), true
			}
		}
		return loaded, nil
	}
	products, err := c.NewLookup("products", cache.Lifetimes{TTL: 5 * time.Minute, NegativeTTL: 10 * time.Second}, load)
	if err != nil {
		panic(err)
	}

	keys := &catalog.Lookup{Name: "products", KeyType: catalog.Integer}
	handler, err := httpapi.New(httpapi.Options{
		Lookups:        []httpapi.Lookup{{Name: keys.Name, ParseKey: keys.ParseKey, Cache: products}},
		MaxKeys:        100,
		RequestTimeout: 5 * time.Second,
		Observe: func(o httpapi.Observation) {
			fmt.Println("#", o.Lookup, o.Outcome, o.Status, o.Keys)
		},
	})
	if err != nil {
		panic(err)
	}
	for _, target := range []string{"/v1/products/42", "/v1/products?keys=42,7,1234", "/v1/products/1234"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		fmt.Println(w.Body)
		fmt.Println(w.Header().Get("Cache-Status"))
	}
	// Output:
	// # products miss 200 1
	// {"id":42}
	// productcache; fwd=miss; stored
	// # products miss 200 3
	// {"items":{"42":{"id":42},"7":{"id":7}},"missing":["1234"],"unavailable":[]}
	// productcache; fwd=miss; stored; detail="hit=1 miss=2"
	// # products negative 404 1
	// {"type":"/problems/unknown-key","title":"There is nothing with this key","status":404,"detail":"The database has no row for it, or none that may be shown."}
	// productcache; hit; detail=negative
}
