package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"productcache/internal/mysqltest"
)

// hangUp sends SIGHUP, and waits until that has had a result: success or failure.
func (r *running) hangUp(result string) {
	r.t.Helper()
	name := `productcache_config_reloads_total{result="` + result + `"}`
	before := r.metric(name)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		r.t.Fatal(err)
	}
	r.await("a reload: "+result, func() bool { return r.metric(name) != before })
}

// rewrite writes a file anew.
func rewrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// listing is a lookup of a catalog for tests of reloads.
func listing(name, rest string) string {
	return "  " + name + ":\n    key: id\n    key_type: integer\n" + rest
}

const (
	byPrice = "    query: SELECT id, price FROM products WHERE id IN (:keys)\n"
	byName  = "    query: SELECT id, name FROM products WHERE id IN (:keys)\n"
	hit     = "productcache; hit; ttl=299"
	missed  = "productcache; fwd=miss; stored"
)

// TestReload exchanges the catalog: what did not change keeps its entries, what
// changed is loaded anew, what is gone is not found, what is new is served.
func TestReload(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	file := catalogFile(t, "lookups:\n"+listing("same", byPrice)+listing("other", byPrice)+listing("gone", byPrice)+listing("shorter", byPrice))
	r := start(t, append(append(flags, file...), "-ttl-jitter", "0", "-audit-rate", "0")...)
	r.await("ready", r.isReady)
	for _, name := range []string{"same", "other", "gone", "shorter"} {
		r.get("/v1/" + name + "/1")
	}
	rewrite(t, file[1], "lookups:\n"+listing("added", byName)+listing("other", byName)+listing("same", byPrice)+listing("shorter", byPrice+"    ttl: 1m\n"))
	r.hangUp("success")
	r.expect("/v1/same/1", 200, hit)
	r.expect("/v1/shorter/1", 200, "productcache; hit; ttl=59")
	if a := r.expect("/v1/other/1", 200, missed); a.body != `{"id":1,"name":"mug"}` {
		t.Errorf("/v1/other/1 = %s, not by the new query", a.body)
	}
	if a := r.get("/v1/gone/1"); a.status != 404 || !strings.Contains(a.body, "unknown-lookup") {
		t.Errorf("/v1/gone/1 = %d %s", a.status, a.body)
	}
	r.expect("/v1/added/1", 200, missed)
	if purge := r.do("POST", r.admin+"/api/purge", `{"lookup":"gone","all":true}`, "Content-Type: application/json"); purge.status != 404 {
		t.Errorf("a purge of what is gone = %d", purge.status)
	}

	// It comes back as it was, but not what was cached: nobody kept that fresh.
	rewrite(t, file[1], "lookups:\n"+listing("gone", byPrice))
	r.hangUp("success")
	r.expect("/v1/gone/1", 200, missed)
	if last := r.metric("productcache_config_last_reload_success_timestamp_seconds"); last == "0" {
		t.Error("there is no time of the last reload")
	}
}

// TestReloadRefuses: an invalid file leaves everything as it was, also what is
// valid beside it, and the log says why.
func TestReloadRefuses(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	file := catalogFile(t, "lookups:\n"+listing("products", byPrice))
	token := filepath.Join(t.TempDir(), "token")
	rewrite(t, token, "first")
	r := start(t, append(append(flags, file...), "-ttl-jitter", "0", "-audit-rate", "0", "-admin-token-file", token)...)
	r.await("ready", r.isReady)
	r.get("/v1/products/1")

	rewrite(t, file[1], "lookups:\n"+listing("products", byName)+"    tll: 5m\n")
	rewrite(t, token, "second")
	r.hangUp("failure")
	r.expect("/v1/products/1", 200, hit)
	r.expectToken("first", 200)
	if !strings.Contains(r.log.String(), "tll") || !strings.Contains(r.log.String(), "everything stays as it was") {
		t.Errorf("the log does not say why:\n%s", r.log)
	}

	rewrite(t, file[1], "lookups:\n"+listing("products", byName))
	rewrite(t, token, "")
	r.hangUp("failure")
	r.expect("/v1/products/1", 200, hit)
	r.expectToken("first", 200)
	if !strings.Contains(r.log.String(), "is empty") {
		t.Errorf("the log does not say that the token is:\n%s", r.log)
	}
}

func (r *running) expectToken(token string, status int) {
	r.t.Helper()
	a := r.do("PATCH", r.admin+"/api/config", `{"log-level":"info"}`, "Content-Type: application/json", "Authorization: Bearer "+token)
	if a.status != status {
		r.t.Errorf("with the token %s: %d, want %d", token, a.status, status)
	}
}

// TestReloadSecrets exchanges token and certificate.
func TestReloadSecrets(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	token := filepath.Join(t.TempDir(), "token")
	rewrite(t, token, "first")
	cert, key := selfSigned(t)
	r := start(t, append(flags, "-table", "products", "-admin-token-file", token, "-tls-cert", cert, "-tls-key", key)...)
	served := func() string {
		t.Helper()
		c, err := tls.Dial("tcp", r.publicAddrs[0].String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }() // only looked at
		return string(c.ConnectionState().PeerCertificates[0].Raw)
	}
	before := served()
	otherCert, otherKey := selfSigned(t)
	for from, to := range map[string]string{otherCert: cert, otherKey: key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(t, token, "second")
	r.hangUp("success")
	if served() == before {
		t.Error("the certificate is the old one")
	}
	r.expectToken("second", 200)
	r.expectToken("first", 401)
}

// TestReloadFollowed: changes are told by the new catalog's changed_by.
func TestReloadFollowed(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	database, flags := shop(t, s)
	s.Exec(t, database, "CREATE TABLE prices (id INT PRIMARY KEY, price INT)", "INSERT INTO prices VALUES (1, 10), (2, 20)")
	products := listing("products", byPrice+"    changed_by: {products: {key: id}}\n")
	file := catalogFile(t, "lookups:\n"+products)
	r := start(t, append(append(flags, file...), "-follow-binlog", "-audit-rate", "0")...)
	r.await("following", func() bool { return r.isReady() && r.isFollowing() })
	r.get("/v1/products/1")
	prices := listing("prices", "    query: SELECT id, price FROM prices WHERE id IN (:keys)\n    changed_by: {prices: {key: id}}\n")
	rewrite(t, file[1], "lookups:\n"+products+prices)
	r.hangUp("success")
	r.get("/v1/prices/1")
	s.Exec(t, database, "UPDATE prices SET price = 11 WHERE id = 1", "UPDATE products SET price = 77 WHERE id = 1")
	r.await("both changes", func() bool {
		return strings.Contains(r.get("/v1/prices/1").body, `11`) && strings.Contains(r.get("/v1/products/1").body, `"77.00"`)
	})
	if gaps := r.metric("productcache_binlog_gaps_total"); gaps != "0" {
		t.Errorf("%s gaps", gaps)
	}
	rewrite(t, file[1], "lookups:\n"+prices)
	r.hangUp("success")
	s.Exec(t, database, "UPDATE products SET price = 78 WHERE id = 1", "UPDATE prices SET price = 12 WHERE id = 1")
	r.await("the change", func() bool { return strings.Contains(r.get("/v1/prices/1").body, `12`) })
}

// TestReloadUnderLoad changes key type and form of a lookup while it is asked
// for: an answer is of the one form or the other.
func TestReloadUnderLoad(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	forms := []string{"lookups:\n" + listing("products", byName),
		"lookups:\n  products:\n    rows: many\n    key: name\n    key_type: string\n    query: SELECT name, id FROM products WHERE name IN (:keys)\n"}
	file := catalogFile(t, forms[0])
	r := start(t, append(append(flags, file...), "-audit-rate", "0")...)
	r.await("ready", r.isReady)
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for n := range 3 {
		callers.Go(func() {
			for i := n; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key, want := fmt.Sprint(1+i%2), []string{`{"id":1,"name":"mug"}`, `{"id":2,"name":"lamp"}`}[i%2]
				if i%4 < 2 {
					key, want = []string{"mug", "lamp"}[i%2], fmt.Sprintf(`[{"name":"%s","id":%d}]`, []string{"mug", "lamp"}[i%2], 1+i%2)
				}
				response, err := http.Get(r.public + "/v1/products/" + key)
				if err != nil {
					t.Error(err)
					return
				}
				body := make([]byte, 1000)
				read, _ := response.Body.Read(body)
				_ = response.Body.Close()
				got := string(body[:read])
				if refused := response.StatusCode == 400 || response.StatusCode == 404 || got == "[]"; !refused && got != want {
					t.Errorf("%s = %d %s", key, response.StatusCode, got)
				}
			}
		})
	}
	for i := range 20 {
		rewrite(t, file[1], forms[(i+1)%2])
		r.hangUp("success")
	}
	close(stop)
	callers.Wait()
	if a := r.get("/v1/products/1"); a.status != 200 || a.body != `{"id":1,"name":"mug"}` {
		t.Errorf("/v1/products/1 = %d %s by the last form", a.status, a.body)
	}
}
