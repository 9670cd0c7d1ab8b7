package benchmarks

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"productcache/internal/cache"
)

// mixBytes has room for a third of the products.
const mixBytes = 5 << 20

// BenchmarkMix asks as a shop does, through everything: skewed keys, of a hundred requests ninety
// for one product, eight for 24 and two for products that there are not, and a purge now and then.
func BenchmarkMix(b *testing.B) {
	s := openShop(b)
	b.Run("impl=productcache", func(b *testing.B) {
		cached := newService(b, s.dsn(), oneLookup(b, productQuery(plain)), func(o *options) { o.bytes = mixBytes })
		purge := func(key string) { cached.lookup.Purge(cache.PurgeStale, key) }
		warmMix(cached)
		queries, before := cached.queries(), cached.cache.Stats()
		mixed(b, cached, purge)
		after := cached.cache.Stats()
		hits, asked := uint64(0), uint64(0)
		for outcome, n := range after.Lookups[0].Answers {
			n -= before.Lookups[0].Answers[outcome]
			asked += n
			if o := cache.Outcome(outcome); o == cache.Hit || o == cache.Stale || o == cache.Negative {
				hits += n
			}
		}
		b.ReportMetric(float64(hits)/float64(asked), "hit-ratio")
		b.ReportMetric(float64(after.Entries), "entries")
		b.ReportMetric((cached.queries()-queries)/float64(b.N), "queries/op")
	})
	b.Run("impl=mutexmap", func(b *testing.B) {
		m := loading(s.direct(b, plain))
		warmMix(m)
		mixed(b, m, m.forget)
		b.ReportMetric(float64(len(m.values)), "entries")
	})
	b.Run("impl=mysql", func(b *testing.B) { mixed(b, s.direct(b, plain), func(string) {}) })
	b.Run("impl=bound", func(b *testing.B) { mixed(b, bound{[][]byte{sample()}}, func(string) {}) })
}

// warmMix asks as often as it takes for the cache to be as full as it gets.
func warmMix(h http.Handler) {
	m, w := newMix(0), newSink()
	for range 2 * products {
		h.ServeHTTP(w, m.next(func(string) {}))
	}
}

// mixed asks from many callers.
func mixed(b *testing.B, h http.Handler, purge func(key string)) {
	var sources atomic.Uint64
	var all latencies
	b.ReportAllocs()
	b.ResetTimer()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		m := newMix(sources.Add(1))
		w := newSink()
		var took []time.Duration
		for pb.Next() {
			r := m.next(purge)
			start := time.Now()
			h.ServeHTTP(w, r)
			took = append(took, time.Since(start))
		}
		all.add(took)
	})
	all.report(b)
}

// mix draws requests.
type mix struct {
	chance *rand.Rand
	key    func() int
}

func newMix(source uint64) *mix {
	return &mix{chance: rand.New(rand.NewPCG(seed, source)), key: zipf(source, products)}
}

func (m *mix) next(purge func(key string)) *http.Request {
	path := target(number(m.key()))
	switch percent := m.chance.IntN(100); {
	case percent < 2:
		path = target(number(products + 1 + m.chance.IntN(1_000_000)))
	case percent < 10:
		path = "/v1/products?keys=" + number(m.key())
		for range 23 {
			path += "," + number(m.key())
		}
	}
	if m.chance.IntN(1000) == 0 {
		purge(number(m.key()))
	}
	return httptest.NewRequest(http.MethodGet, path, nil)
}
