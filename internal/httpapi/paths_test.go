package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"productcache/internal/httpapi"
)

// overListener says that shop.do goes through a Listener and not to the handler.
var overListener bool

// bothPaths runs all tests twice, once on each path.
type bothPaths struct{ *testing.M }

func (b bothPaths) Run() int {
	flag.Parse()
	code := b.M.Run()
	for _, once := range []string{"test.fuzz", "test.bench", "test.list"} {
		if flag.Lookup(once).Value.String() != "" {
			return code
		}
	}
	overListener = true
	return max(code, b.M.Run())
}

// pipes is a listener whose connections never leave the process, so that time may
// be virtual.
type pipes struct {
	dialed chan net.Conn
	closed chan struct{}
	served *httpapi.Listener
}

func newPipes() *pipes { return &pipes{dialed: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.dialed:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.dialed <- server
	return client
}

// limits are those of a connection in these tests.
func limits(a *httpapi.API) httpapi.ListenerOptions {
	return httpapi.ListenerOptions{API: func() *httpapi.API { return a },
		HeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, WriteTimeout: 35 * time.Second}
}

// newServer is what stands behind a Listener.
func newServer(a *httpapi.API) *http.Server {
	o := limits(a)
	return &http.Server{Handler: a, ReadHeaderTimeout: o.HeaderTimeout, IdleTimeout: o.IdleTimeout,
		WriteTimeout: o.WriteTimeout, MaxHeaderBytes: 4 * httpapi.MaxHeader}
}

// serveOn serves on a listener until the test ends.
func serveOn(t testing.TB, a *httpapi.API, l net.Listener) {
	server, ended := newServer(a), make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		if fast, ok := l.(*httpapi.Listener); ok {
			done, cancel := context.WithCancel(context.Background())
			cancel()
			_ = fast.Shutdown(done)
		}
		<-ended
	})
}

func serveOverPipes(t testing.TB, a *httpapi.API) *pipes {
	p := newPipes()
	p.served = httpapi.NewListener(p, limits(a))
	serveOn(t, a, p.served)
	return p
}

// roundTrip sends a request over a connection of its own. A connection that ends
// without an answer is an aborted handler.
func (p *pipes) roundTrip(t testing.TB, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	c := p.dial()
	defer func() { _ = c.Close() }()
	var request bytes.Buffer
	fmt.Fprintf(&request, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.RequestURI, r.Host)
	_ = r.Header.Write(&request) // to memory
	request.WriteString("\r\n")
	go func() { _, _ = c.Write(request.Bytes()) }()
	response, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("%.60q: body: %v", request.String(), err)
	}
	w := httptest.NewRecorder()
	response.Header.Del("Date")
	if response.StatusCode == httpapi.StatusLeft || response.StatusCode == http.StatusNoContent {
		response.Header.Del("Content-Length")
	}
	w.Code, w.Body = response.StatusCode, bytes.NewBuffer(body)
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	return w
}
