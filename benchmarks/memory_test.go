package benchmarks

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"productcache/benchmarks/internal/child"
)

// mostMemory is what the process may take: -cache-bytes with a share for the collector, and the rest.
const mostMemory = cacheBytes*135/100 + 32<<20

// fillers is how many connections fill at the same time.
const fillers = 8

// BenchmarkMemory fills the real program with products of 1 kB up to -cache-bytes, and then asks
// for ten times as many others. It reports the most memory that the kernel saw the process have.
func BenchmarkMemory(b *testing.B) {
	s := openShop(b)
	binary := program(b)
	file := filepath.Join(b.TempDir(), "catalog.yaml")
	if err := os.WriteFile(file, []byte(endlessCatalog), 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("limit=256MiB/product=1kB", func(b *testing.B) {
		for b.Loop() {
			p := startProgram(b, binary, s.dsn(), "-catalog="+file, "-cache-bytes=256MiB", "-ttl=24h")
			f := &filler{b: b, process: p}
			for range fillers {
				f.clients = append(f.clients, dial(b, p.Address("listen")))
			}
			f.untilEvictions()
			held := f.asked
			f.report("filled")
			f.upTo(11 * held)
			f.report("churned")
			if most := f.memory(); most > mostMemory {
				b.Errorf("the process had %d MiB, want at most %d MiB", most>>20, mostMemory>>20)
			}
			if b.Failed() {
				b.Log(p.Log())
			}
		}
	})
}

// endlessCatalog serves more products than anybody wants to store: MariaDB makes them up.
const endlessCatalog = `lookups:
  products:
    key: id
    key_type: integer
    query: >-
      SELECT seq AS id, CONCAT('M-', seq) AS model, CONCAT('Product number ', seq) AS name, seq / 7 AS price,
      ` + description + ` AS description
      FROM seq_1_to_1000000000 WHERE seq IN (:keys)
`

// filler asks for products that were not asked for before.
type filler struct {
	b       *testing.B
	process *child.Process
	clients []*client
	asked   int // products
}

// upTo asks, over all connections, until so many have been asked for, or one answer is bad.
func (f *filler) upTo(n int) {
	var next atomic.Int64
	next.Store(int64(f.asked))
	var done sync.WaitGroup
	for _, c := range f.clients {
		done.Go(func() {
			for end := next.Add(batchKeys); end <= int64(n) && !f.b.Failed(); end = next.Add(batchKeys) {
				path := []byte("/v1/products?keys=")
				for i := end - batchKeys + 1; i < end; i++ {
					path = append(strconv.AppendInt(path, i, 10), ',')
				}
				c.get(f.b, string(strconv.AppendInt(path, end, 10)))
			}
			c.took = c.took[:0]
		})
	}
	done.Wait()
	f.asked = n
}

func (f *filler) untilEvictions() {
	for !f.b.Failed() && f.metric("productcache_cache_evictions_total") == 0 {
		f.upTo(f.asked + 10*batchKeys)
	}
}

func (f *filler) metric(name string) float64 {
	value, err := f.process.Metric(context.Background(), name)
	if err != nil {
		f.b.Fatal(err)
	}
	return value
}

// memory is the most that the process had.
func (f *filler) memory() int64 {
	_, most, err := f.process.Memory()
	if err != nil {
		f.b.Fatal(err)
	}
	return most
}

func (f *filler) report(when string) {
	now, most, err := f.process.Memory()
	if err != nil {
		f.b.Fatal(err)
	}
	f.b.ReportMetric(float64(now)/cacheBytes, when+"-rss/limit")
	f.b.ReportMetric(float64(most)/cacheBytes, when+"-peak/limit")
	f.b.ReportMetric(f.metric("productcache_cache_bytes")/cacheBytes, when+"-weight/limit")
	f.b.ReportMetric(f.metric("productcache_cache_entries"), when+"-entries")
}
