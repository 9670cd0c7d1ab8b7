package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// TestMySQLAbsentAtStart: the service starts, is not ready, answers 503, and
// recovers by itself.
func TestMySQLAbsentAtStart(t *testing.T) {
	for _, what := range []string{"table", "catalog"} {
		t.Run(what, func(t *testing.T) {
			s := mysqltest.MariaDB(t, mysqltest.Private())
			_, flags := shop(t, s)
			flags = append(flags, "-table", "products")
			if what == "catalog" {
				flags = append(flags[:2], catalogFile(t, twoLookups)...)
			}
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			r := start(t, flags...)
			a := r.get("/v1/products/1")
			if a.status != 503 || a.header.Get("Retry-After") == "" || a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("without MySQL: %d %v %s, want 503 with Retry-After", a.status, a.header, a.body)
			}
			if r.isReady() {
				t.Error("ready without MySQL")
			}
			if health := r.do("GET", r.admin+"/healthz", ""); health.status != 200 {
				t.Errorf("healthz = %d, want 200", health.status)
			}
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
			r.await("ready", r.isReady)
			r.await("served", func() bool { return r.get("/v1/products/1").status == 200 })
		})
	}
}

// TestUnknownTableIsAnError that ends the service once MySQL has said so.
func TestUnknownTableIsAnError(t *testing.T) {
	_, flags := shop(t, mysqltest.MariaDB(t))
	r := start(t, append(flags, "-table", "shoes")...)
	r.waited = true
	if err := r.wait(); err == nil || !strings.Contains(err.Error(), "-table shoes") {
		t.Errorf("serve = %v, want an error about the table", err)
	}
}

// TestWrongPassword: a clear message, once, no storm of connections, and never
// the password.
func TestWrongPassword(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Private())
	db, _ := shop(t, s)
	s.Exec(t, db, `CREATE USER visitor@'127.0.0.1' IDENTIFIED BY 'right'`)
	before := s.Query(t, db, `SHOW GLOBAL STATUS LIKE 'Connections'`)[0][1]
	r := start(t, "-mysql-dsn", fmt.Sprintf("visitor:canary@tcp(%s)/%s", s.Addr(), db), "-table", "products")
	for range 200 {
		if a := r.get("/v1/products/1"); a.status != 503 {
			t.Fatalf("%d, want 503", a.status)
		}
	}
	r.await("a message", func() bool { return strings.Contains(r.log.String(), "password") })
	var first, now int
	fmt.Sscan(before, &first)
	fmt.Sscan(s.Query(t, db, `SHOW GLOBAL STATUS LIKE 'Connections'`)[0][1], &now)
	if now-first > 10 {
		t.Errorf("%d connections for 200 requests", now-first)
	}
	if n := strings.Count(r.log.String(), "level=ERROR"); n > 1 {
		t.Errorf("%d errors in the log, want one message:\n%s", n, r.log)
	}
	if strings.Contains(r.log.String(), "canary") {
		t.Errorf("the password is in the log:\n%s", r.log)
	}
}

// TestMySQLStopsUnderLoad: cached products are served throughout, stale where
// they are, and soon after its return all is fresh again.
func TestMySQLStopsUnderLoad(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Private())
	db, flags := shop(t, s)
	r := start(t, append(flags, "-table", "products", "-ttl", "20ms", "-stale-while-revalidate", "0", "-ttl-jitter", "0")...)
	r.await("ready", r.isReady)
	for i := range 10 {
		r.expect(fmt.Sprint("/v1/products/", i+1), 200, "productcache; fwd=miss; stored")
	}
	var stale, served atomic.Int64
	var done atomic.Bool
	var load sync.WaitGroup
	for g := range 4 {
		load.Go(func() {
			for i := g; !done.Load(); i++ {
				a := r.get(fmt.Sprint("/v1/products/", i%10+1))
				served.Add(1)
				if a.status != 200 {
					t.Errorf("%d %s", a.status, a.body)
				}
				if strings.Contains(a.header.Get("Cache-Status"), "stale-error") {
					stale.Add(1)
				}
			}
		})
	}
	more := func(n *atomic.Int64) func() bool {
		from := n.Load()
		return func() bool { return n.Load() > from+50 }
	}
	for _, stop := range []func() error{s.Stop, s.Kill} {
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		r.await("stale answers", more(&stale))
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
		s.Exec(t, db, `UPDATE products SET price = price + 1 WHERE id = 2`)
		price := s.Query(t, db, `SELECT price FROM products WHERE id = 2`)[0][0]
		back := time.Now()
		r.await("fresh again", func() bool { return strings.Contains(r.get("/v1/products/2").body, price) })
		if took := time.Since(back); took > 5*time.Second {
			t.Errorf("fresh again %v after MySQL was back, want at most 5s", took)
		}
	}
	done.Store(true)
	load.Wait()
	t.Logf("%d requests, %d of them served stale", served.Load(), stale.Load())
}

// TestSlowQueryIsGone: after 504 the query has left MySQL, and its slot is back.
func TestSlowQueryIsGone(t *testing.T) {
	s := mysqltest.MariaDB(t)
	db, flags := shop(t, s)
	flags = append(append(flags, catalogFile(t, twoLookups)...), "-mysql-query-timeout", "200ms", "-mysql-max-conns", "1")
	r := start(t, flags...)
	r.await("ready", r.isReady)
	if a := r.get("/v1/slow/1"); a.status != 504 {
		t.Errorf("%d, want 504", a.status)
	}
	r.await("the slot is back", func() bool { return r.metric("productcache_load_slots_busy") == "0" })
	if left := s.Query(t, db, `SELECT info FROM information_schema.processlist WHERE info LIKE '%SLEEP(IF%' AND info NOT LIKE '%processlist%'`); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
	r.expect("/v1/products/1", 200, "productcache; fwd=miss; stored")
}

func TestCheckAndInit(t *testing.T) {
	for flavour, server := range map[string]func(testing.TB, ...mysqltest.Option) *mysqltest.Server{"MariaDB": mysqltest.MariaDB, "MySQL": mysqltest.MySQL} {
		t.Run(flavour, func(t *testing.T) {
			_, flags := shop(t, server(t))
			var out, errs strings.Builder
			if code := run(t.Context(), append([]string{"init"}, flags...), noEnvironment, &out, &errs); code != 0 {
				t.Fatalf("init = %d, %s", code, &errs)
			}
			for name, tt := range map[string]struct {
				flags []string
				code  int
				says  string
			}{
				"what init wrote": {catalogFile(t, out.String()), 0, "fine"},
				"a table":         {[]string{"-table", "products"}, 0, "fine"},
				"a scan":          {catalogFile(t, "lookups:\n  p:\n    key: name\n    key_type: string\n    query: SELECT name FROM products WHERE name IN (:keys)\n"), 1, "all of table"},
				"no such column":  {catalogFile(t, "lookups:\n  p:\n    key: id\n    key_type: integer\n    query: SELECT id, colour FROM products WHERE id IN (:keys)\n"), 1, "colour"},
			} {
				var out, errs strings.Builder
				args := append(append([]string{"check"}, flags...), tt.flags...)
				if code := run(t.Context(), args, noEnvironment, &out, &errs); code != tt.code || !strings.Contains(out.String(), tt.says) {
					t.Errorf("check of %s = %d, %s%s; want %d and %q", name, code, &out, &errs, tt.code, tt.says)
				}
			}
		})
	}
}

// selfSigned writes a certificate for this test and its key.
func selfSigned(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", private)
}
