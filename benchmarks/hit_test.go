package benchmarks

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"productcache/internal/cache"
	"productcache/internal/document"
)

const entries = 100_000

// filled returns a service in whose cache all of 100,000 small products are, without a database.
func filled(tb testing.TB) *service {
	tb.Helper()
	load := func(_ context.Context, keys []string) ([]cache.Loaded[*document.Document], error) {
		loaded := make([]cache.Loaded[*document.Document], len(keys))
		for i, k := range keys {
			loaded[i] = cache.Loaded[*document.Document]{Value: document.New(smallProduct(k), nil), Found: true}
		}
		return loaded, nil
	}
	s := newService(tb, "", oneLookup(tb, productQuery(plain)), func(o *options) { o.load = load })
	s.warm(tb, entries)
	if held := s.cache.Stats().Entries; held != entries {
		tb.Fatalf("the cache holds %d entries, want %d", held, entries)
	}
	return s
}

func smallProduct(key string) []byte {
	return fmt.Appendf(nil, `{"id":%s,"model":"M-%[1]s","name":"Product number %[1]s","price":"9.9900","quantity":7}`, key)
}

// filledMap is the yardstick with the same products.
func filledMap() *mutexMap {
	m := &mutexMap{values: make(map[string][]byte, entries)}
	for i := range entries {
		m.values[number(i+1)] = smallProduct(number(i + 1))
	}
	return m
}

// BenchmarkHit asks 100,000 entries from as many goroutines as there are processors. Run it with
// -cpu 1,2.
func BenchmarkHit(b *testing.B) {
	cached := sync.OnceValue(func() *cache.Lookup[*document.Document] { return filled(b).lookup })
	mapped := sync.OnceValue(filledMap)
	for _, order := range []struct {
		name string
		next func(source uint64, n int) func() int
	}{{"zipf", zipf}, {"uniform", uniform}} {
		keys := sync.OnceValue(func() (keys [4][]string) {
			for i := range keys {
				keys[i] = texts(order.next(uint64(i+1), entries))
			}
			return keys
		})
		b.Run("keys="+order.name+"/impl=productcache", func(b *testing.B) {
			l := cached()
			hit(b, keys(), func(key string) bool {
				a, err := l.Get(context.Background(), key)
				return err == nil && a.Outcome == cache.Hit
			})
		})
		b.Run("keys="+order.name+"/impl=mutexmap", func(b *testing.B) {
			m := mapped()
			hit(b, keys(), func(key string) bool {
				_, err := m.get(context.Background(), key)
				return err == nil
			})
		})
		b.Run("keys="+order.name+"/impl=bound", func(b *testing.B) {
			values := mapped().values // nobody writes, so that no lock is needed
			hit(b, keys(), func(key string) bool { return values[key] != nil })
		})
	}
}

// hit asks from several goroutines, each for keys of its own.
func hit(b *testing.B, keys [4][]string, get func(key string) bool) {
	var sources atomic.Uint64
	b.ReportAllocs()
	b.ResetTimer()
	before := spent(b)
	b.RunParallel(func(pb *testing.PB) {
		mine := keys[sources.Add(1)%uint64(len(keys))]
		for i := 0; pb.Next(); i++ {
			if key := mine[i&(len(mine)-1)]; !get(key) {
				b.Error("no hit: ", key)
			}
		}
	})
	reportCPU(b, before)
}
