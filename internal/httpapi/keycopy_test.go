package httpapi_test

import (
	"bufio"
	"io"
	"testing"
	"testing/synctest"
)

// TestKeysOutliveTheirRequest: what was loaded is found under its key, though the
// memory that the request lay in has long had others in it.
func TestKeysOutliveTheirRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := plainShop(t)
		conn := p.dial()
		defer func() { _ = conn.Close() }()
		r := bufio.NewReader(conn)
		for _, target := range []string{"products/11", "products?keys=12,13", "products/14", "products/11", "products?keys=12,13,14"} {
			_, _ = io.WriteString(conn, "GET /v1/"+target+host+"\r\n")
			if got := status(t, r); got != 200 {
				t.Errorf("GET %s = %d", target, got)
			}
		}
		if s.loads != 3 {
			t.Errorf("%d loads, want 3: every key once", s.loads)
		}
	})
}
