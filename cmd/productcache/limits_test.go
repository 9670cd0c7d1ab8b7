package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// talk sends a request as it is to a listener of its own connection.
func (r *running) talk(request string) answer {
	r.t.Helper()
	c, err := net.Dial("tcp", r.publicAddrs[0].String())
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = io.WriteString(c, request) // fails where the server does not read to the end
	}()
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		r.t.Fatalf("%.60q: %v", request, err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatalf("%.60q: %v", request, err)
	}
	_ = c.Close()
	<-written
	return answer{response.StatusCode, response.Header, string(body)}
}

// TestRefusedBeforeTheAPI pins what net/http refuses by itself, as text, and
// where its limit of a header lies: well above that of the API.
func TestRefusedBeforeTheAPI(t *testing.T) {
	r := start(t, append([]string{"-mysql-dsn", "shop@tcp(127.0.0.1:1)/shop"}, catalogFile(t, twoLookups)...)...)
	const text, problem = "text/plain; charset=utf-8", "application/problem+json"
	header := func(bytes int) string {
		return "GET /v1/nothing HTTP/1.1\r\nHost: shop\r\nX-Large: " + strings.Repeat("x", bytes) + "\r\n\r\n"
	}
	for _, tt := range []struct {
		request     string
		status      int
		contentType string
	}{
		{"GET /v1/products/%zz HTTP/1.1\r\nHost: shop\r\n\r\n", 400, text},
		{"GET /v1/products/1 HTTP/1.1\r\n\r\n", 400, text},
		{"GET /v1/products/1 HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: gzip\r\n\r\n", 501, text},
		{"GET /v1/products?keys=%zz HTTP/1.1\r\nHost: shop\r\n\r\n", 400, problem},
		{header(20 << 10), 404, problem},
		{header(40 << 10), 431, problem},
		{header(200 << 10), 431, problem},
		{header(300 << 10), 431, text},
	} {
		if a := r.talk(tt.request); a.status != tt.status || a.header.Get("Content-Type") != tt.contentType {
			t.Errorf("%.60q, %d bytes = %d %s, want %d %s", tt.request, len(tt.request), a.status, a.header.Get("Content-Type"), tt.status, tt.contentType)
		}
	}
}

// TestRowTooLargeToStore reads a row of 5 MiB: it is served whole, and kept by nobody.
func TestRowTooLargeToStore(t *testing.T) {
	s := mysqltest.MariaDB(t)
	db := s.Database(t)
	s.Exec(t, db, `CREATE TABLE manuals (id INT PRIMARY KEY, text LONGTEXT)`, `INSERT INTO manuals VALUES (1, REPEAT('x', 5 << 20))`)
	r := start(t, "-mysql-dsn", s.DSN(db), "-table", "manuals")
	r.await("ready", r.isReady)
	want := `{"id":1,"text":"` + strings.Repeat("x", 5<<20) + `"}`
	for range 2 {
		if a := r.expect("/v1/manuals/1", 200, "productcache; fwd=miss; detail=not-stored"); a.body != want {
			t.Errorf("a body of %d bytes, want the whole row in %d", len(a.body), len(want))
		}
	}
	if got := r.metric("productcache_mysql_queries_total"); got != "2" {
		t.Errorf("%s queries, want 2", got)
	}
	if got := r.metric(`productcache_cache_entries{lookup="manuals"}`); got != "0" {
		t.Errorf("%s entries, want 0", got)
	}
}

// TestNoStaleOnError: with -stale-if-error 0 an expired product is worth nothing
// when MySQL is gone.
func TestNoStaleOnError(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Private())
	_, flags := shop(t, s)
	flags = append(flags, "-table", "products", "-ttl", "1ns", "-stale-while-revalidate", "0")
	without, with := start(t, append(flags, "-stale-if-error", "0")...), start(t, flags...)
	for _, r := range []*running{without, with} {
		r.await("ready", r.isReady)
		r.expect("/v1/products/1", 200, "productcache; fwd=miss; stored")
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	without.expect("/v1/products/1", 503, "productcache; fwd=miss; detail=unavailable")
	if got := with.get("/v1/products/1").header.Get("Cache-Status"); !strings.HasSuffix(got, "detail=stale-error") {
		t.Errorf("by default: Cache-Status %q, want stale-error", got)
	}
}

// TestSlowMySQLIsAFailingOne: a request for an expired product waits no longer
// than -request-timeout for a table that is locked, and those after it not at all.
func TestSlowMySQLIsAFailingOne(t *testing.T) {
	s := mysqltest.MariaDB(t)
	db, flags := shop(t, s)
	r := start(t, append(flags, "-table", "products", "-ttl", "1ns", "-stale-while-revalidate", "0", "-request-timeout", "500ms")...)
	r.await("ready", r.isReady)
	r.expect("/v1/products/1", 200, "productcache; fwd=miss; stored")
	lock, err := s.Open(t, db).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.ExecContext(t.Context(), "LOCK TABLES products WRITE"); err != nil {
		t.Fatal(err)
	}
	stale := func() time.Duration {
		began := time.Now()
		a := r.get("/v1/products/1")
		if a.status != 200 || !strings.HasSuffix(a.header.Get("Cache-Status"), "detail=stale-error") {
			t.Errorf("of a locked table: %d %v, want the stale product", a.status, a.header)
		}
		return time.Since(began)
	}
	if took := stale(); took < 500*time.Millisecond || took > 2*time.Second {
		t.Errorf("the first stale answer took %v, want -request-timeout", took)
	}
	if took := min(stale(), stale(), stale()); took > 400*time.Millisecond { // now and then one tries MySQL again
		t.Errorf("later stale answers took %v at least, want none of the time of a load", took)
	}
	for _, statement := range []string{"UPDATE products SET price = 99 WHERE id = 1", "UNLOCK TABLES"} {
		if _, err := lock.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	r.await("fresh again", func() bool { return strings.Contains(r.get("/v1/products/1").body, `"99.00"`) })
}
