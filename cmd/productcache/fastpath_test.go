package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// TestFastPathShowsNoDifference asks services with and without it the same, over
// TCP and a Unix socket, and compares answers and metrics.
func TestFastPathShowsNoDifference(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	var all [2][]string
	for i, on := range []string{"true", "false"} {
		socket := filepath.Join(t.TempDir(), "socket")
		args := append(flags[:2:2], catalogFile(t, twoLookups)...)
		r := start(t, append(args, "-fast-path="+on, "-ttl-jitter", "0", "-ttl", "100h", "-listen", "127.0.0.1:0,unix:"+socket)...)
		r.await("ready", r.isReady)
		for range 2 {
			for _, target := range []string{"/v1/products/1", "/v1/products/99", "/v1/products?keys=1,2,99", "/v1/products/x", "/v1/nothing", "/v1/slow/2"} {
				a := r.get(target, "Accept-Encoding: gzip")
				a.header.Del("Date")
				all[i] = append(all[i], fmt.Sprint(target, a.status, slices.Sorted(maps.Keys(a.header)), a.header["Etag"], a.body))
			}
		}
		over := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
			DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) }}}
		response, err := over.Get("http://shop/v1/products/1")
		if err != nil {
			t.Fatal(err)
		}
		all[i] = append(all[i], fmt.Sprint(response.StatusCode, response.Header["Etag"], response.Close), "")
		_ = response.Body.Close()
		for line := range strings.Lines(r.do(http.MethodGet, r.admin+"/metrics", "").body) {
			if strings.HasPrefix(line, "productcache_http_requests_total") || strings.HasPrefix(line, "productcache_cache_requests_total") {
				all[i] = append(all[i], line)
			}
		}
		r.end()
	}
	if !slices.Equal(all[0], all[1]) {
		t.Errorf("with the fast path:\n%s\n\nwithout:\n%s", strings.Join(all[0], "\n"), strings.Join(all[1], "\n"))
	}
}
