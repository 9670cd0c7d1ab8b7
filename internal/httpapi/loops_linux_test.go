package httpapi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"productcache/internal/httpapi"
)

// descriptors counts those of the process.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(all)
}

// TestLoopsLeakNoDescriptors: neither connections nor loops leave any behind.
func TestLoopsLeakNoDescriptors(t *testing.T) {
	s := open(t)
	before := descriptors(t)
	for _, shutdown := range []bool{true, false} {
		inner, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l := &looped{s, httpapi.NewListener(inner, limits(s.API))}
		l.listener.FixLoopsForTest(2)
		go func() {
			for {
				if _, err := l.listener.Accept(); err != nil {
					return
				}
			}
		}()
		for i := range 20 {
			c, r := l.dial(t)
			_, _ = io.WriteString(c, fmt.Sprintf("GET /v1/products/%d%s\r\n", i+20, host))
			replies(t, r, 1)
			if i%2 == 0 || !shutdown {
				_ = c.Close()
			}
		}
		if !shutdown {
			await(t, "end", func() bool { return l.listener.ParkedForTest() == 0 })
		}
		if err := l.listener.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()                                                                           // for what the test's own cleanups hold nothing
	await(t, "end of all descriptors", func() bool { return descriptors(t) <= before+10 }) // the ten that the client has not closed
}

// TestLoopsAmongEverything has clients do all at once while the number of loops changes: every
// answer is its own request's.
func TestLoopsAmongEverything(t *testing.T) {
	onNetworks(t, func(t *testing.T, network string) {
		l := openLooped(t, network, nil, func(set *settings) { set.api.Observe = nil })
		done := make(chan struct{})
		var changing, clients sync.WaitGroup
		changing.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					l.listener.FixLoopsForTest(1)
					return
				default:
					l.listener.FixLoopsForTest(1 + n%4)
					if n%2 == 0 {
						l.products.PurgeAll(0)
					}
					time.Sleep(time.Millisecond)
				}
			}
		})
		for n := range 8 {
			clients.Go(func() { beAClient(t, l, rand.New(rand.NewPCG(1, uint64(n)))) })
		}
		clients.Wait()
		close(done)
		changing.Wait()
		await(t, "end of all connections", func() bool { return l.listener.ParkedForTest() == 0 })
	})
}

// beAClient asks at random, over several connections.
func beAClient(t *testing.T, l *looped, random *rand.Rand) {
	for range 20 {
		c, err := net.Dial(l.listener.Addr().Network(), l.listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		r := bufio.NewReader(c)
		for range 1 + random.IntN(40) {
			var requests string
			var want []string
			for range 1 + random.IntN(4) {
				id := 100 + random.IntN(50)
				if random.IntN(4) == 0 {
					requests += fmt.Sprintf("GET /v1/products?keys=%d%s\r\n", id, host)
					want = append(want, fmt.Sprintf(`{"items":{"%d":{"id":%d}},"missing":[],"unavailable":[]}`, id, id))
				} else {
					requests += fmt.Sprintf("GET /v1/products/%d%s\r\n", id, host)
					want = append(want, fmt.Sprintf(`{"id":%d}`, id))
				}
			}
			cut := random.IntN(2 * len(requests))
			if cut < len(requests) {
				_, _ = io.WriteString(c, requests[:cut])
				runtime.Gosched()
				requests = requests[cut:]
			}
			_, _ = io.WriteString(c, requests)
			for _, body := range want {
				response, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := io.ReadAll(response.Body); string(got) != body || err != nil {
					t.Errorf("%s, %v; want %s", got, err, body)
					return
				}
			}
		}
		_ = c.Close()
	}
}

// TestManyLoops: a fixed number of them share the connections.
func TestManyLoops(t *testing.T) {
	l := openLooped(t, "tcp", nil)
	l.listener.FixLoopsForTest(3)
	for range 9 {
		c, r := l.dial(t)
		_, _ = io.WriteString(c, seven)
		replies(t, r, 1)
	}
	await(t, "answer", func() bool { return slices.Equal(l.listener.LoopAnswersForTest(), []int{3, 3, 3}) })
}

// fileLimit is how many descriptors the process may have.
func fileLimit(t *testing.T) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return int(min(limit.Cur, 1<<20))
}
