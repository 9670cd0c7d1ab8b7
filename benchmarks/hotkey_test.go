package benchmarks

import (
	"net/http"
	"testing"
	"time"

	"productcache/internal/cache"
)

// hotTTL is long for 1,000 callers to be answered in, and short to wait for.
const hotTTL = time.Second

// BenchmarkHotKey lets a product that 1,000 callers want expire, with a query of 20 ms, and counts
// the queries that follow. With revalidate=on the old one is served meanwhile.
func BenchmarkHotKey(b *testing.B) {
	s := openShop(b)
	beside := s.openSide(b)
	c := oneLookup(b, productQuery(slow))
	for _, revalidate := range []struct {
		name   string
		period time.Duration
	}{{"off", 0}, {"on", time.Minute}} {
		b.Run("impl=productcache/revalidate="+revalidate.name, func(b *testing.B) {
			cached := newService(b, s.dsn(), c, func(o *options) {
				o.lifetimes = cache.Lifetimes{TTL: hotTTL, StaleWhileRevalidate: revalidate.period}
			})
			hot(b, cached, beside, 1, func() {
				loaded, err := cached.lookup.Reload(b.Context(), "1")
				if err != nil {
					b.Fatal(err)
				}
				<-time.After(loaded.TTL + time.Millisecond)
			}, func() { landed(cached) })
		})
	}
	b.Run("impl=mutexmap/revalidate=off", func(b *testing.B) {
		m := loading(s.direct(b, slow))
		hot(b, m, beside, 0, func() { m.forget("1") }, func() {})
	})
	b.Run("impl=mysql/revalidate=off", func(b *testing.B) {
		hot(b, s.direct(b, slow), beside, 0, func() {}, func() {})
	})
	b.Run("impl=bound/revalidate=off", func(b *testing.B) {
		hot(b, bound{[][]byte{sample()}}, beside, 0, func() {}, func() {})
	})
}

// landed returns when no load is under way.
func landed(s *service) {
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for s.cache.Stats().InFlight > 0 {
		<-again.C
	}
}

// hot lets the product expire and asks, as often as the benchmark wants. settle returns when no more
// queries will come; want is their exact number, unless it is 0.
func hot(b *testing.B, h http.Handler, beside *side, want int, expire, settle func()) {
	keys := make([]string, coldCallers)
	for i := range keys {
		keys[i] = "1"
	}
	all := requests(keys)
	var took latencies
	queries := 0
	for b.Loop() {
		b.StopTimer()
		expire()
		before := beside.selects(b)
		b.StartTimer()
		stampede(b, h, all, coldCallers, &took)
		b.StopTimer()
		settle()
		n := beside.selects(b) - before
		if want > 0 && n != want {
			b.Errorf("%d queries for a key that expired, want %d", n, want)
		}
		queries += n
		b.StartTimer()
	}
	b.ReportMetric(float64(queries)/float64(b.N), "queries/op")
	took.report(b)
}
