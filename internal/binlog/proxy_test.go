package binlog_test

import (
	"testing"

	"productcache/internal/faults"
)

// newProxy starts a proxy before a server.
func newProxy(t *testing.T, target string) *faults.Proxy {
	t.Helper()
	p, err := faults.New(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// await waits for that many further connections.
func await(t *testing.T, p *faults.Proxy, more int) {
	t.Helper()
	want := p.Accepted() + more
	eventually(t, "connections", func() bool { return p.Accepted() >= want })
}
