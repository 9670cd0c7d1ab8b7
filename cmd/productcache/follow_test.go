package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

const followedShop = `
lookups:
  products:
    key: id
    key_type: integer
    query: SELECT id, name, price FROM products WHERE id IN (:keys)
    changed_by:
      products: {key: id}
  category:
    rows: many
    key: category
    key_type: integer
    query: SELECT category, id, price FROM categories JOIN products USING (id) WHERE category IN (:keys) ORDER BY id
    changed_by:
      categories: {key: category}
      products: {key: id, find: SELECT category FROM categories WHERE id IN (:keys)}
  untold:
    key: id
    key_type: integer
    ttl: 7m
    query: SELECT id, price FROM products WHERE id IN (:keys)
`

// startFollowing starts a service that follows a shop with categories.
func startFollowing(t *testing.T, s *mysqltest.Server, flags ...string) (r *running, database string) {
	t.Helper()
	database, own := shop(t, s)
	s.Exec(t, database, `CREATE TABLE categories (category INT, id INT, PRIMARY KEY (category, id))`, `INSERT INTO categories VALUES (7,1),(7,2),(8,3)`)
	r = start(t, append(append(append(own, "-follow-binlog", "-audit-rate", "0"), catalogFile(t, followedShop)...), flags...)...)
	return r, database
}

func (r *running) isFollowing() bool { return r.metric("productcache_binlog_following") == "1" }

// TestCommittedChangeIsServed without a purge, in the product and in its
// listing, on both servers.
func TestCommittedChangeIsServed(t *testing.T) {
	test := func(t *testing.T, s *mysqltest.Server) {
		r, database := startFollowing(t, s)
		r.await("following", r.isFollowing)
		for _, target := range []string{"/v1/products/1", "/v1/category/7", "/v1/category/8"} {
			r.await("cached: "+target, func() bool { return strings.Contains(r.get(target).header.Get("Cache-Status"), "; hit") })
		}
		s.Exec(t, database, "UPDATE products SET price = 77 WHERE id = 1")
		for _, target := range []string{"/v1/products/1", "/v1/category/7"} {
			r.await("the new price in "+target, func() bool { return strings.Contains(r.get(target).body, `"77.00"`) })
		}
		if got := r.get("/v1/category/8").header.Get("Cache-Status"); !strings.Contains(got, "; hit") {
			t.Errorf("the listing without the product: Cache-Status %q, want a hit", got)
		}
		s.Exec(t, database, "INSERT INTO categories VALUES (8, 1)")
		r.await("the product in its new listing", func() bool { return strings.Contains(r.get("/v1/category/8").body, `"77.00"`) })
	}
	t.Run("MariaDB", func(t *testing.T) { test(t, mysqltest.MariaDB(t, mysqltest.Binlog())) })
	t.Run("MySQL", func(t *testing.T) { test(t, mysqltest.MySQL(t, mysqltest.Binlog())) })
}

// TestFollowedAbsence is forgotten when the row comes.
func TestFollowedAbsence(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	r, database := startFollowing(t, s, "-negative-ttl", "1h")
	r.await("following", r.isFollowing)
	r.await("a remembered absence", func() bool {
		return strings.Contains(r.get("/v1/products/4711").header.Get("Cache-Status"), "negative")
	})
	s.Exec(t, database, "INSERT INTO products VALUES (4711, 'late', 1)")
	r.await("the new row", func() bool { return r.get("/v1/products/4711").status == 200 })
}

// TestFollowedUUID: MariaDB's keys of this type are other bytes in the binlog
// than in answers.
func TestFollowedUUID(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	database, flags := shop(t, s)
	const key = "123e4567-e89b-12d3-a456-426655440000"
	s.Exec(t, database, "CREATE TABLE parcels (id UUID PRIMARY KEY, at VARCHAR(20))", "INSERT INTO parcels VALUES ('"+key+"', 'here')")
	r := start(t, append(flags, "-table", "parcels", "-follow-binlog", "-audit-rate", "0")...)
	r.await("following", func() bool { return r.isReady() && r.isFollowing() })
	r.expect("/v1/parcels/"+key, 200, "productcache; fwd=miss; stored")
	s.Exec(t, database, "UPDATE parcels SET at = 'there'")
	r.await("the change", func() bool { return strings.Contains(r.get("/v1/parcels/"+key).body, "there") })
}

// TestFollowedTable follows -table by its primary key, over TCP, over a Unix
// socket, and by TLS.
func TestFollowedTable(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server func(testing.TB, ...mysqltest.Option) *mysqltest.Server
		dsn    func(s *mysqltest.Server, database string) string
	}{
		{"tcp", mysqltest.MariaDB, (*mysqltest.Server).DSN},
		{"unix", mysqltest.MariaDB, (*mysqltest.Server).SocketDSN},
		{"tls", mysqltest.MySQL, func(s *mysqltest.Server, database string) string { return s.DSN(database) + "?tls=skip-verify" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.server(t, mysqltest.Binlog())
			database, _ := shop(t, s)
			r := start(t, "-mysql-dsn", tt.dsn(s, database), "-table", "products", "-follow-binlog", "-audit-rate", "0")
			r.await("following", func() bool { return r.isReady() && r.isFollowing() })
			r.get("/v1/products/1")
			s.Exec(t, database, "UPDATE products SET price = 77 WHERE id = 1")
			r.await("the new price", func() bool { return strings.Contains(r.get("/v1/products/1").body, `"77.00"`) })
		})
	}
}

// TestLifetimeWhileFollowing is an hour unless a flag or the catalog says
// otherwise, and the usual one where the server cannot be followed.
func TestLifetimeWhileFollowing(t *testing.T) {
	ttl := func(r *running, target string) (seconds int) {
		status := r.get(target).header.Get("Cache-Status")
		if _, err := fmt.Sscanf(status, "productcache; hit; ttl=%d", &seconds); err != nil {
			return 0
		}
		return seconds
	}
	for _, tt := range []struct {
		name, target string
		binlog       bool
		flags        []string
		from, to     int // seconds
	}{
		{"followed", "/v1/products/1", true, nil, 3200, 3600},
		{"by flag", "/v1/products/1", true, []string{"-ttl", "100s"}, 80, 100},
		{"by catalog", "/v1/untold/1", true, nil, 360, 420},
		{"no binlog", "/v1/products/1", false, nil, 260, 300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mysqltest.MariaDB(t)
			if tt.binlog {
				s = mysqltest.MariaDB(t, mysqltest.Binlog())
			}
			r, _ := startFollowing(t, s, tt.flags...)
			if tt.binlog {
				r.await("following", r.isFollowing)
			} else {
				r.await("a message", func() bool { return strings.Contains(r.log.String(), "cannot follow the binlog") })
			}
			r.await("a hit", func() bool { return ttl(r, tt.target) > 0 })
			if got := ttl(r, tt.target); got < tt.from || got > tt.to {
				t.Errorf("ttl %d s, want %d to %d", got, tt.from, tt.to)
			}
		})
	}
}

// TestCannotFollow: one clear message, and the service serves.
func TestCannotFollow(t *testing.T) {
	s := mysqltest.MariaDB(t) // without a binlog
	r, _ := startFollowing(t, s)
	r.await("a message", func() bool { return strings.Contains(r.log.String(), "log_bin=OFF") })
	r.await("served", func() bool { return r.get("/v1/products/1").status == 200 })
	if got := r.metric("productcache_binlog_following"); got != "0" {
		t.Errorf("productcache_binlog_following %s, want 0", got)
	}
}

// TestAudit finds a change that is in no binlog, says so, and mends it.
func TestAudit(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	r, database := startFollowing(t, s, "-audit-rate", "200")
	r.await("following", r.isFollowing)
	r.await("cached", func() bool { return strings.Contains(r.get("/v1/products/1").header.Get("Cache-Status"), "; hit") })
	s.Exec(t, database, "SET SESSION sql_log_bin = 0", "UPDATE products SET price = 77 WHERE id = 1")
	r.await("the stale answer", func() bool { return strings.Contains(r.log.String(), "a cached answer was stale") })
	if got := r.get("/v1/products/1").body; !strings.Contains(got, `"77.00"`) {
		t.Errorf("after the audit: %s, want the new price", got)
	}
	if got := r.metric("productcache_audit_stale_total"); got != "1" {
		t.Errorf("productcache_audit_stale_total %s, want 1", got)
	}
	for _, part := range []string{"lookup=products", "key=1", "loaded_at=", "last_event_at=", "level=WARN"} {
		if !strings.Contains(r.log.String(), part) {
			t.Errorf("no %s in the log:\n%s", part, r.log)
		}
	}
}

// TestNoAudit: -audit-rate 0 asks MySQL nothing.
func TestNoAudit(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	r := start(t, append(append(flags, "-audit-rate", "0"), catalogFile(t, twoLookups)...)...)
	r.await("served", func() bool { return r.get("/v1/products/1").status == 200 })
	for _, outcome := range []string{"nothing", "busy", "same"} {
		if got := r.metric(`productcache_audits_total{outcome="` + outcome + `"}`); got != "0" {
			t.Errorf("-audit-rate 0: %s audits %s", got, outcome)
		}
	}
}

// TestCheckBinlog: check says whether the database can be followed.
func TestCheckBinlog(t *testing.T) {
	for _, tt := range []struct {
		name   string
		binlog []mysqltest.Option
		code   int
		want   string
	}{
		{"fine", []mysqltest.Option{mysqltest.Binlog()}, exitOK, "the binlog can be followed"},
		{"off", nil, exitFailure, "log_bin=OFF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mysqltest.MariaDB(t, tt.binlog...)
			_, flags := shop(t, s)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			var out strings.Builder
			args := append([]string{"check", "-follow-binlog", "-table", "products"}, flags...)
			if code := run(ctx, args, noEnvironment, &out, io.MultiWriter(&out)); code != tt.code || !strings.Contains(out.String(), tt.want) {
				t.Errorf("check -follow-binlog = %d, %s; want %d and %q", code, &out, tt.code, tt.want)
			}
		})
	}
}
