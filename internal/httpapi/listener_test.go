package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/httpapi"
)

// plainShop is a shop behind a Listener whose connections are pipes.
func plainShop(t *testing.T, change ...func(*settings)) (*shop, *pipes) {
	t.Helper()
	s := open(t, change...)
	if s.pipes == nil {
		s.pipes = serveOverPipes(t, s.API)
	}
	return s, s.pipes
}

// send writes a request, and hands over what comes back.
func send(t *testing.T, c net.Conn, request string) *bufio.Reader {
	t.Helper()
	go func() { _, _ = io.WriteString(c, request) }() // fails where the server has closed
	return bufio.NewReader(c)
}

func status(t *testing.T, r *bufio.Reader) int {
	t.Helper()
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

// endsAfter expects that the server closes c, having sent nothing more, at a certain time.
func endsAfter(t *testing.T, c net.Conn, want time.Duration) {
	t.Helper()
	began := time.Now()
	rest, err := io.ReadAll(c)
	if took := time.Since(began); len(rest) > 0 || err != nil || took != want {
		t.Errorf("the connection ends after %v with %q, %v; want %v and nothing", took, rest, err, want)
	}
}

const seven = "GET /v1/products/7" + host + "\r\n"

// TestTimeoutsOfAConnection: when a connection ends whose client is slow, and with which
// bytes, is as without the plain path.
func TestTimeoutsOfAConnection(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string // a second apart
		want   time.Duration
	}{
		"nothing":              {nil, 10 * time.Second},
		"half a request":       {[]string{seven[:20]}, 9 * time.Second},
		"half a header":        {[]string{seven[:40]}, 9 * time.Second},
		"trickle":              {strings.Split(seven[:8], ""), 2 * time.Second},
		"idle":                 {[]string{seven}, 119 * time.Second},
		"a little":             {[]string{seven, "GE"}, 118 * time.Second},
		"half a second one":    {[]string{seven, seven[:20]}, 9 * time.Second},
		"one and a half":       {[]string{seven + seven[:20]}, 9 * time.Second},
		"trickle a second one": {append([]string{seven}, strings.Split(seven[:8], "")...), 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var rest [2]string
			for i := range rest {
				synctest.Test(t, func(t *testing.T) {
					p := newPipes()
					if s := open(t); i == 0 {
						serveOn(t, s.API, p)
					} else {
						p = serveOverPipes(t, s.API)
					}
					conn := p.dial()
					for _, piece := range c.pieces {
						r := send(t, conn, piece)
						if strings.HasPrefix(piece, seven) {
							if got := status(t, r); got != 200 {
								t.Errorf("= %d", got)
							}
						}
						time.Sleep(time.Second)
					}
					began := time.Now()
					all, err := io.ReadAll(conn)
					rest[i] = string(all)
					if took := time.Since(began); err != nil || took != c.want {
						t.Errorf("plain path %v: the connection ends after %v, %v; want %v", i == 1, took, err, c.want)
					}
				})
			}
			if rest[0] != rest[1] {
				t.Errorf("on the plain path the connection ends with %q, without it with %q", rest[1], rest[0])
			}
		})
	}
}

// TestUnreadAnswer: who does not read its answer is cut off.
func TestUnreadAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := plainShop(t)
		conn := p.dial()
		_, _ = io.WriteString(conn, seven)
		time.Sleep(37 * time.Second)
		if got, err := io.ReadAll(conn); len(got) > 0 || err != nil {
			t.Errorf("after 37s there is still %q, %v", got, err)
		}
		if o := s.lastSeen(); o.Status != 200 {
			t.Errorf("observed %+v", o)
		}
	})
}

// TestClientLeavesAPlainConnection while its request waits, and with a second one sent already.
func TestClientLeavesAPlainConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := plainShop(t)
		s.change(func(s *shop) { s.took = time.Second })
		conn := p.dial()
		_, _ = io.WriteString(conn, seven)
		synctest.Wait()
		_ = conn.Close()
		synctest.Wait()
		if o := s.lastSeen(); o.Status != httpapi.StatusLeft || o.Outcome != "failed" {
			t.Errorf("observed %+v, want that it left", o)
		}
	})
}

// TestPipelinedBehindAMiss: the first answer does not wait for the second, and what
// is sent while a request waits is the next one.
func TestPipelinedBehindAMiss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := plainShop(t)
		s.get(t, "/v1/products/7")
		s.change(func(s *shop) { s.took = time.Second })
		conn, began := p.dial(), time.Now()
		r := send(t, conn, seven+"GET /v1/products/8"+host+"\r\n")
		if got := status(t, r); got != 200 || time.Since(began) != 0 {
			t.Errorf("the hit = %d after %v", got, time.Since(began))
		}
		go func() { _, _ = io.WriteString(conn, "GET /v1/products/x"+host+"\r\n") }()
		if got := status(t, r); got != 200 || time.Since(began) != time.Second {
			t.Errorf("the miss = %d after %v", got, time.Since(began))
		}
		if got := status(t, r); got != 400 {
			t.Errorf("the third = %d", got)
		}
		_ = conn.Close()
	})
}

// TestListenerShutdown: connections without a request end soon, a request under way is
// answered, says that it is the last, and nobody waits longer than for that.
func TestListenerShutdown(t *testing.T) {
	for _, patient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s, p := plainShop(t)
			s.change(func(s *shop) { s.took = 3 * time.Second })
			busy, idle, partial := p.dial(), p.dial(), p.dial()
			_, _ = io.WriteString(partial, seven[:30])
			answer := send(t, busy, seven+seven)
			synctest.Wait()
			ctx, cancel := context.WithTimeout(context.Background(), map[bool]time.Duration{true: time.Minute, false: 2 * time.Second}[patient])
			defer cancel()
			ended, began := make(chan error), time.Now()
			go func() { ended <- p.served.Shutdown(ctx) }()
			endsAfter(t, idle, time.Second)
			endsAfter(t, partial, 0)
			if !patient {
				endsAfter(t, busy, time.Second)
				if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
					t.Errorf("Shutdown = %v after %v", err, time.Since(began))
				}
				return
			}
			response, err := http.ReadResponse(answer, nil)
			if err != nil || response.StatusCode != 200 || !response.Close {
				t.Fatalf("the request under way: %+v, %v; want 200 and close", response, err)
			}
			rest, _ := io.ReadAll(answer)
			if err := <-ended; string(rest) != `{"id":7}` || err != nil || time.Since(began) != 3*time.Second {
				t.Errorf("Shutdown = %v after %v, rest %q", err, time.Since(began), rest)
			}
		})
	}
}

// TestPanicsOfPlainRequests: a panic is an answer, an abort the end of the connection.
func TestPanicsOfPlainRequests(t *testing.T) {
	s, p := plainShop(t)
	for _, cause := range []any{"a secret", http.ErrAbortHandler} {
		s.change(func(s *shop) { s.panics = cause })
		conn := p.dial()
		r := send(t, conn, seven+"GET /v1/products/666"+host+"\r\n"+seven)
		if got := status(t, r); got != 200 {
			t.Errorf("before the panic = %d", got)
		}
		if cause == http.ErrAbortHandler {
			if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
				t.Errorf("after the abort: %q, %v", rest, err)
			}
			continue
		}
		if got := []int{status(t, r), status(t, r)}; got[0] != 500 || got[1] != 200 {
			t.Errorf("the panic and what follows = %d", got)
		}
		_ = conn.Close()
	}
}
