package main

import (
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// refusedFast expects that MySQL's absence is said at once, and when to come back.
func (r *running) refusedFast(target string) {
	r.t.Helper()
	began := time.Now()
	a := r.expect(target, 503, "productcache; fwd=miss; detail=unavailable")
	if took := time.Since(began); took > time.Second {
		r.t.Errorf("GET %s took %v, want at once", target, took)
	}
	if a.header.Get("Retry-After") == "" {
		r.t.Errorf("GET %s: no Retry-After", target)
	}
}

// TestFrozenMySQL: what is not cached waits once for a MySQL that has stopped
// answering, and is refused at once from then on.
func TestFrozenMySQL(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Private())
	_, flags := shop(t, s)
	flags = append(append(flags, catalogFile(t, twoLookups)...), "-mysql-query-timeout", "200ms")
	before := start(t, flags...)
	before.await("ready", before.isReady)
	before.get("/v1/products/1")
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Thaw() })
	if a := before.expect("/v1/products/2", 504, "productcache; fwd=miss; detail=timeout"); a.header.Get("Retry-After") == "" {
		t.Error("504 without Retry-After")
	}
	before.refusedFast("/v1/products/3")
	if a := before.get("/v1/products/1"); a.status != 200 {
		t.Errorf("a cached product = %d, want 200", a.status)
	}

	after := start(t, flags...) // its first try to connect ends by a deadline
	after.expect("/v1/products/1", 503, "productcache; fwd=miss; detail=unavailable")
	after.refusedFast("/v1/products/2")
	before.refusedFast("/v1/products/4") // as have the tries of this one by now

	if err := s.Thaw(); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*running{before, after} {
		r.await("served again", func() bool { return r.get("/v1/products/5").status == 200 })
	}
}
