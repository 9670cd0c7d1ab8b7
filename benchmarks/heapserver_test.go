package benchmarks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"productcache/internal/cache"
	"productcache/internal/document"
	"productcache/internal/httpapi"
)

// heapVariable makes a child a heapServer, of so many bytes.
const heapVariable = "PRODUCTCACHE_BENCHMARK_HEAP"

// heapServer is the service without its database, in a process of its own: products of 1 kB on one
// listener, with the fast path, and what is to befall the cache on another.
type heapServer struct {
	cache     *cache.Cache[*document.Document]
	lookup    *cache.Lookup[*document.Document]
	other     *cache.Lookup[*document.Document] // is neither purged nor expires
	lifetimes cache.Lifetimes
	loaded    atomic.Int64 // bytes of keys, bodies and gzip forms
	bodies    atomic.Int64 // of these the bodies'
	empty     int64        // bytes of the heap before
	entries   int
}

// heapReport is what a heapServer tells.
type heapReport struct {
	Entries, Loaded, Bodies, Heap, Weight int64
	P999, Slowest                         [2]time.Duration // of the probe's hits: from when due, and from when asked for
	Collections                           uint32
	Collecting                            time.Duration // the longest of the cycles that were forced
}

// serveHeap serves until standard input ends.
func serveHeap(size string) error {
	maxWeight, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		return err
	}
	s, err := newHeapServer(maxWeight)
	if err != nil {
		return err
	}
	return s.serve()
}

func newHeapServer(maxWeight int64) (*heapServer, error) {
	debug.SetGCPercent(20) // as the program does
	s := &heapServer{lifetimes: cache.Lifetimes{TTL: 24 * time.Hour, StaleWhileRevalidate: time.Hour, StaleIfError: time.Hour, NegativeTTL: time.Second}}
	s.empty = liveHeap()
	var err error
	s.cache, err = cache.New(cache.Options[*document.Document]{
		MaxWeight: maxWeight, MaxEntryWeight: 1 << 20, MaxNegatives: 100_000, Concurrency: maxConns, BatchKeys: batchKeys,
		MaxWaiting: maxWaiting, LoadTimeout: waitLimit, Weigh: (*document.Document).Weight,
	})
	if err != nil {
		return nil, err
	}
	if s.lookup, err = s.cache.NewLookup("products", s.lifetimes, s.load); err != nil {
		return nil, err
	}
	s.other, err = s.cache.NewLookup("others", s.lifetimes, s.load)
	return s, err
}

func (s *heapServer) load(_ context.Context, keys []string) ([]cache.Loaded[*document.Document], error) {
	loaded := make([]cache.Loaded[*document.Document], len(keys))
	for i, key := range keys {
		d := document.New(wordyProduct(key), nil)
		head, tail := d.GzipParts()
		s.bodies.Add(int64(d.BodyLen()))
		s.loaded.Add(int64(len(key) + d.BodyLen() + len(head) + len(tail)))
		loaded[i] = cache.Loaded[*document.Document]{Value: d, Found: true}
	}
	return loaded, nil
}

// words is text that packs as well as most.
var words = sync.OnceValue(func() []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, 0, 1<<20)
	for len(b) < cap(b)-10 {
		for word := r.Uint64() % 5000; word > 0; word /= 18 {
			b = append(b, "etaoinsrhldcumfpgw"[word%18])
		}
		b = append(b, ' ')
	}
	return b
})

// wordyProduct is a product of 500 to 1500 bytes.
func wordyProduct(key string) []byte {
	n, _ := strconv.ParseUint(key, 10, 64)
	r := rand.New(rand.NewPCG(seed, n))
	size, text := 500+r.IntN(1001), words()
	b := append(append(make([]byte, 0, size), `{"id":`...), key...)
	b = append(b, `,"price":"9.9900","description":"`...)
	from := r.IntN(len(text) - 1500)
	return append(append(b, text[from:from+size-len(b)-len(`"}`)]...), `"}`...)
}

// fill asks for products, and then for a few of the other lookup.
func (s *heapServer) fill(n int) error {
	s.entries = n
	if err := fillLookup(s.lookup, n); err != nil {
		return err
	}
	return fillLookup(s.other, smallHeap)
}

func fillLookup(l *cache.Lookup[*document.Document], n int) error {
	var next atomic.Int64
	var done sync.WaitGroup
	var failed atomic.Pointer[error]
	for range runtime.NumCPU() {
		done.Go(func() {
			var got []cache.Result[*document.Document]
			for from := int(next.Add(batchKeys)) - batchKeys; from < n && failed.Load() == nil; from = int(next.Add(batchKeys)) - batchKeys {
				keys := make([]string, 0, batchKeys)
				for i := from; i < min(from+batchKeys, n); i++ {
					keys = append(keys, number(i+1))
				}
				got = l.GetMany(context.Background(), keys, got[:0])
				for i := range got {
					if got[i].Err != nil {
						failed.Store(&got[i].Err)
					}
				}
			}
		})
	}
	done.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// befall does to the cache what it is named for, while hits are measured.
func (s *heapServer) befall(what string, r *heapReport) error {
	switch what {
	case "nothing":
	case "collections":
		for first := time.Now(); time.Since(first) < time.Second; {
			began := time.Now()
			runtime.GC()
			r.Collecting = max(r.Collecting, time.Since(began))
		}
	case "purge":
		s.lookup.PurgeAll(cache.PurgeStale)
	case "removal":
		s.lookup.PurgeAll(cache.PurgeRemove)
	case "expiry":
		expired := s.lifetimes
		expired.TTL = 0
		return s.lookup.SetLifetimes(expired)
	case "recovery":
		return s.lookup.SetLifetimes(s.lifetimes)
	default:
		return fmt.Errorf("nothing is named %q", what)
	}
	return nil
}

// ServeHTTP does what the path says and answers with a heapReport.
func (s *heapServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var report heapReport
	var err error
	duration, _ := time.ParseDuration(r.FormValue("for"))
	switch what := r.URL.Path[1:]; what {
	case "fill":
		n, _ := strconv.Atoi(r.FormValue("n"))
		err = s.fill(n)
	case "report":
		report.Heap = liveHeap() - s.empty
		debug.FreeOSMemory() // what filling it has left
	case "collection":
		runtime.GC()
	default:
		err = s.probe(what, duration, &report)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	stats := s.cache.Stats()
	report.Entries, report.Weight = stats.Entries, stats.Weight
	report.Loaded, report.Bodies = s.loaded.Load(), s.bodies.Load()
	_ = json.NewEncoder(w).Encode(report)
}

func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (s *heapServer) serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	api, err := httpapi.New(httpapi.Options{
		Lookups: []httpapi.Lookup{{Name: "products", ParseKey: func(key string) (string, error) { return key, nil }, Cache: s.lookup}},
		MaxKeys: 100, RequestTimeout: waitLimit, Classify: func(error) httpapi.Fault { return httpapi.Internal },
		Observe: func(httpapi.Observation) {},
	})
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	open := func(as string, h http.Handler, fast bool) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		log.Info("listening", "as", as, "address", l.Addr().String())
		if fast {
			l = httpapi.NewListener(l, httpapi.ListenerOptions{API: func() *httpapi.API { return api },
				HeaderTimeout: time.Minute, IdleTimeout: time.Minute, WriteTimeout: time.Minute})
		}
		server := &http.Server{Handler: h}
		context.AfterFunc(ctx, func() { _ = server.Close() })
		serving.Go(func() { _ = server.Serve(l) })
		return nil
	}
	if err := open("listen", api, true); err != nil {
		return err
	}
	if err := open("control", s, false); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // the parent has ended, or wants this to
	stop()
	serving.Wait()
	return nil
}
