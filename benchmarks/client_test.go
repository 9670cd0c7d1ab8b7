package benchmarks

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sink is a ResponseWriter that costs nothing.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func newSink() *sink { return &sink{header: make(http.Header)} }

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(status int) {
	s.status = status
	clear(s.header)
}

func (s *sink) Write(p []byte) (int, error) {
	s.bytes += len(p)
	return len(p), nil
}

// get sends r to h and fails unless the answer is 200.
func (s *sink) get(tb testing.TB, h http.Handler, r *http.Request) {
	s.status = http.StatusOK
	h.ServeHTTP(s, r)
	if s.status != http.StatusOK {
		tb.Errorf("%s: status %d", r.URL, s.status)
	}
}

func number(n int) string { return strconv.Itoa(n) }

// target is the path of a product.
func target(key string) string { return "/v1/products/" + key }

// requests returns a request for each key.
func requests(keys []string) []*http.Request {
	all := make([]*http.Request, len(keys))
	for i, k := range keys {
		all[i] = httptest.NewRequest(http.MethodGet, target(k), nil)
	}
	return all
}

// several returns the path for n products from one on.
func several(n int) string {
	path := []byte("/v1/products?keys=1")
	for i := 2; i <= n; i++ {
		path = strconv.AppendInt(append(path, ','), int64(i), 10)
	}
	return string(path)
}

// latencies collects how long requests took.
type latencies struct {
	mu  sync.Mutex // guards all
	all []time.Duration
}

// add files what one goroutine has measured.
func (l *latencies) add(some []time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, some...)
}

// report reports the 99th percentile.
func (l *latencies) report(b *testing.B) {
	if len(l.all) > 0 {
		slices.Sort(l.all)
		b.ReportMetric(float64(l.all[len(l.all)*99/100]), "p99-ns")
	}
}

// spent is the processor time of this process, which other processes' work lengthens less than the
// clock's.
func spent(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU reports the processor time for each operation since before, and returns it.
func reportCPU(b *testing.B, before time.Duration) float64 {
	b.Helper()
	each := float64(spent(b)-before) / float64(b.N)
	b.ReportMetric(each, "cpu-ns/op")
	return each
}
