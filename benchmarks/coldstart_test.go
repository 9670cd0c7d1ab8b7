package benchmarks

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	coldCallers = 1000
	mostQueries = 150 // for 10,000 products, MySQL's own count
)

// BenchmarkColdStart lets 1,000 callers ask an empty cache for 10,000 products, each for ten. With
// slow queries, which take 20 ms, MySQL can be seen at its fullest.
func BenchmarkColdStart(b *testing.B) {
	s := openShop(b)
	beside := s.openSide(b)
	for _, q := range []struct{ name, source string }{{"plain", plain}, {"slow", slow}} {
		b.Run("query="+q.name+"/impl=productcache", func(b *testing.B) {
			c := oneLookup(b, productQuery(q.source))
			cold(b, beside, true, func() (http.Handler, func()) {
				cached := newService(b, s.dsn(), c, nil)
				return cached, func() { cached.close(b) }
			})
		})
	}
	b.Run("query=plain/impl=mutexmap", func(b *testing.B) {
		d := s.direct(b, plain)
		cold(b, beside, false, func() (http.Handler, func()) { return loading(d), func() {} })
	})
	b.Run("query=plain/impl=mysql", func(b *testing.B) {
		d := s.direct(b, plain)
		cold(b, beside, false, func() (http.Handler, func()) { return d, func() {} })
	})
	b.Run("query=plain/impl=bound", func(b *testing.B) {
		cold(b, beside, false, func() (http.Handler, func()) { return bound{[][]byte{sample()}}, func() {} })
	})
}

// cold starts and asks as often as the benchmark wants. Where the limits are kept to, exceeding them
// fails.
func cold(b *testing.B, beside *side, limited bool, start func() (h http.Handler, end func())) {
	keys := make([]string, products)
	for i := range keys {
		keys[i] = number(i + 1)
	}
	all := requests(keys)
	var took latencies
	queries, samples, most := 0, 0, 0
	for b.Loop() {
		b.StopTimer()
		h, end := start()
		before := beside.selects(b)
		beside.watch(b)
		b.StartTimer()
		stampede(b, h, all, coldCallers, &took)
		b.StopTimer()
		beside.unwatch()
		end()
		n := beside.selects(b) - before
		if limited && (n > mostQueries || beside.most > maxConns) {
			b.Errorf("%d queries, want at most %d; %d at a time, want at most %d", n, mostQueries, beside.most, maxConns)
		}
		queries, samples, most = queries+n, samples+beside.samples, max(most, beside.most)
		b.StartTimer()
	}
	b.ReportMetric(float64(queries)/float64(b.N), "queries/op")
	b.ReportMetric(float64(most), "most-at-once")
	b.ReportMetric(float64(samples)/float64(b.N), "samples/op")
	took.report(b)
}

// stampede has callers share out the requests, all starting at once. Every request must be answered.
func stampede(b *testing.B, h http.Handler, all []*http.Request, callers int, took *latencies) {
	var next, answered atomic.Int64
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for range callers {
		ready.Add(1)
		done.Go(func() {
			w := newSink()
			var mine []time.Duration
			ready.Done()
			<-start
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				began := time.Now()
				w.get(b, h, all[i])
				mine = append(mine, time.Since(began))
				answered.Add(1)
			}
			took.add(mine)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	if answered.Load() != int64(len(all)) {
		b.Errorf("%d of %d requests were answered", answered.Load(), len(all))
	}
}
