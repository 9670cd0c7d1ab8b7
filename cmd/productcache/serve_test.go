package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// TestServeTable serves a table by its primary key, from miss to purge.
func TestServeTable(t *testing.T) {
	db, flags := shop(t, mysqltest.MariaDB(t))
	r := start(t, append(flags, "-table", "products", "-ttl-jitter", "0")...)
	r.await("ready", r.isReady)
	const mug = `{"id":1,"name":"mug","price":"4.50"}`
	if a := r.expect("/v1/products/1", 200, "productcache; fwd=miss; stored"); a.body != mug {
		t.Errorf("body = %s, want %s", a.body, mug)
	}
	a := r.get("/v1/products/1")
	if !strings.HasPrefix(a.header.Get("Cache-Status"), "productcache; hit; ttl=") || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("second answer: %v", a.header)
	}
	if b := r.get("/v1/products/1", "If-None-Match: "+a.header.Get("ETag")); b.status != 304 {
		t.Errorf("with If-None-Match: %d, want 304", b.status)
	}
	mysqltest.MariaDB(t).Exec(t, db, `UPDATE products SET price = 5 WHERE id = 1`)
	if p := r.do("POST", r.admin+"/api/purge", `{"lookup":"products","keys":["1"]}`, "Content-Type: application/json"); p.status != 200 {
		t.Fatalf("purge: %d %s", p.status, p.body)
	}
	if a := r.expect("/v1/products/1", 200, "productcache; fwd=miss; stored"); !strings.Contains(a.body, `"5.00"`) {
		t.Errorf("after the purge: %s", a.body)
	}
	if got := r.metric("productcache_mysql_queries_total"); got != "2" {
		t.Errorf("%s queries, want 2", got)
	}
}

// TestFlagsChangeWhatIsServed shows what each flag of the cache and of the API does.
func TestFlagsChangeWhatIsServed(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	const stored, notStored = "productcache; fwd=miss; stored", "productcache; fwd=miss; detail=not-stored"
	// evicts asks for the first product twice, then once for more than there is room for.
	evicts := func(first string) func(*running) {
		return func(r *running) {
			r.get("/v1/products/1")
			r.get("/v1/products/1")
			r.get("/v1/products?keys=2,3")
			r.get("/v1/products/4")
			r.expect("/v1/products/1", 200, first)
		}
	}
	twice := func(target string, status int, first, second string) func(*running) {
		return func(r *running) {
			r.expect(target, status, first)
			r.expect(target, status, second)
		}
	}
	for _, tt := range []struct {
		flags string
		shows func(*running)
	}{
		{"-ttl 90s", twice("/v1/products/1", 200, stored, "productcache; hit; ttl=89")},
		{"-ttl 1ns -stale-while-revalidate 1h", twice("/v1/products/1", 200, stored, "productcache; hit; ttl=-1; detail=stale")},
		{"-ttl 1ns -stale-while-revalidate 0", twice("/v1/products/1", 200, stored, stored)},
		{"-max-entry-bytes 10", twice("/v1/products/1", 200, notStored, notStored)},
		{"-max-entry-bytes 10 -max-result-bytes 100", func(r *running) {
			r.expect("/v1/products/1", 500, "productcache; fwd=miss; detail=error")
			r.await("the log says why", func() bool { return strings.Contains(r.log.String(), "larger than it may be") })
		}},
		{"-cache-entries 1", func(r *running) {
			r.get("/v1/products/1")
			r.expect("/v1/products/2", 200, stored)
			r.expect("/v1/products/1", 200, stored)
			if got := r.metric("productcache_cache_evictions_total"); got != "2" {
				t.Errorf("-cache-entries 1: %s evictions, want 2", got)
			}
		}},
		{"-cache-entries 2 -eviction lru", evicts("productcache; fwd=miss; stored")},
		{"-cache-entries 2 -eviction 2q", evicts("productcache; hit; ttl=299")},
		{"-cache-bytes 3MiB -max-entry-bytes 4KiB", func(r *running) {
			if got := r.metric("productcache_cache_max_bytes"); got != "3.145728e+06" {
				t.Errorf("-cache-bytes 3MiB: bound %s", got)
			}
		}},
		{"", twice("/v1/products/99", 404, stored, "productcache; hit; detail=negative")},
		{"-negative-ttl 0", twice("/v1/products/99", 404, notStored, notStored)},
		{"-negative-entries 0", twice("/v1/products/99", 404, notStored, notStored)},
		{"-max-keys 2", func(r *running) {
			if a := r.get("/v1/products?keys=1,2,3"); a.status != 400 {
				t.Errorf("-max-keys 2: three keys get %d, want 400", a.status)
			}
		}},
		{"-batch-keys 3", func(r *running) {
			r.get("/v1/products?keys=1,2,3,4,5,6,7")
			if got := r.metric("productcache_mysql_queries_total"); got != "3" {
				t.Errorf("-batch-keys 3: %s queries for seven keys, want 3", got)
			}
		}},
		{"-max-keys 2 -max-waiting 2", func(r *running) { // a slow key takes one place, two others want two
			var wg sync.WaitGroup
			wg.Go(func() { r.get("/v1/slow/1") })
			r.await("a slot is busy", func() bool { return r.metric("productcache_load_slots_busy") == "1" })
			if a := r.get("/v1/products?keys=1,2"); !strings.Contains(a.body, `"unavailable":["2"]`) {
				t.Errorf("-max-waiting 2: %s, want one key unavailable", a.body)
			}
			wg.Wait()
		}},
		{"-client-max-age 60s", func(r *running) {
			if got := r.get("/v1/products/1").header.Get("Cache-Control"); got != "max-age=60" {
				t.Errorf("-client-max-age 60s: %q", got)
			}
		}},
		{"", func(r *running) {
			r.get("/v1/products/1")
			if got := r.get("/v1/products/1", "Cache-Control: no-cache").header; got.Get("Cache-Control") != "no-cache" || !strings.Contains(got.Get("Cache-Status"), "hit") {
				t.Errorf("a client forces a load: %v", got)
			}
		}},
		{"-honor-no-cache", func(r *running) {
			r.get("/v1/products/1")
			if got := r.get("/v1/products/1", "Cache-Control: no-cache").header.Get("Cache-Status"); got != "productcache; fwd=request; stored" {
				t.Errorf("-honor-no-cache: %q", got)
			}
		}},
		{"-mysql-query-timeout 100ms", func(r *running) {
			if a := r.get("/v1/slow/1"); a.status != 504 {
				t.Errorf("-mysql-query-timeout: %d %v, want 504", a.status, a.header)
			}
		}},
		{"-request-timeout 100ms", func(r *running) {
			began := time.Now()
			if a := r.get("/v1/slow/1"); a.status != 504 || time.Since(began) > time.Second {
				t.Errorf("-request-timeout: %d after %v, want 504 at once", a.status, time.Since(began))
			}
		}},
		{"-mysql-max-conns 1", func(r *running) { // the slow key has the only slot
			var wg sync.WaitGroup
			wg.Go(func() { r.get("/v1/slow/1") })
			r.await("the slot is busy", func() bool { return r.metric("productcache_load_slots_busy") == "1" })
			began := time.Now()
			if a := r.get("/v1/products/1"); a.status != 200 || time.Since(began) < 500*time.Millisecond {
				t.Errorf("-mysql-max-conns 1: %d after %v, want it to wait for the slot", a.status, time.Since(began))
			}
			wg.Wait()
		}},
	} {
		t.Run(tt.flags, func(t *testing.T) {
			args := append(flags[:2:2], catalogFile(t, twoLookups)...)
			args = append(append(args, "-ttl-jitter", "0"), strings.Fields(tt.flags)...)
			r := start(t, args...)
			r.await("ready", r.isReady)
			tt.shows(r)
		})
	}
}

// TestJitterShortensLifetimes: -ttl-jitter 1 makes some of ten keys live less
// than half as long.
func TestJitterShortensLifetimes(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	r := start(t, append(flags, "-table", "products", "-ttl", "1000h", "-ttl-jitter", "1")...)
	r.await("ready", r.isReady)
	ttls := map[string]bool{}
	for i := range 10 {
		target := fmt.Sprint("/v1/products/", i+1)
		r.get(target)
		ttls[r.get(target).header.Get("Cache-Status")] = true
	}
	if len(ttls) < 9 {
		t.Errorf("ten keys have %d lifetimes, want them spread: %v", len(ttls), ttls)
	}
}

// TestListeners: several addresses, a Unix socket, TLS, and a token.
func TestListeners(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	folder := t.TempDir()
	socket, adminSocket := filepath.Join(folder, "p.sock"), filepath.Join(folder, "a.sock")
	token := filepath.Join(folder, "token")
	if err := os.WriteFile(token, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false) // as a killed process leaves it
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	r := start(t, append(flags, "-table", "products", "-listen", "127.0.0.1:0,unix:"+socket,
		"-admin-listen", "127.0.0.1:0,unix:"+adminSocket, "-admin-token-file", token)...)
	r.await("ready", r.isReady)
	over := func(socket string) *http.Client {
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) }}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	for client, url := range map[*http.Client]string{over(socket): "http://shop/v1/products/1", over(adminSocket): "http://shop/healthz"} {
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		if err := response.Body.Close(); err != nil || response.StatusCode != 200 {
			t.Errorf("GET %s: %d, %v", url, response.StatusCode, err)
		}
	}
	const all = `{"lookup":"products","all":true}`
	for header, want := range map[string]int{"X-Nothing: x": 401, "Authorization: Bearer s3cret": 200} {
		if a := r.do("POST", r.admin+"/api/purge", all, "Content-Type: application/json", header); a.status != want {
			t.Errorf("purge with %q: %d, want %d", header, a.status, want)
		}
	}
	if _, err := listenAt("unix:" + socket); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a socket in use: %v", err)
	}
	if _, err := listenAt(r.publicAddrs[0].String()); err == nil {
		t.Error("a port in use: no error")
	}
}

func TestTLS(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	cert, key := selfSigned(t)
	r := start(t, append(flags, "-table", "products", "-tls-cert", cert, "-tls-key", key)...)
	r.await("ready", r.isReady)
	r.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	r.public = strings.Replace(r.public, "http:", "https:", 1)
	r.expect("/v1/products/1", 200, "productcache; fwd=miss; stored")
}

func TestLogFormatAndLevel(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	r := start(t, append(flags, "-table", "products", "-log-format", "json", "-log-level", "info")...)
	r.end()
	for line := range strings.Lines(r.log.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("not JSON: %s", line)
		}
	}
	if !strings.Contains(r.log.String(), `"msg":"settings"`) {
		t.Errorf("settings are not in the log:\n%s", r.log)
	}
	r = start(t, append(flags, "-table", "products", "-log-level", "error")...)
	r.end()
	if r.log.String() != "" {
		t.Errorf("at -log-level error: %s", r.log)
	}
}

// TestShutdownLetsRequestsEnd, and -shutdown-timeout cuts off those that do not.
func TestShutdownLetsRequestsEnd(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	flags = append(flags, catalogFile(t, strings.Replace(twoLookups, "IF(id = 1, 5, 0)", "0.5", 1))...)
	r := start(t, flags...)
	r.await("ready", r.isReady)
	var wg sync.WaitGroup
	wg.Go(func() {
		if a := r.get("/v1/slow/1"); a.status != 200 {
			t.Errorf("the request under way gets %d, want 200", a.status)
		}
	})
	r.await("a slot is busy", func() bool { return r.metric("productcache_load_slots_busy") == "1" })
	r.end()
	wg.Wait()
	if _, err := r.client.Get(r.public); err == nil {
		t.Error("the listener is still open")
	}
	r = start(t, append(flags, "-shutdown-timeout", "1ms")...)
	r.await("ready", r.isReady)
	wg.Go(func() {
		if response, err := r.client.Get(r.public + "/v1/slow/2"); err == nil {
			_ = response.Body.Close()
		}
	})
	r.await("a slot is busy", func() bool { return r.metric("productcache_load_slots_busy") == "1" })
	r.stop()
	r.waited = true
	if err := r.wait(); err == nil || !strings.Contains(err.Error(), "cut off after -shutdown-timeout") {
		t.Errorf("serve = %v, want requests cut off", err)
	}
	wg.Wait()
}

func TestDSNFromFile(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	file := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(file, []byte(flags[1]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, "-mysql-dsn-file", file, "-table", "products")
	r.await("ready", r.isReady)
	r.expect("/v1/products/1", 200, "productcache; fwd=miss; stored")
}

func TestHealthCommand(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	r := start(t, append(flags, "-table", "products")...)
	at := r.adminAddrs[0].String()
	var out strings.Builder
	if code := run(t.Context(), []string{"health", "-admin-listen", at}, noEnvironment, &out, &out); code != 0 || !strings.Contains(out.String(), "ok") {
		t.Errorf("health = %d, %s", code, &out)
	}
	r.end()
	if code := run(t.Context(), []string{"health", "-admin-listen", at}, noEnvironment, &out, &out); code != 1 {
		t.Errorf("health of a stopped service = %d, want 1", code)
	}
}
