package benchmarks

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"productcache/internal/cache"
)

// traceVariable names a file with one key a line, as text or compressed by xz.
const traceVariable = "PRODUCTCACHE_BENCH_TRACE"

// BenchmarkEviction replays a trace through the cache with each rule and room
// for 1, 5, 10 and 20 % of its keys, one request after the other, and tells how
// many hit. The rules take turns, so that vs-lru compares what ran side by side.
func BenchmarkEviction(b *testing.B) {
	file := os.Getenv(traceVariable)
	if file == "" {
		b.Skip(traceVariable + " names no trace to replay")
	}
	keys, distinct := readTrace(b, file)
	rules := []cache.Eviction{cache.EvictLRU, cache.Evict2Q, cache.EvictTinyLFU, cache.EvictAdaptive}
	for _, percent := range []int{1, 5, 10, 20} {
		b.Run(fmt.Sprintf("size=%d%%", percent), func(b *testing.B) {
			hits, took := map[cache.Eviction]int{}, map[cache.Eviction]time.Duration{}
			for b.Loop() {
				for _, rule := range rules {
					n, d := replay(b, rule, keys, distinct*percent/100)
					hits[rule] += n
					took[rule] += d
				}
			}
			all := float64(b.N) * float64(len(keys))
			for _, rule := range rules {
				b.ReportMetric(100*float64(hits[rule])/all, string(rule)+"-hit%")
				b.ReportMetric(float64(took[rule].Nanoseconds())/all, string(rule)+"-cpu-ns/request")
				b.ReportMetric(float64(took[rule])/float64(took[cache.EvictLRU]), string(rule)+"-vs-lru")
			}
		})
	}
}

// replay returns the hits, and the processor time that all took, with a load
// function that does next to nothing.
func replay(tb testing.TB, rule cache.Eviction, keys []string, room int) (hits int, took time.Duration) {
	tb.Helper()
	c, err := cache.New(cache.Options[int]{
		MaxWeight: 1 << 30, MaxEntries: room, MaxEntryWeight: 1 << 10, Concurrency: 1, BatchKeys: 1, MaxWaiting: 10,
		LoadTimeout: time.Minute, Weigh: func(int) int { return 8 }, Eviction: rule,
	})
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close(context.Background())
	l, err := c.NewLookup("trace", cache.Lifetimes{TTL: time.Hour}, one)
	if err != nil {
		tb.Fatal(err)
	}
	begun := spent(tb)
	for _, key := range keys {
		a, err := l.Get(context.Background(), key)
		if err != nil {
			tb.Fatal(err)
		}
		if a.Outcome == cache.Hit {
			hits++
		}
	}
	return hits, spent(tb) - begun
}

func one(_ context.Context, keys []string) ([]cache.Loaded[int], error) {
	loaded := make([]cache.Loaded[int], len(keys))
	for i := range loaded {
		loaded[i].Found = true
	}
	return loaded, nil
}

func readTrace(tb testing.TB, file string) (keys []string, distinct int) {
	tb.Helper()
	content, err := os.ReadFile(file)
	if strings.HasSuffix(file, ".xz") {
		content, err = exec.Command("xz", "-dc", file).Output()
	}
	if err != nil {
		tb.Fatal(err)
	}
	seen := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(string(content)))
	for lines.Scan() {
		keys = append(keys, lines.Text())
		seen[lines.Text()] = true
	}
	if err := lines.Err(); err != nil && err != io.EOF {
		tb.Fatal(err)
	}
	return keys, len(seen)
}
