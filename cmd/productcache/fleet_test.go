package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/internal/mysqltest"
	"productcache/internal/redistest"
)

// fleetOf is some nodes on one database and one Redis.
type fleetOf struct {
	t        *testing.T
	server   *mysqltest.Server
	database string
	redis    string
	nodes    []*running
}

// startFleet starts nodes that serve products, of which there are so many.
func startFleet(t *testing.T, redis string, nodes, products int, flags ...string) *fleetOf {
	t.Helper()
	f := &fleetOf{t: t, server: mysqltest.MariaDB(t, mysqltest.Binlog()), redis: redis}
	f.database = f.server.Database(t)
	f.server.Exec(t, f.database, "CREATE TABLE products (id INT PRIMARY KEY, version INT NOT NULL)")
	f.server.Exec(t, f.database, fmt.Sprintf("INSERT INTO products SELECT seq, 1 FROM seq_1_to_%d", products))
	for range nodes {
		f.add(flags...)
	}
	return f
}

// add starts another node, and waits until it is in touch with Redis, and ready.
func (f *fleetOf) add(flags ...string) *running {
	f.t.Helper()
	r := start(f.t, append([]string{"-mysql-dsn", f.server.DSN(f.database), "-table", "products", "-l2", f.redis, "-l2-timeout", "5s",
		"-l2-node", fmt.Sprint("node", len(f.nodes)+1)}, flags...)...)
	f.nodes = append(f.nodes, r)
	r.untilMetric("productcache_tier_up", "1")
	r.await("ready", r.isReady)
	return r
}

func (r *running) untilMetric(name, value string) {
	r.t.Helper()
	r.await(name, func() bool { return r.metric(name) == value })
}

// version asks a node for a product.
func (r *running) version(id int) (version int, cacheStatus string) {
	a := r.do(http.MethodGet, fmt.Sprint(r.public, "/v1/products/", id), "")
	var body struct{ Version int }
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != http.StatusOK {
		r.t.Errorf("product %d: %d %s", id, a.status, a.body)
	}
	return body.Version, a.header.Get("Cache-Status")
}

// sum adds up a metric of all nodes.
func (f *fleetOf) sum(metric string) (sum int) {
	f.t.Helper()
	for _, r := range f.nodes {
		n, err := strconv.ParseFloat(r.metric(metric), 64)
		if err != nil {
			f.t.Fatal(metric, ": ", err)
		}
		sum += int(n)
	}
	return sum
}

// stored waits until the nodes have put so many keys into Redis.
func (f *fleetOf) stored(n int) {
	f.t.Helper()
	f.nodes[0].await("stored", func() bool { return f.sum("productcache_tier_stored_total") >= n })
}

// TestHotKeyExpiresInAFleet: four nodes that are all asked for it all the time load it once.
func TestHotKeyExpiresInAFleet(t *testing.T) {
	f := startFleet(t, redistest.Start(t).URL(), 4, 10, "-ttl", "4s", "-ttl-jitter", "0", "-stale-while-revalidate", "0", "-audit-rate", "0")
	for _, r := range f.nodes {
		r.version(7)
	}
	f.server.Exec(t, f.database, "UPDATE products SET version = 2")
	queries, loaded := f.sum("productcache_mysql_queries_total"), f.sum("productcache_tier_loaded_total")
	var callers sync.WaitGroup
	for _, r := range f.nodes {
		for range 4 {
			callers.Go(func() {
				for version := 1; version != 2; {
					version, _ = r.version(7)
				}
			})
		}
	}
	callers.Wait()
	if q, l := f.sum("productcache_mysql_queries_total")-queries, f.sum("productcache_tier_loaded_total")-loaded; q != 1 || l != 1 {
		t.Errorf("%d queries for %d keys, want 1 for 1", q, l)
	}
}

// TestPurgeOnOneNodeHoldsOnAll, of keys and of all, and for a node whose own load was slow.
func TestPurgeOnOneNodeHoldsOnAll(t *testing.T) {
	for name, url := range map[string]func() string{
		"single":  func() string { return redistest.Start(t).URL() },
		"cluster": func() string { return redistest.ClusterURL(redistest.Cluster(t, 3)) },
	} {
		t.Run(name, func(t *testing.T) {
			f := startFleet(t, url(), 3, 30, "-audit-rate", "0")
			version := 1
			for _, body := range []string{`{"lookup":"products","keys":["7","8"]}`, `{"lookup":"products","all":true}`, `{"lookup":"products","keys":["7"],"mode":"remove"}`} {
				for _, by := range f.nodes {
					for _, r := range f.nodes {
						r.version(7)
					}
					version++
					f.server.Exec(t, f.database, fmt.Sprint("UPDATE products SET version = ", version))
					if a := by.do(http.MethodPost, by.admin+"/api/purge", body, "Content-Type: application/json"); a.status != http.StatusOK || strings.Contains(a.body, "unconfirmed") {
						t.Fatalf("purge %s: %d %s\n%s", body, a.status, a.body, by.log)
					}
					for i, r := range f.nodes {
						if got, status := r.version(7); got != version {
							t.Errorf("%s: node %d has version %d (%s), want %d", body, i+1, got, status, version)
						}
					}
				}
			}
		})
	}
}

// TestUnconfirmedPurge: 202 names who has not done it.
func TestUnconfirmedPurge(t *testing.T) {
	s := redistest.Start(t)
	f := startFleet(t, s.URL(), 2, 10, "-audit-rate", "0")
	f.nodes[0].untilMetric("productcache_tier_nodes", "1")
	s.Kill()
	f.nodes[0].untilMetric("productcache_tier_up", "0")
	a := f.nodes[0].do(http.MethodPost, f.nodes[0].admin+"/api/purge", `{"lookup":"products","keys":["7"]}`, "Content-Type: application/json")
	var body struct{ Unconfirmed []string }
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != http.StatusAccepted || fmt.Sprint(body.Unconfirmed) != "[node2 second tier]" {
		t.Errorf("got %d %s, want 202 and that node2 and the second tier have not confirmed", a.status, a.body)
	}
	if v, _ := f.nodes[0].version(7); v != 1 {
		t.Errorf("version %d without Redis, want 1", v)
	}
	s.Run()
	f.nodes[1].untilMetric("productcache_tier_purges_heard_total", "1")
}

// TestFollowersShareATier: a committed change is served by each node as soon as it has been told, whoever has loaded it.
func TestFollowersShareATier(t *testing.T) {
	f := startFleet(t, redistest.Start(t).URL(), 2, 30, "-follow-binlog", "-audit-rate", "0")
	for _, r := range f.nodes {
		r.untilMetric("productcache_binlog_following", "1")
	}
	for version := 2; version < 20; version++ {
		for _, r := range f.nodes {
			r.version(7)
		}
		f.server.Exec(t, f.database, fmt.Sprint("UPDATE products SET version = ", version, " WHERE id = 7"))
		for _, r := range f.nodes {
			r.await(fmt.Sprint("version ", version), func() bool { v, _ := r.version(7); return v == version })
		}
		for _, r := range f.nodes { // and never the one before again
			if v, status := r.version(7); v != version {
				t.Errorf("version %d (%s) after %d", v, status, version)
			}
		}
	}
}

// TestFollowerThatBeginsSparesTheTier: a node that begins to follow does not know what was changed before. Where another one has
// followed, the tier was told; where none has, it is not trusted.
func TestFollowerThatBeginsSparesTheTier(t *testing.T) {
	f := startFleet(t, redistest.Start(t).URL(), 1, 30, "-follow-binlog", "-audit-rate", "0")
	first := f.nodes[0]
	first.untilMetric("productcache_binlog_following", "1")
	first.await("the tier to be in use", func() bool { first.version(7); return first.metric("productcache_tier_stored_total") != "0" })
	second := f.add("-follow-binlog", "-audit-rate", "0")
	second.untilMetric("productcache_binlog_following", "1")
	second.await("the tier to be in use", func() bool { return second.metric("productcache_tier_up") == "1" && second.isReady() })
	if v, status := second.version(7); v != 1 || second.metric("productcache_tier_loaded_total") != "0" {
		t.Errorf("version %d, %s, and %s keys from MySQL; want that it is the first one's", v, status, second.metric("productcache_tier_loaded_total"))
	}
	first.end()
	second.end()
	f.server.Exec(t, f.database, "UPDATE products SET version = 2")
	third := f.add("-follow-binlog", "-audit-rate", "0")
	third.untilMetric("productcache_binlog_following", "1")
	third.await("the tier to be in use", func() bool { return third.metric("productcache_tier_up") == "1" })
	if v, status := third.version(7); v != 2 {
		t.Errorf("version %d, %s; want 2", v, status)
	}
}

// TestColdNodeJoins: a node that starts has what the others are asked for before it is ready, and not from MySQL.
func TestColdNodeJoins(t *testing.T) {
	const products = 500
	s := redistest.Start(t)
	f := startFleet(t, s.URL(), 3, products, "-audit-rate", "0")
	for id := 1; id <= products; id++ {
		f.nodes[id%3].version(id)
		f.nodes[(id+1)%3].version(id)
	}
	f.stored(products)
	for seen := map[string]bool{}; len(seen) < 2; time.Sleep(time.Millisecond) { // lists that were begun when all were there
		if hot := s.Do("--raw", "GET", "{productcache}:hot"); hot != "" {
			seen[hot] = true
		}
		if len(seen) == 1 {
			f.nodes[0].version(1)
		}
		if s.Do("EXISTS", "{productcache}:hot-turn") == "0" && len(seen) > 0 {
			break
		}
	}
	cold := f.add("-audit-rate", "0")
	if n := cold.metric("productcache_tier_hits_total"); n == "0" {
		t.Errorf("nothing was filled in: %s", cold.log)
	}
	for id := 1; id <= products; id++ {
		if _, status := cold.version(id); !strings.Contains(status, "; hit") && !strings.HasSuffix(status, "; stored; detail=second-tier") {
			t.Errorf("product %d: %s, want that it is from memory, or the second tier", id, status)
		}
	}
	if n := cold.metric("productcache_tier_loaded_total"); n != "0" {
		t.Errorf("%s keys were read from MySQL, want none", n)
	}
}

// TestNoSecondTier: without -l2 there is nothing of it.
func TestNoSecondTier(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	database := s.Database(t)
	s.Exec(t, database, "CREATE TABLE products (id INT PRIMARY KEY, version INT NOT NULL)")
	r := start(t, "-mysql-dsn", s.DSN(database), "-table", "products")
	if m := r.do(http.MethodGet, r.admin+"/metrics", "").body; strings.Contains(m, "productcache_tier") {
		t.Error("there are metrics of a second tier")
	}
	if stats := r.do(http.MethodGet, r.admin+"/api/stats", "").body; !strings.Contains(stats, `"tier":null`) && !strings.Contains(stats, `"tier": null`) {
		t.Errorf("the console is told of a second tier: %s", stats)
	}
}
