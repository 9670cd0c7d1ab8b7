package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// TestServesOpenCart serves OpenCart's demo shop over HTTP by the catalog that
// the documentation offers.
func TestServesOpenCart(t *testing.T) {
	s := mysqltest.MariaDB(t)
	r := start(t, "-mysql-dsn", s.DSN(s.OpenCart(t)), "-catalog", "../../docs/catalogs/opencart.yaml")
	r.await("ready", r.isReady)
	for target, want := range map[string]string{
		"/v1/products/42":                   `"name":"Apple Cinema 30`,
		"/v1/products?keys=42,999":          `"missing":["999"]`,
		"/v1/category/20?page=1&per_page=2": `"product_id":`,
		"/v1/categories/20":                 `"name":"Desktops"`,
		"/v1/seo/iphone":                    `"query":"product_id=40"`,
	} {
		if a := r.get(target); a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("GET %s = %d %.300s, want 200 and %s", target, a.status, a.body, want)
		}
	}
	a := r.get("/v1/products/42")
	if got := a.header.Get("Cache-Status"); !strings.HasPrefix(got, "productcache; hit; ttl=") {
		t.Errorf("asked again: Cache-Status %q, want a hit", got)
	}
	var product map[string]any
	if err := json.Unmarshal([]byte(a.body), &product); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"description", "price", "special", "manufacturer", "images", "attribute_groups", "options"} {
		switch value := product[field].(type) {
		case nil:
			t.Errorf("the product has no %s", field)
		case []any:
			if len(value) == 0 {
				t.Errorf("the product's %s are empty", field)
			}
		}
	}
}

// TestPageViewsChangeNothing: OpenCart counts each view of a product page in the
// product's row, which must not make the answer stale that it has just got; a
// new price must.
func TestPageViewsChangeNothing(t *testing.T) {
	const views = 2000
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	database := s.OpenCart(t)
	r := start(t, "-mysql-dsn", s.DSN(database), "-catalog", "../../docs/catalogs/opencart.yaml", "-follow-binlog", "-audit-rate", "0")
	r.await("following", r.isFollowing)
	targets := []string{"/v1/products/40", "/v1/products/42", "/v1/category/20"}
	for _, target := range targets {
		r.await("cached: "+target, func() bool { return strings.Contains(r.get(target).header.Get("Cache-Status"), "; hit") })
	}
	table := database + ".oc_product"
	pool := s.Open(t, database)
	began := time.Now()
	for n := range views {
		if _, err := pool.Exec("UPDATE oc_product SET viewed = (viewed + 1) WHERE product_id = ?", 40+2*(n%2)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%.0f page views a second", views/time.Since(began).Seconds())
	r.await("all views read", func() bool {
		return r.metric(`productcache_binlog_rows_ignored_total{table="`+table+`"}`) == strconv.Itoa(views)
	})
	for _, target := range targets {
		if got := r.get(target).header.Get("Cache-Status"); !strings.Contains(got, "; hit") {
			t.Errorf("GET %s after %d page views: Cache-Status %q, want a hit", target, views, got)
		}
	}
	s.Exec(t, database, "UPDATE oc_product SET price = 77, viewed = viewed + 1 WHERE product_id = 42")
	r.await("the new price", func() bool { return strings.Contains(r.get("/v1/products/42").body, `"price":"77.0000"`) })
	if got := r.get("/v1/products/40").header.Get("Cache-Status"); !strings.Contains(got, "; hit") {
		t.Errorf("another product: Cache-Status %q, want a hit", got)
	}
}
