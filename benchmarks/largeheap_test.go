package benchmarks

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/benchmarks/peers/load"
)

// Variables for a heap of another size, and longer runs.
const (
	entriesVariable = "PRODUCTCACHE_BENCH_ENTRIES" // products in the large heap; 100,000
	secondsVariable = "PRODUCTCACHE_BENCH_SECONDS" // of each measurement; 1
)

const (
	smallHeap   = 10_000 // entries to compare with
	bytesAEntry = 8 << 30 / 5_000_000
	heapRounds  = 5
)

// BenchmarkLargeHeap compares hits in a large heap with those in a small one, at a fixed rate, and
// looks for the longest while all of a large cache is collected, purged or expires.
func BenchmarkLargeHeap(b *testing.B) {
	entries, seconds := fromEnvironment(b, entriesVariable, 100_000), fromEnvironment(b, secondsVariable, 1)
	b.Run(fmt.Sprintf("entries=%d", entries), func(b *testing.B) {
		for b.Loop() {
			small, large := startHeap(b, smallHeap), startHeap(b, entries)
			large.reportSize(b)
			compareHeaps(b, small, large, time.Duration(seconds)*time.Second)
			large.whileCollecting(b, 2*time.Duration(seconds)*time.Second)
			for _, what := range []string{"nothing", "collections", "expiry", "purge", "removal"} {
				large.do(b, "recovery?for=10ms")
				r := large.do(b, fmt.Sprintf("%s?for=%ds", what, 4*seconds))
				b.ReportMetric(r.Slowest[0].Seconds()*1e3, what+"-late-max-ms")
				b.ReportMetric(r.Slowest[1].Seconds()*1e3, what+"-hit-max-ms")
				b.ReportMetric(r.P999[1].Seconds()*1e6, what+"-hit-p99.9-µs")
				if what == "collections" {
					b.ReportMetric(r.Collecting.Seconds()*1e3, "collection-ms")
				}
				b.Logf("%s: %+v", what, r)
			}
			small.stop(b)
			large.stop(b)
		}
	})
}

func fromEnvironment(b *testing.B, name string, otherwise int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		b.Fatalf("%s must be a positive number, not %q", name, text)
	}
	return n
}

// heap is a child with a heapServer.
type heap struct {
	*child.Process
	entries int
}

func startHeap(b *testing.B, entries int) heap {
	b.Helper()
	bytes := max(cacheBytes, int64(entries)*bytesAEntry)
	p, err := child.Start(b.Context(), exec.Command(os.Args[0]), []string{heapVariable + "=" + strconv.FormatInt(bytes, 10)}, "listen", "control")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.Stop() })
	h := heap{p, entries}
	h.do(b, fmt.Sprint("fill?n=", entries))
	return h
}

func (h heap) stop(b *testing.B) {
	b.Helper()
	if err := h.Stop(); err != nil {
		b.Error(err)
	}
}

// do has the child do something, and returns its report.
func (h heap) do(b *testing.B, what string) (r heapReport) {
	b.Helper()
	response, err := http.Get("http://" + h.Address("control") + "/" + what)
	if err != nil {
		b.Fatal(err, h.Log())
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&r); err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("%s: status %d, %v\n%s", what, response.StatusCode, err, h.Log())
	}
	return r
}

// reportSize reports what an entry takes beside its key, its body and its gzip form.
func (h heap) reportSize(b *testing.B) {
	b.Helper()
	r := h.do(b, "report")
	resident, _, err := h.Memory()
	if err != nil {
		b.Fatal(err)
	}
	if want := int64(h.entries + smallHeap); r.Entries != want {
		b.Fatalf("the cache holds %d entries, want %d", r.Entries, want)
	}
	each := func(bytes int64) float64 { return float64(bytes) / float64(r.Entries) }
	b.ReportMetric(each(r.Bodies), "body-B/entry")
	b.ReportMetric(each(r.Loaded), "content-B/entry")
	b.ReportMetric(each(r.Heap-r.Loaded), "overhead-B/entry")
	b.ReportMetric(each(r.Weight-r.Loaded), "weighed-overhead-B/entry")
	b.ReportMetric(each(resident-r.Loaded), "rss-overhead-B/entry")
}

// compareHeaps asks both at a fixed rate over HTTP, in turns, one request in 200 for a product that
// is not there yet. It reports the medians of the rounds.
func compareHeaps(b *testing.B, small, large heap, duration time.Duration) {
	b.Helper()
	var found [2][3][]time.Duration
	quantiles := [...]float64{0.5, 0.99, 0.999}
	for round := range heapRounds {
		for i, h := range []heap{small, large} {
			r := h.ask(b, round, duration)
			for q, quantile := range quantiles {
				found[i][q] = append(found[i][q], r.Quantile(quantile))
			}
		}
	}
	for q, name := range []string{"p50", "p99", "p99.9"} {
		var median [2]time.Duration
		for i, h := range []string{"small", "large"} {
			slices.Sort(found[i][q])
			median[i] = found[i][q][heapRounds/2]
			b.ReportMetric(float64(median[i])/1e3, h+"-"+name+"-µs")
		}
		b.ReportMetric(float64(median[1])/float64(median[0]), name+"-ratio")
	}
	b.Logf("p50, p99 and p99.9 of all rounds, small and large: %v", found)
}

func (h heap) ask(b *testing.B, round int, duration time.Duration) load.Result {
	b.Helper()
	r, err := load.Run(b.Context(), load.Options{Network: "tcp", Address: h.Address("listen"), Connections: 32,
		Work: heapWork(h.entries, round), Answer: load.HTTP(200), Duration: duration, Rate: probeRate, Seed: uint64(round)})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// whileCollecting asks while a garbage collection is under way that nothing but this has made necessary.
func (h heap) whileCollecting(b *testing.B, duration time.Duration) {
	b.Helper()
	began, collected := time.Now(), make(chan time.Duration)
	go func() {
		response, err := http.Get("http://" + h.Address("control") + "/collection")
		if err == nil {
			response.Body.Close()
		}
		collected <- time.Since(began)
	}()
	r := h.ask(b, heapRounds, duration)
	b.ReportMetric(float64(r.Quantile(0.999))/1e3, "collecting-p99.9-µs")
	b.ReportMetric(float64(r.Quantile(1))/1e6, "collecting-max-ms")
	b.Logf("p50, p99 and p99.9 while collecting for %v: %v, %v, %v", <-collected, r.Quantile(0.5), r.Quantile(0.99), r.Quantile(0.999))
}

func heapWork(entries, round int) []load.Work {
	r := rand.New(rand.NewPCG(seed, uint64(round)))
	work := make([]load.Work, 1<<17)
	for i := range work {
		key := 1 + r.IntN(entries)
		if i%200 == 0 {
			key = entries + round*len(work) + i + 1
		}
		work[i] = load.Work{Answers: 1, Steps: [][]byte{fmt.Appendf(nil, "GET /v1/products/%d HTTP/1.1\r\nHost: localhost\r\n\r\n", key)}}
	}
	return work
}
