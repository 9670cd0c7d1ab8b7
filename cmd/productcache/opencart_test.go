package main

import (
	"encoding/json"
	"strings"
	"testing"

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
