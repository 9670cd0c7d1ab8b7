package systemd_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// answerLimit is how long a client waits for an answer before it has failed.
const answerLimit = 20 * time.Second

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// load is clients that ask all the time. As curl and PHP do, they send a request
// again, over a new connection, if a connection that they had used before is
// closed before any of the answer has come; nothing else is tried twice.
type load struct {
	answered atomic.Int64 // with 200
	again    atomic.Int64 // requests sent again
	failed   atomic.Int64
	first    sync.Once // guards reason
	reason   string    // of the first failure
	stop     context.CancelFunc
	clients  sync.WaitGroup
}

// drive starts so many clients that keep their connections, and as many that
// connect for each request. They ask for products 1 to 1000 until end.
func drive(clients int, dial dialer) *load {
	ctx, stop := context.WithCancel(context.Background())
	l := &load{stop: stop}
	for i := range 2 * clients {
		client := &http.Client{Timeout: answerLimit, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: i < clients}}
		l.clients.Go(func() {
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				l.ask(client, fmt.Sprintf("http://productcache/v1/products/%d", 1+rand.N(1000)))
			}
		})
	}
	return l
}

func (l *load) ask(client *http.Client, url string) {
	connections := int64(0)
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connections++ },
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		panic(err) // only addresses made here
	}
	if err := get(client, request); err != nil {
		l.failed.Add(1)
		l.first.Do(func() { l.reason = err.Error() })
		return
	}
	l.answered.Add(1)
	l.again.Add(connections - 1)
}

func get(client *http.Client, request *http.Request) error {
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // read to its end
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", request.URL, response.Status, body)
	}
	return err
}

// awaitMore waits until so many more requests have been answered.
func (l *load) awaitMore(t *testing.T, n int64) {
	t.Helper()
	want, limit := l.answered.Load()+n, time.Now().Add(time.Minute)
	for l.answered.Load() < want {
		if time.Sleep(time.Millisecond); time.Now().After(limit) {
			t.Fatalf("%d of %d requests are answered within a minute; %d failed: %s", l.answered.Load(), want, l.failed.Load(), l.reason)
		}
	}
}

// end stops the clients, and expects that none has failed.
func (l *load) end(t *testing.T) {
	t.Helper()
	l.stop()
	l.clients.Wait()
	t.Logf("%d requests answered, %d of them sent again over a new connection, %d failed", l.answered.Load(), l.again.Load(), l.failed.Load())
	if failed := l.failed.Load(); failed > 0 {
		t.Errorf("%d of %d requests failed: %s", failed, failed+l.answered.Load(), l.reason)
	}
}
