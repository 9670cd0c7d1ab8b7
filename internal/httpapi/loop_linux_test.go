package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"productcache/internal/httpapi"
)

// looped is a shop behind a Listener whose connections are sockets.
type looped struct {
	*shop
	listener *httpapi.Listener
}

func openLooped(t testing.TB, network string, limit func(*httpapi.ListenerOptions), change ...func(*settings)) *looped {
	t.Helper()
	s := open(t, change...)
	address := "127.0.0.1:0"
	if network == "unix" {
		address = t.TempDir() + "/socket"
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	o := limits(s.API)
	if limit != nil {
		limit(&o)
	}
	lo := &looped{s, httpapi.NewListener(l, o)}
	serveOn(t, s.API, lo.listener)
	return lo
}

// dial connects, and asks for product 7, after whose answer the connection is parked.
func (l *looped) dial(t testing.TB) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial(l.listener.Addr().Network(), l.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	before := l.listener.ParkingsForTest()
	_, _ = io.WriteString(c, seven)
	r := bufio.NewReader(c)
	replies(t.(*testing.T), r, 1)
	await(t, "parking", func() bool { return l.listener.ParkingsForTest() > before && l.listener.ParkedForTest() > 0 })
	return c, r
}

// answers returns how many requests loops have answered.
func (l *looped) answers() (n int) {
	for _, of := range l.listener.LoopAnswersForTest() {
		n += of
	}
	return n
}

// await waits for what the server does after its client has an answer already.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("there is no %s", what)
		}
	}
}

func onNetworks(t *testing.T, test func(t *testing.T, network string)) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) { test(t, network) })
	}
}

// TestParkedConnection: which requests a loop answers, and after which a connection
// is parked once more.
func TestParkedConnection(t *testing.T) {
	onNetworks(t, func(t *testing.T, network string) {
		l := openLooped(t, network, nil)
		c, r := l.dial(t)
		for i, step := range []struct {
			request  string
			status   int
			answers  int // by loops, afterwards
			parkings int // of the connection, afterwards
		}{
			{seven, 200, 1, 1},
			{"GET /v1/products/8" + host + "\r\n", 200, 1, 2}, // a miss
			{"GET /v1/products/8" + host + "\r\n", 200, 2, 2},
			{"GET /v1/products/8" + host + "If-None-Match: *\r\n\r\n", 304, 3, 2},
			{"GET /v1/products/9999" + host + "\r\n", 404, 3, 3}, // a miss
			{"GET /v1/products/9999" + host + "\r\n", 404, 4, 3},
			{"GET /v1/products/x" + host + "\r\n", 400, 5, 3},
			{"GET /v1/products?keys=7,8,9999" + host + "\r\n", 200, 6, 3},
			{"GET /v1/products?keys=7,9,9999" + host + "\r\n", 200, 6, 4}, // one is a miss
			{"GET /v1/products?keys=7,9,9999" + host + "\r\n", 200, 7, 4},
			{"GET /v1/products?keys=" + host + "\r\n", 400, 8, 4},
			{"HEAD /v1/products/7" + host + "\r\n", 200, 8, 4}, // net/http's, and so is all that follows
			{seven, 200, 8, 4},
		} {
			response, _ := talk(t, c, r, step.request)
			if response.StatusCode != step.status {
				t.Fatalf("step %d: %q = %d, want %d", i, step.request, response.StatusCode, step.status)
			}
			await(t, fmt.Sprintf("answer %d or parking %d after step %d", step.answers, step.parkings, i), func() bool {
				return l.answers() == step.answers && l.listener.ParkingsForTest() == step.parkings
			})
		}
		if n := l.listener.ParkedForTest(); n != 0 {
			t.Errorf("%d connections are parked, want none", n)
		}
	})
}

// TestObservationsOfLoops are as others: each request once, with its duration.
func TestObservationsOfLoops(t *testing.T) {
	l := openLooped(t, "tcp", nil)
	c, r := l.dial(t)
	began := time.Now()
	_, _ = io.WriteString(c, seven+"GET /v1/products?keys=7,x"+host+"\r\n"+seven)
	for _, want := range []int{200, 400, 200} {
		if got := status(t, r); got != want {
			t.Errorf("= %d, want %d", got, want)
		}
	}
	await(t, "observation", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.seen) == 4 })
	took := time.Since(began)
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, o := range l.seen[1:] {
		if o.Duration <= 0 || o.Duration > took {
			t.Errorf("request %d took %v, of %v", i, o.Duration, took)
		}
		o.Duration = 0
		if want := []httpapi.Observation{{Lookup: "products", Outcome: "hit", Status: 200, Keys: 1}, {Lookup: "products", Outcome: "none", Status: 400},
			{Lookup: "products", Outcome: "hit", Status: 200, Keys: 1}}[i]; o != want {
			t.Errorf("observed %+v, want %+v", o, want)
		}
	}
}

// TestPiecesOnAParkedConnection: requests come in whatever pieces.
func TestPiecesOnAParkedConnection(t *testing.T) {
	onNetworks(t, func(t *testing.T, network string) {
		l := openLooped(t, network, nil)
		c, r := l.dial(t)
		for _, pieces := range [][]string{
			{seven[:1], seven[1:]}, {seven[:30], seven[30:]}, {seven + seven[:2], seven[2:]}, {seven + seven + seven[:40], seven[40:] + seven},
			{strings.Repeat(seven, 50) + seven[:10], seven[10:]}, {strings.Repeat(seven, 1000)},
		} {
			parkings := l.listener.ParkingsForTest()
			n := len(strings.Join(pieces, "")) / len(seven)
			go func() {
				for i, piece := range pieces {
					if i > 0 { // the beginning has been seen
						await(t, "unparking", func() bool { return l.listener.ParkedForTest() == 0 })
					}
					_, _ = io.WriteString(c, piece)
				}
			}()
			replies(t, r, n)
			if len(pieces) > 1 {
				await(t, "parking", func() bool { return l.listener.ParkingsForTest() == parkings+1 })
			}
			await(t, "parked connection", func() bool { return l.listener.ParkedForTest() == 1 })
		}
	})
}

// TestClientOfALoopLeaves: by half and wholly, with and without a request before.
func TestClientOfALoopLeaves(t *testing.T) {
	onNetworks(t, func(t *testing.T, network string) {
		l := openLooped(t, network, nil)
		for _, last := range []string{"", seven, "GET /v1/products/7" + host + "Connection: close\r\n\r\n"} {
			c, r := l.dial(t)
			_, _ = io.WriteString(c, last)
			if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if last != "" {
				replies(t, r, 1)
			}
			if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
				t.Errorf("after %q: %q, %v; want the end", last, rest, err)
			}
			c, _ = l.dial(t)
			_, _ = io.WriteString(c, last)
			_ = c.Close()
			await(t, "end", func() bool { return l.listener.ParkedForTest() == 0 })
		}
	})
}

// TestSlowReaderOfALoop gets every byte of what it has asked for, and nobody waits for it.
func TestSlowReaderOfALoop(t *testing.T) {
	onNetworks(t, func(t *testing.T, network string) {
		for name, limit := range map[string]int{"small": 3000, "large": 100_000, "very large": 400_000} {
			t.Run(name, func(t *testing.T) {
				l := openLooped(t, network, nil)
				body := `{"x":"` + strings.Repeat("y", limit) + `"}`
				l.put("products/1", body)
				slow, r := l.dial(t)
				_, _ = io.WriteString(slow, "GET /v1/products/1"+host+"\r\n")
				replies(t, r, 1)
				const n = 100
				asked := make(chan struct{})
				go func() {
					defer close(asked)
					_, _ = io.WriteString(slow, strings.Repeat("GET /v1/products/1"+host+"\r\n", n-1)+"GET /v1/products/1"+host+"Connection: close\r\n\r\n")
				}()
				quick, q := l.dial(t)
				for range 100 {
					_, _ = io.WriteString(quick, seven)
					replies(t, q, 1)
				}
				for i := range n {
					response, err := http.ReadResponse(r, nil)
					if err != nil {
						t.Fatal(i, err)
					}
					if got, err := io.ReadAll(response.Body); err != nil || string(got) != body {
						t.Fatalf("reply %d has %d bytes of %d, %v", i, len(got), len(body), err)
					}
				}
				if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
					t.Errorf("then %q, %v; want the end", rest, err)
				}
				<-asked
			})
		}
	})
}

// TestClientOfALoopNeverReads: it is cut off when the write timeout has passed.
func TestClientOfALoopNeverReads(t *testing.T) {
	l := openLooped(t, "tcp", func(o *httpapi.ListenerOptions) { o.WriteTimeout = 50 * time.Millisecond })
	l.put("products/1", large())
	c, r := l.dial(t)
	_, _ = io.WriteString(c, "GET /v1/products/1"+host+"\r\n")
	replies(t, r, 1)
	ended := make(chan error)
	go func() {
		for {
			if _, err := io.WriteString(c, "GET /v1/products/1"+host+"\r\n"); err != nil {
				ended <- err
				return
			}
		}
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("it is not cut off")
	}
}

// TestIdleConnectionOfALoop ends when it has been idle for long enough since its last answer.
func TestIdleConnectionOfALoop(t *testing.T) {
	const limit = 100 * time.Millisecond
	l := openLooped(t, "tcp", func(o *httpapi.ListenerOptions) { o.IdleTimeout = limit })
	began := time.Now()
	busy, b := l.dial(t)
	idle, _ := l.dial(t)
	ends := make(chan time.Duration, 1)
	go func() {
		_, _ = io.ReadAll(idle)
		ends <- time.Since(began)
	}()
	last := time.Now()
	for took := time.Duration(0); took == 0; {
		asked := time.Now()
		_, _ = io.WriteString(busy, seven)
		if response, err := http.ReadResponse(b, nil); err != nil {
			if paused := time.Since(last); paused < limit {
				t.Errorf("the busy connection ends after %v: %v", paused, err)
			}
			return // else the process did not run for so long
		} else if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		last = asked
		select {
		case took = <-ends:
		default:
		}
		if took > 0 && took < limit {
			t.Errorf("the idle connection ends after %v, want %v", took, limit)
		}
	}
	if rest, err := io.ReadAll(b); len(rest) > 0 || err != nil || time.Since(last) < limit {
		t.Errorf("the busy one ends %v after its last request, with %q, %v; want %v", time.Since(last), rest, err, limit)
	}
	if n := l.listener.ParkedForTest(); n != 0 {
		t.Errorf("%d connections are parked still", n)
	}
}

// TestShutdownEndsParkedConnections at once, and waits for a request under way.
func TestShutdownEndsParkedConnections(t *testing.T) {
	l := openLooped(t, "tcp", nil)
	_, idle := l.dial(t)
	busy, b := l.dial(t)
	gate, started := make(chan struct{}), make(chan struct{}, 1)
	l.change(func(s *shop) { s.gate, s.started = gate, started })
	_, _ = io.WriteString(busy, "GET /v1/products/8"+host+"\r\n")
	<-started
	ended := make(chan error, 1)
	go func() { ended <- l.listener.Shutdown(context.Background()) }()
	if rest, err := io.ReadAll(idle); len(rest) > 0 || err != nil {
		t.Errorf("the idle connection ends with %q, %v", rest, err)
	}
	select {
	case err := <-ended:
		t.Errorf("Shutdown = %v before the last answer", err)
	default:
	}
	close(gate)
	response, err := http.ReadResponse(b, nil)
	if err != nil || response.StatusCode != 200 || !response.Close {
		t.Errorf("the request under way: %+v, %v; want 200 and close", response, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Shutdown = %v", err)
	}
}

// TestShutdownCutsOffUnparkedConnections whose request takes too long.
func TestShutdownCutsOffUnparkedConnections(t *testing.T) {
	l := openLooped(t, "tcp", nil)
	c, r := l.dial(t)
	gate, started := make(chan struct{}), make(chan struct{}, 1)
	l.change(func(s *shop) { s.gate, s.started = gate, started })
	_, _ = io.WriteString(c, "GET /v1/products/8"+host+"\r\n")
	<-started
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.listener.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown = %v", err)
	}
	if rest, _ := io.ReadAll(r); len(rest) > 0 {
		t.Errorf("the connection ends with %q", rest)
	}
	close(gate)
}

// TestPanicWhileReporting ends its connection, and no other.
func TestPanicWhileReporting(t *testing.T) {
	for name, parked := range map[string]bool{"in a loop": true, "in a goroutine": false} {
		t.Run(name, func(t *testing.T) {
			panics := make(chan struct{}, 1)
			l := openLooped(t, "tcp", nil, func(set *settings) {
				observe := set.api.Observe
				set.api.Observe = func(o httpapi.Observation) {
					select {
					case <-panics:
						panic("a defect")
					default:
						observe(o)
					}
				}
			})
			_, _ = l.dial(t)
			c, r := l.dial(t)
			panics <- struct{}{}
			request := "GET /v1/products/8" + host + "\r\n"
			if parked {
				request = seven
			}
			_, _ = io.WriteString(c, request)
			if rest, err := io.ReadAll(r); strings.Count(string(rest), "HTTP/1.1 200") > 1 || err != nil {
				t.Errorf("the connection ends with %q, %v", rest, err)
			}
			await(t, "end", func() bool { return l.listener.ParkedForTest() == 1 })
			c, r = l.dial(t)
			_, _ = io.WriteString(c, seven)
			replies(t, r, 1)
		})
	}
}
