//go:build !race

package httpapi_test

import (
	"net"
	"testing"

	"productcache/internal/httpapi"
)

// TestPlainHitsDoNotAllocate counts over a real connection: client and server together.
func TestPlainHitsDoNotAllocate(t *testing.T) {
	s := open(t, func(set *settings) { set.api.Observe = nil })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, s.API, httpapi.NewListener(l, limits(s.API)))
	for _, h := range hits[:5] {
		t.Run(h.name, func(t *testing.T) {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			header := ""
			for i := 0; i < len(h.header); i += 2 {
				header += h.header[i] + ": " + h.header[i+1] + "\r\n"
			}
			request, answer := []byte("GET "+h.target+host+header+"\r\n"), make([]byte, 64<<10)
			ask := func() {
				if _, err := c.Write(request); err != nil {
					t.Fatal(err)
				}
				if n, err := c.Read(answer); n < 100 || err != nil {
					t.Fatal(n, err)
				}
			}
			ask()
			ask()
			if got := testing.AllocsPerRun(500, ask); got > 0 {
				t.Errorf("%v allocations, want none", got)
			}
		})
	}
}
