package store_test

import (
	"testing"

	"github.com/go-sql-driver/mysql"

	"productcache/internal/faults"
)

// newProxy starts a proxy before the server of dsn, and returns the DSN that
// leads through it.
func newProxy(t *testing.T, dsn string) (*faults.Proxy, string) {
	t.Helper()
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p, err := faults.New(c.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	c.Addr = p.Addr()
	return p, c.FormatDSN()
}
