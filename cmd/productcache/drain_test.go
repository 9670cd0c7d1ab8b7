package main

import (
	"strings"
	"sync"
	"testing"

	"productcache/internal/mysqltest"
)

// TestNotReadyWhileDraining: the admin API answers until all requests have ended, and says
// that no traffic should come.
func TestNotReadyWhileDraining(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	flags = append(flags, "-mysql-query-timeout", "30s", "-request-timeout", "30s", "-shutdown-timeout", "30s")
	r := start(t, append(flags, catalogFile(t, strings.Replace(twoLookups, "IF(id = 1, 5, 0)", "1", 1))...)...)
	r.await("ready", r.isReady)
	var wg sync.WaitGroup
	wg.Go(func() {
		if a := r.get("/v1/slow/1"); a.status != 200 {
			t.Errorf("the request under way gets %d, want 200", a.status)
		}
	})
	r.await("a slot is busy", func() bool { return r.metric("productcache_load_slots_busy") == "1" })
	r.stop()
	r.await("draining", func() bool { return !r.isReady() })
	if a := r.do("GET", r.admin+"/readyz", ""); a.status != 503 || !strings.Contains(a.body, "shutting down") {
		t.Errorf("/readyz = %d %s, want 503 and the reason", a.status, a.body)
	}
	wg.Wait()
}
