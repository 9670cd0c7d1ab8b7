package benchmarks

import (
	"context"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"productcache/internal/cache"
	"productcache/internal/document"
)

// BenchmarkMiss asks for a product that is not in memory, with one caller and with many.
func BenchmarkMiss(b *testing.B) {
	s := openShop(b)
	c := oneLookup(b, productQuery(plain))
	for _, callers := range []int{1, 64} {
		b.Run("impl=productcache/callers="+number(callers), func(b *testing.B) {
			cached := newService(b, s.dsn(), c, nil)
			before := cached.queries()
			miss(b, callers, cached, func(key string) { cached.lookup.Purge(cache.PurgeRemove, key) })
			b.ReportMetric((cached.queries()-before)/float64(b.N), "queries/op")
		})
		b.Run("impl=mutexmap/callers="+number(callers), func(b *testing.B) {
			m := loading(s.direct(b, plain))
			miss(b, callers, m, m.forget)
		})
		b.Run("impl=mysql/callers="+number(callers), func(b *testing.B) {
			miss(b, callers, s.direct(b, plain), func(string) {})
		})
		b.Run("impl=bound/callers="+number(callers), func(b *testing.B) {
			// All but MySQL: the load knows the answer.
			d := document.New(sample(), nil)
			cached := newService(b, "", c, func(o *options) { o.load = known(d) })
			miss(b, callers, cached, func(key string) { cached.lookup.Purge(cache.PurgeRemove, key) })
		})
	}
}

// known is a load that always finds d.
func known(d *document.Document) cache.LoadFunc[*document.Document] {
	return func(_ context.Context, keys []string) ([]cache.Loaded[*document.Document], error) {
		loaded := make([]cache.Loaded[*document.Document], len(keys))
		for i := range loaded {
			loaded[i] = cache.Loaded[*document.Document]{Value: d, Found: true}
		}
		return loaded, nil
	}
}

// miss asks h for products that forget has removed just before.
func miss(b *testing.B, callers int, h http.Handler, forget func(key string)) {
	var sources atomic.Uint64
	var all latencies
	b.ReportAllocs()
	ask := func(next func() bool) {
		draw, w := uniform(sources.Add(1), products), newSink()
		var took []time.Duration
		for next() {
			key := number(draw())
			r := requests([]string{key})[0]
			forget(key)
			start := time.Now()
			w.get(b, h, r)
			took = append(took, time.Since(start))
		}
		all.add(took)
	}
	if callers == 1 {
		ask(b.Loop)
	} else {
		b.SetParallelism(callers / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) { ask(pb.Next) })
	}
	all.report(b)
}
