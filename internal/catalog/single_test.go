package catalog_test

import (
	"reflect"
	"testing"

	"productcache/internal/catalog"
)

func TestSingleTable(t *testing.T) {
	tests := []struct {
		table, column string
		name          string
		sql           string // for the keys 1,2
		change        catalog.Change
	}{
		{"products", "id", "products", "SELECT * FROM `products` WHERE `id` IN (1,2)",
			catalog.Change{Table: "products", Key: "id"}},
		{"shop.oc_product", "product_id", "oc_product", "SELECT * FROM `shop`.`oc_product` WHERE `product_id` IN (1,2)",
			catalog.Change{Schema: "shop", Table: "oc_product", Key: "product_id"}},
		{"a`b", "c`:keys", "a`b", "SELECT * FROM `a``b` WHERE `c``:keys` IN (1,2)",
			catalog.Change{Table: "a`b", Key: "c`:keys"}},
	}
	for _, tt := range tests {
		c := catalog.SingleTable(tt.table, tt.column, catalog.StringCI)
		l, found := c.Lookup(tt.name)
		if !found || len(c.Lookups) != 1 {
			t.Fatalf("SingleTable(%q): %+v, want the one lookup %q", tt.table, c.Lookups, tt.name)
		}
		if got := l.Query.Render("1,2"); got != tt.sql {
			t.Errorf("SingleTable(%q, %q): Render = %s, want %s", tt.table, tt.column, got, tt.sql)
		}
		if l.KeyType != catalog.StringCI || l.Query.Key != tt.column || l.Many {
			t.Errorf("SingleTable(%q, %q) = %+v, want one row by %q, string_ci", tt.table, tt.column, l, tt.column)
		}
		if !reflect.DeepEqual(l.ChangedBy, []catalog.Change{tt.change}) {
			t.Errorf("SingleTable(%q, %q): changed by %+v, want %+v", tt.table, tt.column, l.ChangedBy, tt.change)
		}
	}
}

// What SingleTable makes, a file could say.
func TestSingleTableIsAQuery(t *testing.T) {
	want := catalog.SingleTable("shop.products", "id", catalog.Integer).Lookups[0].Query
	got := mustParse(t, "lookups:\n  products:\n    key: id\n    key_type: integer\n    query: "+want.Text+"\n").Lookups[0].Query
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Parse of %q = %+v, want %+v", want.Text, got, want)
	}
}
