package benchmarks

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"productcache/benchmarks/internal/child"
)

// handlers are a warm service and the yardsticks, in this process.
func handlers(b *testing.B, s shop) []implementation {
	b.Helper()
	cached := newService(b, s.dsn(), oneLookup(b, productQuery(plain)), nil)
	cached.warm(b, products)
	d := s.direct(b, plain)
	return []implementation{{"productcache", cached}, {"mutexmap", loading(d)}, {"bound", bound{[][]byte{sample()}}}, {"mysql", d}}
}

type implementation struct {
	name    string
	handler http.Handler
}

// BenchmarkHandler asks for one product, without a network: what the handler alone takes.
func BenchmarkHandler(b *testing.B) {
	for _, i := range handlers(b, openShop(b)) {
		b.Run("impl="+i.name, func(b *testing.B) {
			all, w := requests(texts(zipf(1, products))), newSink()
			for _, r := range all {
				if i.name != "mysql" {
					w.get(b, i.handler, r)
				}
			}
			b.ReportAllocs()
			n, before := 0, spent(b)
			for b.Loop() {
				w.get(b, i.handler, all[n&(len(all)-1)])
				n++
			}
			reportCPU(b, before)
		})
	}
}

// BenchmarkMultiGetHandler asks for several products, without a network. It reports the
// processor time as a multiple of what one product takes.
func BenchmarkMultiGetHandler(b *testing.B) {
	for _, i := range handlers(b, openShop(b)) {
		var single float64
		for _, keys := range []int{1, 24} {
			b.Run("impl="+i.name+"/keys="+number(keys), func(b *testing.B) {
				path := several(keys)
				if keys == 1 {
					path = target("1")
				}
				r, w := httptest.NewRequest(http.MethodGet, path, nil), newSink()
				w.get(b, i.handler, r)
				b.ReportAllocs()
				before := spent(b)
				for b.Loop() {
					w.get(b, i.handler, r)
				}
				each := reportCPU(b, before)
				if keys == 1 {
					single = each
				}
				b.ReportMetric(each/single, "x-single")
			})
		}
	}
}

// BenchmarkLoopback asks a server in a process of its own over kept connections, and reports what
// processor time the server takes for a request, its kernel's work for it included. Beside the
// service stands nethttp, the same without its fast path.
func BenchmarkLoopback(b *testing.B) {
	s := openShop(b)
	binary := program(b)
	for _, name := range []string{"productcache", "nethttp", "mutexmap", "bound", "mysql"} {
		var single float64
		for _, keys := range []int{1, 24} {
			b.Run("impl="+name+"/keys="+number(keys), func(b *testing.B) {
				var p *child.Process
				switch name {
				case "productcache":
					p = startProgram(b, binary, s.dsn(), "-table=products", "-ttl=1h")
				case "nethttp":
					p = startProgram(b, binary, s.dsn(), "-table=products", "-ttl=1h", "-fast-path=false")
				default:
					p = startYardstick(b, name+map[bool]string{true: "=" + number(keys)}[name == "bound"], s.dsn())
				}
				each := askOver(b, p, keys)
				if keys == 1 {
					single = each
				}
				if single > 0 {
					b.ReportMetric(each/single, "x-single")
				}
			})
		}
	}
}

// connections keep two processors busy.
const connections = 16

// askOver asks p for products and returns the processor time that it took for each request.
func askOver(b *testing.B, p *child.Process, keys int) float64 {
	paths := make([]string, 0, products)
	if keys == 1 {
		for i := range 1000 {
			paths = append(paths, target(number(i+1)))
		}
	} else {
		paths = append(paths, several(keys))
	}
	warmUp := dial(b, p.Address("listen"))
	for _, path := range paths {
		warmUp.get(b, path)
	}
	var all latencies
	b.SetParallelism(connections / runtime.GOMAXPROCS(0))
	before := cpu(b, p)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		c := dial(b, p.Address("listen"))
		for i := 0; pb.Next(); i++ {
			c.get(b, paths[i%len(paths)])
		}
		all.add(c.took)
	})
	b.StopTimer()
	each := float64(cpu(b, p)-before) / float64(b.N)
	b.ReportMetric(each, "server-cpu-ns/op")
	all.report(b)
	return each
}
