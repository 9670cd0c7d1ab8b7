package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// onBothPaths runs a test over pipes, with and without the plain path, in
// virtual time.
func onBothPaths(t *testing.T, test func(t *testing.T, s *shop, p *pipes)) {
	t.Helper()
	for name, fast := range map[string]bool{"plain": true, "net/http": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t), newPipes()
				if fast {
					p = serveOverPipes(t, s.API)
				} else {
					serveOn(t, s.API, p)
				}
				test(t, s, p)
			})
		})
	}
}

// large is a document beyond what is gathered before it is written.
func large() string { return `{"x":"` + strings.Repeat("y", 100_000) + `"}` }

// replies reads so many replies, which must all be 200.
func replies(t *testing.T, r *bufio.Reader, n int) {
	t.Helper()
	for i := range n {
		response, err := http.ReadResponse(r, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
		}
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("reply %d of %d: %v, %v", i+1, n, response, err)
		}
	}
}

// TestTwoMissesBehindAFullBuffer: there is room for one byte read ahead.
func TestTwoMissesBehindAFullBuffer(t *testing.T) {
	with, without := twoServers(t, "tcp", func(*settings) {})
	for name, at := range map[string]net.Addr{"plain": with, "net/http": without} {
		t.Run(name, func(t *testing.T) {
			var requests strings.Builder
			n := 0
			for ; requests.Len() < 20_000; n++ {
				fmt.Fprintf(&requests, "GET /v1/products/%d%sX: %s\r\n\r\n", n+1, host, strings.Repeat("x", 300))
			}
			c, err := net.Dial("tcp", at.String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			replies(t, send(t, c, requests.String()), n)
		})
	}
}

// TestBeginningOfNothing: a few bytes after a request are no request.
func TestBeginningOfNothing(t *testing.T) {
	for _, tail := range []string{"\r\n", "x", "HE", "G"} {
		onBothPaths(t, func(t *testing.T, _ *shop, p *pipes) {
			c := p.dial()
			r := send(t, c, seven+tail)
			replies(t, r, 1)
			began := time.Now()
			if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil || time.Since(began) != 2*time.Minute {
				t.Errorf("%q after a request: %q, %v after %v; want nothing until two minutes have passed", tail, rest, err, time.Since(began))
			}
		})
	}
}

// TestSlowReaders: the time that a client takes to read an answer is taken off no
// limit of its next request.
func TestSlowReaders(t *testing.T) {
	t.Run("a miss behind a large hit", func(t *testing.T) {
		onBothPaths(t, func(t *testing.T, s *shop, p *pipes) {
			s.put("products/1", large())
			s.get(t, "/v1/products/1")
			s.change(func(s *shop) { s.took = time.Second })
			c := p.dial()
			defer c.Close()
			r := send(t, c, "GET /v1/products/1"+host+"\r\nGET /v1/products/8"+host+"\r\n")
			time.Sleep(6 * time.Second)
			replies(t, r, 2)
		})
	})
	t.Run("a burst", func(t *testing.T) {
		onBothPaths(t, func(t *testing.T, s *shop, p *pipes) {
			c := p.dial()
			defer c.Close()
			go func() {
				for b := []byte(strings.Repeat(seven, 300)); len(b) > 0; {
					n := min(1460, len(b))
					_, _ = c.Write(b[:n]) // fails where the server has closed
					b = b[n:]
				}
			}()
			time.Sleep(11 * time.Second)
			replies(t, bufio.NewReader(c), 300)
		})
	})
	t.Run("half a request", func(t *testing.T) {
		onBothPaths(t, func(t *testing.T, _ *shop, p *pipes) {
			c := p.dial()
			defer c.Close()
			r := send(t, c, seven+seven[:30])
			time.Sleep(11 * time.Second)
			replies(t, r, 1)
			go func() { _, _ = io.WriteString(c, seven[30:]) }()
			replies(t, r, 1)
		})
	})
	t.Run("two large hits", func(t *testing.T) {
		onBothPaths(t, func(t *testing.T, s *shop, p *pipes) {
			s.put("products/1", large())
			c := p.dial()
			defer c.Close()
			r := send(t, c, strings.Repeat("GET /v1/products/1"+host+"\r\n", 2))
			for range 2 {
				time.Sleep(20 * time.Second)
				replies(t, r, 1)
			}
		})
	})
	t.Run("idle", func(t *testing.T) {
		onBothPaths(t, func(t *testing.T, _ *shop, p *pipes) {
			c := p.dial()
			r := send(t, c, seven)
			time.Sleep(30 * time.Second)
			replies(t, r, 1)
			endsAfter(t, c, 2*time.Minute)
		})
	})
}
