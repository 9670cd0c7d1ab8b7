package httpapi_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

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

func openNarrow(t *testing.T) *looped {
	t.Helper()
	inner, err := net.Listen("unix", t.TempDir()+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t)
	l := &looped{s, httpapi.NewListener(narrow{inner}, limits(s.API))}
	serveOn(t, s.API, l.listener)
	return l
}

// TestTurnThatNobodyReads: what a loop keeps of it is one answer beyond the turn's bytes, however
// many requests have come.
func TestTurnThatNobodyReads(t *testing.T) {
	l := openNarrow(t)
	l.put("products/1", large())
	l.get(t, "/v1/products/1")
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

// TestLastAnswerOfATurn: where it finds no room, the connection ends behind it nevertheless.
func TestLastAnswerOfATurn(t *testing.T) {
	l := openNarrow(t)
	l.put("products/1", large())
	l.get(t, "/v1/products/1")
	c, r := l.dial(t)
	_, _ = io.WriteString(c, "GET /v1/products/1"+host+"Connection: close\r\n\r\n")
	await(t, "unparking", func() bool { return l.answers() > 0 && l.listener.ParkedForTest() == 0 })
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	replies(t, r, 1)
	if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
		t.Errorf("then %q, %v; want the end", rest, err)
	}
}

// TestTurnThatFillsTheBuffer exactly: what has come with it, of which nobody tells once more, is read too.
func TestTurnThatFillsTheBuffer(t *testing.T) {
	l := openLooped(t, "unix", nil)
	c, r := l.dial(t)
	const head = "GET /v1/products/7" + host + "X: "
	half := head + strings.Repeat("x", 4096-len(head)-4) + "\r\n\r\n"
	_, _ = io.WriteString(c, half+half+seven)
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	replies(t, r, 3)
}
