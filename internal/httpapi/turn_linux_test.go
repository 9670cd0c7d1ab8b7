package httpapi_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"productcache/internal/httpapi"
)

// narrow accepts connections that hardly take anything until it is read.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err == nil {
		err = c.(*net.UnixConn).SetWriteBuffer(4096)
	}
	return c, err
}

// TestTurnThatNobodyReads: what a loop keeps of it is one answer beyond the turn's bytes, however
// many requests have come.
func TestTurnThatNobodyReads(t *testing.T) {
	inner, err := net.Listen("unix", t.TempDir()+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t)
	l := &looped{s, httpapi.NewListener(narrow{inner}, limits(s.API))}
	serveOn(t, s.API, l.listener)
	l.put("products/1", large())
	s.get(t, "/v1/products/1")
	c, r := l.dial(t)
	const n = 100
	_, _ = io.WriteString(c, strings.Repeat("GET /v1/products/1"+host+"\r\n", n))
	await(t, "unparking", func() bool { return l.answers() > 0 && l.listener.ParkedForTest() == 0 })
	if got := l.answers(); got != 1 {
		t.Errorf("the loop has made %d answers that nobody reads, want 1", got)
	}
	for i := range n {
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(i, err)
		}
		if got, err := io.ReadAll(response.Body); err != nil || string(got) != large() {
			t.Fatalf("reply %d has %d bytes, %v", i, len(got), err)
		}
	}
}
