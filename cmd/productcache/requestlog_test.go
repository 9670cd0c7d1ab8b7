package main

import (
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// TestLogRequests: a line for each request only when asked for, whatever serves it.
func TestLogRequests(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	flags = append(flags, "-table", "products")
	long := "/v1/products?keys=" + strings.Repeat("1,", 300) + "2"
	for share, want := range map[string]int{"0": 0, "1": 5} {
		r := start(t, append(flags, "-log-requests", share)...)
		r.await("ready", r.isReady)
		r.get("/v1/products/1")
		r.get("/v1/products/1")
		r.do("HEAD", r.public+"/v1/products/11", "")
		r.get("/nothing")
		r.get(long)
		r.end()
		if got := strings.Count(r.log.String(), "msg=request "); got != want {
			t.Errorf("-log-requests %s: %d lines for five requests, want %d\n%s", share, got, want, r.log)
		}
		for _, line := range []string{
			"method=GET target=/v1/products/1 status=200 outcome=miss lookup=products keys=1 duration=",
			"method=GET target=/v1/products/1 status=200 outcome=hit lookup=products keys=1 duration=",
			"method=HEAD target=/v1/products/11 status=404 outcome=miss lookup=products keys=1 duration=",
			`method=GET target=/nothing status=404 outcome=none lookup="" keys=0 duration=`,
			`target="` + long[:longestTarget] + `" status=200`,
		} {
			if want > 0 && !strings.Contains(r.log.String(), line) {
				t.Errorf("there is no line %s\n%s", line, r.log)
			}
		}
	}
}

// TestLogRequestsSamples: of 2,000 requests a tenth is within six standard deviations of 200.
func TestLogRequestsSamples(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	r := start(t, append(flags, "-table", "products", "-log-requests", "0.1")...)
	r.await("ready", r.isReady)
	for range 2000 {
		r.get("/v1/products/1")
	}
	r.end()
	if got := strings.Count(r.log.String(), "msg=request "); got < 120 || got > 280 {
		t.Errorf("-log-requests 0.1 of 2,000 requests: %d lines", got)
	}
}
