package demoshop_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"productcache/internal/catalog"
	"productcache/internal/demoshop"
	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

// TestShopIsServed loads the shop into both servers and reads it by its catalog.
func TestShopIsServed(t *testing.T) {
	for flavour, server := range map[string]func(testing.TB, ...mysqltest.Option) *mysqltest.Server{"MariaDB": mysqltest.MariaDB, "MySQL": mysqltest.MySQL} {
		t.Run(flavour, func(t *testing.T) {
			s := server(t)
			name := s.Database(t)
			if err := demoshop.Load(t.Context(), s.Open(t, name), 2000); err != nil {
				t.Fatal(err)
			}
			c, err := catalog.Parse(demoshop.Catalog())
			if err != nil {
				t.Fatal(err)
			}
			db, err := store.Open(store.Options{DSN: s.DSN(name), MaxConns: 2, QueryTimeout: 20 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			findings, err := db.Check(t.Context(), c)
			if err != nil || len(findings) > 0 {
				t.Errorf("Check = %v, %v; want no findings", findings, err)
			}
			sizes := sizes(t, db, c)
			if median := sizes[len(sizes)/2]; median < 800 || median > 1300 || sizes[0] < 300 || sizes[len(sizes)-1] > 9000 {
				t.Errorf("sizes of products: least %d, median %d, most %d; want 300 to 9000, about 1000", sizes[0], median, sizes[len(sizes)-1])
			}
			one := load(t, db, c, "products", "1")[0]
			for _, part := range []string{`"product_id":1,`, `"images":[`, `"attributes":[`, `"categories":[{"category_id":`} {
				if !strings.Contains(string(one.Document.Body()), part) {
					t.Errorf("product 1 has no %s: %s", part, one.Document.Body())
				}
			}
			menu, kitchen := load(t, db, c, "menu", "0")[0].Document, load(t, db, c, "menu", "33")[0].Document
			if first := string(load(t, db, c, "categories", "33")[0].Document.Body()); menu.Len() != 8 || kitchen.Len() != 7 || first != `{"category_id":33,"parent_id":0,"name":"Kitchen"}` {
				t.Errorf("the menu has %d categories, the kitchen %d, and is %s; want 8, 7", menu.Len(), kitchen.Len(), first)
			}
		})
	}
}

// TestContentIsTheSameAtEveryRun compares two shops table by table.
func TestContentIsTheSameAtEveryRun(t *testing.T) {
	const tables = "CHECKSUM TABLE products, product_descriptions, product_specials, product_images, product_attributes, " +
		"product_to_category, categories, manufacturers"
	s := mysqltest.MariaDB(t)
	var sums [2][]string
	for i := range sums {
		name := s.Database(t)
		if err := demoshop.Load(t.Context(), s.Open(t, name), 300); err != nil {
			t.Fatal(err)
		}
		for _, row := range s.Query(t, name, tables) {
			sums[i] = append(sums[i], strings.TrimPrefix(row[0], name+".")+" "+row[1])
			if row[1] == "0" || row[1] == "NULL" {
				t.Errorf("%s is empty or missing", row[0])
			}
		}
	}
	if !slices.Equal(sums[0], sums[1]) {
		t.Errorf("checksums of two shops = %v and %v, want the same", sums[0], sums[1])
	}
}

func load(t *testing.T, db *store.Store, c *catalog.Catalog, lookup string, keys ...string) []store.Row {
	t.Helper()
	l, _ := c.Lookup(lookup)
	rows, err := db.Load(context.Background(), l, keys)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// sizes returns those of the products' documents, in order.
func sizes(t *testing.T, db *store.Store, c *catalog.Catalog) (sizes []int) {
	t.Helper()
	var keys []string
	for _, row := range load(t, db, c, "category", "1", "2", "3", "4") {
		if row.Document.Len() < 10 {
			t.Errorf("a category has %d products, want more", row.Document.Len())
		}
	}
	for id := 1; id <= 2000; id++ {
		keys = append(keys, strconv.Itoa(id))
	}
	for _, row := range load(t, db, c, "products", keys...) {
		if !row.Found {
			t.Fatal("a product is missing")
		}
		sizes = append(sizes, len(row.Document.Body()))
	}
	slices.Sort(sizes)
	return sizes
}
