package store_test

import (
	"strings"
	"testing"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

// starter drafts a catalog and expects it to be a good one.
func starter(t *testing.T, s *store.Store) (string, *catalog.Catalog) {
	t.Helper()
	text, err := s.Starter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := parse(t, text)
	findings, err := s.Check(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) > 0 {
		t.Errorf("Check() of the starter found\n%sin\n%s", lines(findings), text)
	}
	return text, c
}

func TestStarter(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db,
			"CREATE TABLE oc_product (product_id INT PRIMARY KEY, model VARCHAR(20), image VARCHAR(20), status TINYINT(1), viewed INT)",
			"CREATE TABLE oc_product_image (product_image_id INT PRIMARY KEY, product_id INT, image VARCHAR(20), sort_order INT, KEY (product_id))",
			"CREATE TABLE oc_product_description (product_id INT, language_id INT, name VARCHAR(20), PRIMARY KEY (product_id, language_id))",
			"CREATE TABLE oc_product_tag (tag VARCHAR(20) PRIMARY KEY, product_id INT)", // no index on product_id
			"CREATE TABLE oc_category (category_id INT PRIMARY KEY, `order` INT, `Sort By` INT, `true` INT)",
			"CREATE TABLE oc_language (code VARCHAR(5) PRIMARY KEY, name VARCHAR(20))",
			"CREATE TABLE oc_customer (customer_id INT PRIMARY KEY, email VARCHAR(90), password VARCHAR(40))",
			"CREATE TABLE oc_url (path VARBINARY(20) PRIMARY KEY)",
			"INSERT INTO oc_product VALUES (42, 'shirt', 'x.jpg', 1, 12345)",
			"INSERT INTO oc_product_image VALUES (2, 42, 'b.jpg', 2), (1, 42, 'a.jpg', 1)",
			"INSERT INTO oc_product_description VALUES (42, 1, 'Shirt')")
		s := open(t, server.DSN(db))
		text, c := starter(t, s)
		var names []string
		for _, l := range c.Lookups {
			names = append(names, l.Name)
		}
		if got := strings.Join(names, " "); got != "product category language product_tag" {
			t.Errorf("lookups %q, want the products first, and neither their children nor people", got)
		}
		expect(t, s, c.Lookups[0], []string{"42"},
			`{"product_id":42,"model":"shirt","image":"x.jpg","status":true,`+
				`"descriptions":[{"language_id":1,"name":"Shirt"}],`+
				`"images":[{"product_image_id":1,"image":"a.jpg","sort_order":1},{"product_image_id":2,"image":"b.jpg","sort_order":2}]}`)
		product := c.Lookups[0].ChangedBy[0]
		if product.Table != "oc_product" || product.Key != "product_id" || strings.Join(product.Ignore, " ") != "viewed" || len(c.Lookups[0].ChangedBy) != 3 {
			t.Errorf("changed_by of product is %+v", c.Lookups[0].ChangedBy)
		}
		for _, part := range []string{"oc_customer", "oc_url"} {
			if !strings.Contains(text, part) || strings.Contains(text[strings.Index(text, "lookups:"):], part) {
				t.Errorf("%s is not named among those left out:\n%s", part, text)
			}
		}
	})
}

// Foreign keys tell of children better than names.
func TestStarterForeignKeys(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE items (id INT PRIMARY KEY)",
			"CREATE TABLE photos (id INT PRIMARY KEY, belongs INT, FOREIGN KEY (belongs) REFERENCES items (id))",
			"CREATE TABLE notes (id INT PRIMARY KEY, item_id INT, KEY (item_id))",
			"CREATE TABLE others (id INT PRIMARY KEY)", "CREATE TABLE parts (id INT PRIMARY KEY, item_id INT, FOREIGN KEY (item_id) REFERENCES others (id))")
		_, c := starter(t, open(t, server.DSN(db)))
		var names []string
		for _, child := range c.Lookups[0].With {
			names = append(names, child.Name+" by "+child.Query.Key)
		}
		if got := strings.Join(names, ", "); c.Lookups[0].Name != "items" || got != "notes by item_id, photos by belongs" {
			t.Errorf("children of %s: %s", c.Lookups[0].Name, got)
		}
	})
}

func TestStarterWithoutTables(t *testing.T) {
	server := mysqltest.MariaDB(t)
	_, err := open(t, server.DSN(server.Database(t))).Starter(t.Context())
	refused(t, "Starter of an empty database", err, store.ErrQuery)
}

// OpenCart's schema, where it is at hand.
func TestStarterOpenCart(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		text, c := starter(t, open(t, server.DSN(server.OpenCart(t))))
		if c.Lookups[0].Name != "product" || len(c.Lookups[0].With) == 0 {
			t.Errorf("the starter begins with\n%.2000s", text)
		}
	})
}
