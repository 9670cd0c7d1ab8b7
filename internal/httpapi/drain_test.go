package httpapi_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/httpapi"
)

const foreignRequest = "OPTIONS /v1/products/7" + host + "\r\n" // which is net/http's

// TestRequestsThatDrainingMeets: what a client can have sent before it learns that the
// server goes is answered, as the last of its connection.
func TestRequestsThatDrainingMeets(t *testing.T) {
	for name, c := range map[string]struct {
		before  string        // what the client has sent when draining begins
		after   time.Duration // when it goes on
		request string
		want    int // 0: the connection ends unanswered
	}{
		"new connection":                 {"", 900 * time.Millisecond, seven, 200},
		"new connection, late":           {"", 1100 * time.Millisecond, seven, 0},
		"new connection, for net/http":   {"", 900 * time.Millisecond, foreignRequest, 204},
		"half a request":                 {seven[:30], 900 * time.Millisecond, seven[30:], 200},
		"used connection":                {seven, 90 * time.Millisecond, seven, 200},
		"used connection, late":          {seven, 110 * time.Millisecond, seven, 0},
		"used connection, half a second": {seven + seven[:30], 900 * time.Millisecond, seven[30:], 200},
		"used connection, for net/http":  {seven, 90 * time.Millisecond, foreignRequest, 204},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := plainShop(t)
				s.get(t, "/v1/products/7") // from now on a hit
				conn := p.dial()
				r := send(t, conn, c.before)
				if len(c.before) >= len(seven) {
					if got := status(t, r); got != 200 {
						t.Fatalf("before draining = %d", got)
					}
				}
				synctest.Wait()
				ended := make(chan error)
				go func() { ended <- p.served.Shutdown(context.Background()) }()
				time.Sleep(c.after)
				expectLast(t, conn, c.request, c.want)
				if err := <-ended; err != nil {
					t.Errorf("Shutdown = %v", err)
				}
			})
		})
	}
}

// expectLast sends a request that is the last of its connection; want 0: it is none.
func expectLast(t *testing.T, conn net.Conn, request string, want int) {
	t.Helper()
	response, err := http.ReadResponse(send(t, conn, request), nil)
	if want == 0 {
		if err == nil {
			t.Errorf("answered by %d, though late", response.StatusCode)
		}
		return
	}
	if err != nil {
		t.Fatalf("unanswered: %v", err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != want {
		t.Errorf("= %d, %v; want %d", response.StatusCode, err, want)
	}
	if want == 200 && !response.Close { // those behind close by their own server's Shutdown
		t.Error("the answer does not say that it is the last")
	}
	_ = conn.Close()
}

// late is a listener that accepts one connection, just when it is closed.
type late struct {
	*pipes
	last chan net.Conn
}

func (l *late) Accept() (net.Conn, error) {
	<-l.closed
	select {
	case c := <-l.last:
		return c, nil
	default:
		return nil, net.ErrClosed
	}
}

// TestAcceptedWhileDraining: whoever was accepted is served.
func TestAcceptedWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := plainShop(t)
		client, server := net.Pipe()
		l := &late{newPipes(), make(chan net.Conn, 1)}
		l.last <- server
		l.served = httpapi.NewListener(l, limits(s.API))
		serveOn(t, s.API, l.served)
		synctest.Wait()
		ended := make(chan error)
		go func() { ended <- l.served.Shutdown(context.Background()) }()
		expectLast(t, client, seven, 200)
		if err := <-ended; err != nil {
			t.Errorf("Shutdown = %v", err)
		}
	})
}
