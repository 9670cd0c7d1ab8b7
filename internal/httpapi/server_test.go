package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"productcache/internal/httpapi"
)

// dial connects to a real server that serves the shop.
func dial(t *testing.T, s *shop) net.Conn {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	server.Config.MaxHeaderBytes = 4 * httpapi.MaxHeader
	server.Start()
	t.Cleanup(server.Close)
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// talk sends a request as it is and returns the response with its body.
func talk(t *testing.T, c net.Conn, r *bufio.Reader, request string) (*http.Response, string) {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("after %.60q: %v", request, err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// TestOneConnection sends what could put a connection out of step, all on one:
// each answer must be its own request's.
func TestOneConnection(t *testing.T) {
	s := open(t)
	c := dial(t, s)
	r := bufio.NewReader(c)
	const host = " HTTP/1.1\r\nHost: shop\r\n"
	chunked := "Transfer-Encoding: chunked\r\n\r\n10\r\nGET /v1/products\r\n0\r\n\r\n"
	for _, step := range []struct {
		request string
		status  int
		body    string
	}{
		{"GET /v1/products/7" + host + "\r\n", 200, `{"id":7}`},
		{"GET /v1/products/8" + host + "Content-Length: 18\r\n\r\nGET /v1/products/9", 200, `{"id":8}`},
		{"GET /v1/products/9" + host + chunked, 200, `{"id":9}`},
		{"GET /v1/products/x" + host + "Content-Length: 3\r\n\r\nabc", 400, ""},
		{"HEAD /v1/products/42" + host + "\r\n", 200, ""},
		{"POST /v1/products/7" + host + "Content-Length: 5\r\n\r\nhello", 405, ""},
		{"GET /v1/products/7" + host + "If-None-Match: *\r\n\r\n", 304, ""},
		{"GET /v1/products/7" + host + "X-Large: " + many("x", 64_000) + "\r\n\r\n", 431, ""},
		{"GET /" + many("x", 20_000) + host + "\r\n", 414, ""},
		{"OPTIONS /v1/products/7" + host + "\r\n", 204, ""},
		{"OPTIONS *" + host + "\r\n", 200, ""},
		{"GET http://shop/v1/products/7" + host + "\r\n", 200, `{"id":7}`},
		{"GET /v1/names/a%2Fb" + host + "\r\n", 200, `{"length":3}`},
		{"GET /v1/products?keys=1,2" + host + "\r\n", 200, `{"items":{"1":{"id":1},"2":{"id":2}},"missing":[],"unavailable":[]}`},
	} {
		response, body := talk(t, c, r, step.request)
		if response.StatusCode != step.status || step.body != "" && body != step.body {
			t.Errorf("%.60q = %d %s, want %d %s", step.request, response.StatusCode, body, step.status, step.body)
		}
		if got := response.Header["Content-Length"]; len(got) != 1 && step.status != 204 && step.status != 304 {
			t.Errorf("%.60q: Content-Length %q, want one", step.request, got)
		}
		if response.Close {
			t.Fatalf("%.60q: the server closes the connection", step.request)
		}
	}
}

// TestHugeBodyOnGet holds that a body which nobody reads is answered all the
// same, and does not become the next request.
func TestHugeBodyOnGet(t *testing.T) {
	s := open(t)
	c := dial(t, s)
	go func() {
		// The server stops reading at some point: an error is as good as none.
		_, _ = fmt.Fprintf(c, "GET /v1/products/7 HTTP/1.1\r\nHost: shop\r\nContent-Length: 4000000\r\n\r\n%s", many("GET / HTTP/1.1\r\n\r\n", 200_000))
	}()
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || string(body) != `{"id":7}` || !response.Close {
		t.Errorf("%d %s, close %v, %v; want 200 and close", response.StatusCode, body, response.Close, err)
	}
}
