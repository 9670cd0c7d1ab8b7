package benchmarks

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"productcache/internal/admin"
	"productcache/internal/cache"
	"productcache/internal/catalog"
	"productcache/internal/document"
	"productcache/internal/httpapi"
	"productcache/internal/store"
)

// Settings of the service: the defaults of the program's flags.
const (
	cacheBytes   = 256 << 20
	maxConns     = 8
	batchKeys    = 100
	maxWaiting   = 10_000
	waitLimit    = 5 * time.Second
	queryTimeout = 2 * time.Second
)

func defaultLifetimes() cache.Lifetimes {
	return cache.Lifetimes{TTL: 5 * time.Minute, StaleWhileRevalidate: 30 * time.Second, StaleIfError: 24 * time.Hour,
		NegativeTTL: 10 * time.Second, Jitter: 0.1}
}

// service is what cmd/productcache wires, within this process: store, cache, metrics and handler.
type service struct {
	http.Handler
	store  *store.Store // nil: loads come from elsewhere
	cache  *cache.Cache[*document.Document]
	lookup *cache.Lookup[*document.Document]
}

// options say how a service differs from the program's defaults.
type options struct {
	bytes     int64
	lifetimes cache.Lifetimes
	load      cache.LoadFunc[*document.Document] // instead of the store's
}

// newService makes a service of the only lookup of a catalog. dsn is not used where options name
// another load.
func newService(tb testing.TB, dsn string, c *catalog.Catalog, change func(*options)) *service {
	tb.Helper()
	o := options{bytes: cacheBytes, lifetimes: defaultLifetimes()}
	if change != nil {
		change(&o)
	}
	s, of := &service{}, c.Lookups[0]
	if o.load == nil {
		var err error
		if s.store, err = store.Open(store.Options{DSN: dsn, MaxConns: maxConns, QueryTimeout: queryTimeout}); err != nil {
			tb.Fatal(err)
		}
		o.load = s.loader(of)
	}
	var err error
	s.cache, err = cache.New(cache.Options[*document.Document]{
		MaxWeight: o.bytes, MaxEntryWeight: 1 << 20, MaxNegatives: 100_000, Concurrency: maxConns, BatchKeys: batchKeys,
		MaxWaiting: maxWaiting, LoadTimeout: waitLimit, Weigh: (*document.Document).Weight, Splittable: store.Splittable,
	})
	if err != nil {
		tb.Fatal(err)
	}
	if s.lookup, err = s.cache.NewLookup(of.Name, o.lifetimes, o.load); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.close(tb) })
	s.serve(tb, of)
	return s
}

func (s *service) loader(of *catalog.Lookup) cache.LoadFunc[*document.Document] {
	return func(ctx context.Context, keys []string) ([]cache.Loaded[*document.Document], error) {
		rows, err := s.store.Load(ctx, of, keys)
		if err != nil {
			return nil, err
		}
		loaded := make([]cache.Loaded[*document.Document], len(rows))
		for i, row := range rows {
			loaded[i] = cache.Loaded[*document.Document]{Value: row.Document, Found: row.Found}
		}
		return loaded, nil
	}
}

func (s *service) serve(tb testing.TB, of *catalog.Lookup) {
	tb.Helper()
	metrics := admin.NewMetrics("benchmark", s.cache.Stats, func() admin.DatabaseStats { return admin.DatabaseStats{} }, nil)
	var err error
	s.Handler, err = httpapi.New(httpapi.Options{
		Lookups:        []httpapi.Lookup{{Name: of.Name, Many: of.Many, ParseKey: of.ParseKey, Cache: s.lookup}},
		MaxKeys:        100,
		RequestTimeout: waitLimit,
		Classify: func(err error) httpapi.Fault {
			if errors.Is(err, store.ErrUnavailable) {
				return httpapi.Unavailable
			}
			return httpapi.Internal
		},
		Observe: func(o httpapi.Observation) { metrics.Observe(o.Lookup, o.Outcome, o.Status, o.Duration) },
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// close ends the service; a second time it does nothing.
func (s *service) close(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	if err := s.cache.Close(ctx); err != nil {
		tb.Error(err)
	}
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			tb.Error(err)
		}
	}
}

// warm loads products 1 to n.
func (s *service) warm(tb testing.TB, n int) {
	tb.Helper()
	var keys []string
	for i := range n {
		keys = append(keys, number(i+1))
		if len(keys) == batchKeys || i == n-1 {
			for _, r := range s.lookup.GetMany(tb.Context(), keys, nil) {
				if r.Err != nil || !r.Found {
					tb.Fatalf("warming: %+v", r)
				}
			}
			keys = keys[:0]
		}
	}
}

// queries is how many queries the store has sent for loads.
func (s *service) queries() float64 { return float64(s.store.Stats().Queries) }
