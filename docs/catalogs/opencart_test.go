package catalogs_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
)

// An object is a row as the service answers it.
type object = map[string]any

// pick returns some fields of each object of an array.
func pick(array any, fields ...string) [][]string {
	rows := [][]string{}
	for _, element := range array.([]any) {
		row := make([]string, len(fields))
		for i, f := range fields {
			row[i] = text(element.(object)[f])
		}
		rows = append(rows, row)
	}
	return rows
}

// text returns a value as MySQL writes it.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return map[bool]string{true: "1", false: "0"}[v]
	}
	return fmt.Sprint(v)
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %v\nwant %v", what, got, want)
	}
}

func TestOpenCartParses(t *testing.T) {
	c, _ := parse(t, switchedOn(t, file(t)), "products")
	var names []string
	for _, l := range c.Lookups {
		names = append(names, l.Name)
		if len(l.ChangedBy) == 0 {
			t.Errorf("%s has no changed_by", l.Name)
		}
	}
	equal(t, "lookups", names, []string{"products", "category", "categories", "seo", "model"})
	if got := len(advice(file(t))); got != 4 {
		t.Errorf("the comments tell people to run %d statements, want 4", got)
	}
}

// OpenCart writes viewed on each page view, in oc_product.
func TestOpenCartPageViewsChangeNothing(t *testing.T) {
	c, _ := parse(t, switchedOn(t, file(t)), "products")
	for _, l := range c.Lookups {
		for _, change := range l.ChangedBy {
			if change.Table == "oc_product" && (change.All || !slices.Contains(change.Ignore, "viewed")) {
				t.Errorf("%s goes stale by page views: %+v", l.Name, change)
			}
		}
	}
}

func TestOpenCartChecked(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	c, _ := parse(t, file(t), "products")
	findings, err := s.store.Check(t.Context(), c)
	if err != nil || len(findings) > 0 {
		t.Errorf("Check() = %v, %v, want no findings: neither faults nor tables that changed_by leaves out", findings, err)
	}
}

// A change of a product reaches the listings that contain it, one that enables
// it those that are to contain it, and one of a category its parent.
func TestOpenCartChangesFindListings(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	s.exec(t, "UPDATE oc_product SET status = 0 WHERE product_id = 28")
	c, _ := parse(t, file(t), "products")
	for _, test := range []struct {
		lookup, table, value string
		want                 []string
	}{
		{"category", "oc_product", "28", []string{"20", "24"}},
		{"category", "oc_product_special", "42", []string{"20", "28"}},
		{"category", "oc_product", "999", nil},
		{"categories", "oc_category_to_store", "27", []string{"20"}},
		{"products", "oc_category", "24", []string{"28", "29", "40"}},
	} {
		l, _ := c.Lookup(test.lookup)
		at := slices.IndexFunc(l.ChangedBy, func(c catalog.Change) bool { return c.Table == test.table && c.Finds() })
		if at < 0 {
			t.Errorf("%s has no find of %s", l.Name, test.table)
			continue
		}
		got, err := s.store.Find(t.Context(), l, l.ChangedBy[at], catalog.Integer, []string{test.value})
		slices.Sort(got)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: Find(%s %s) = %q, %v, want %q", l.Name, test.table, test.value, got, err, test.want)
		}
	}
}

// What the file says about missing indexes is true: without them check
// complains about a shop of some size, and with them it does not.
func TestOpenCartCheckedInALargeShop(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	s.grow(t)
	c, _ := parse(t, switchedOn(t, file(t)), "products")
	equal(t, "faults without the indexes", s.check(t, c),
		[]string{"products.options", "products.options.values", "products.rewards", "model."})
	s.exec(t, advice(file(t))...)
	equal(t, "faults with the indexes", s.check(t, c), []string(nil))
	s.exec(t, "UPDATE oc_product SET status = 0 WHERE product_id = 28",
		"UPDATE oc_product SET date_available = '2999-01-01' WHERE product_id = 29")
	equal(t, "models", s.load(t, s.lookup(t, "model"), "product 15", "product 1", "product 2", "copy of 0"),
		[]any{object{"model": "Product 15", "product_id": json.Number("42")}, nil, nil, nil})
}

// grow adds some thousand products, one for each region of the world.
func (s *shop) grow(t *testing.T) {
	t.Helper()
	for table, fields := range map[string]string{
		"oc_product":              "product_id, model, status) SELECT 100000 + zone_id, CONCAT('copy of ', zone_id), 1",
		"oc_product_description":  "product_id, language_id, name) SELECT 100000 + zone_id, 1, name",
		"oc_product_to_store":     "product_id, store_id) SELECT 100000 + zone_id, 0",
		"oc_product_to_category":  "product_id, category_id) SELECT 100000 + zone_id, country_id",
		"oc_product_image":        "product_id, image) SELECT 100000 + zone_id, 'a.jpg'",
		"oc_product_special":      "product_id, customer_group_id) SELECT 100000 + zone_id, 1",
		"oc_product_discount":     "product_id, customer_group_id, quantity) SELECT 100000 + zone_id, 1, 10",
		"oc_product_option":       "product_id, option_id) SELECT 100000 + zone_id, 5",
		"oc_product_option_value": "product_id, option_value_id) SELECT 100000 + zone_id, 41",
		"oc_product_attribute":    "product_id, attribute_id, language_id) SELECT 100000 + zone_id, 2, 1",
		"oc_product_related":      "product_id, related_id) SELECT 100000 + zone_id, 42",
		"oc_product_reward":       "product_id, customer_group_id) SELECT 100000 + zone_id, 1",
		"oc_review":               "product_id, rating, status) SELECT 100000 + zone_id, 5, 1",
		"oc_seo_url":              "language_id, query, keyword) SELECT 1, 'x', CONCAT('x', zone_id)",
	} {
		s.exec(t, "INSERT INTO "+table+" ("+fields+" FROM oc_zone", "ANALYZE TABLE "+table)
	}
}

func (s *shop) lookup(t *testing.T, name string) *catalog.Lookup {
	t.Helper()
	_, l := parse(t, switchedOn(t, file(t)), name)
	return l
}

// MySQL, strict and with ONLY_FULL_GROUP_BY by default, gives the same answers.
func TestOpenCartOnMySQL(t *testing.T) {
	mysql := newShop(t, mysqltest.MySQL(t))
	mariaDB := newShop(t, mysqltest.MariaDB(t))
	c, products := parse(t, file(t), "products")
	equal(t, "faults", mysql.check(t, c), []string(nil))
	keys := mariaDB.column(t, "SELECT product_id FROM oc_product ORDER BY 1")
	equal(t, "answers", mysql.load(t, products, keys...), mariaDB.load(t, products, keys...))
}

func TestOpenCartOneQueryPerChild(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	products := s.lookup(t, "products")
	keys := s.column(t, "SELECT product_id FROM oc_product")
	equal(t, "products", len(keys), 19)
	s.load(t, products, keys...) // connects, which takes a query

	before := s.selects(t)
	answers := s.load(t, products, keys...)
	equal(t, "SELECTs for 19 products", s.selects(t)-before, 1+descendants(products.With))
	for i, answer := range answers {
		if answer == nil {
			t.Errorf("product %s is not found", keys[i])
		}
	}
}

// selects returns how many SELECTs the server has got. To ask is none.
func (s *shop) selects(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(s.query(t, "SHOW GLOBAL STATUS LIKE 'Com_select'")[0][1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func descendants(children []catalog.Child) int {
	n := len(children)
	for _, c := range children {
		n += descendants(c.With)
	}
	return n
}

func TestOpenCartProductsNotFound(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	s.exec(t,
		"UPDATE oc_product SET status = 0 WHERE product_id = 28",
		"UPDATE oc_product SET date_available = '2999-01-01' WHERE product_id = 29",
		"UPDATE oc_product_to_store SET store_id = 1 WHERE product_id = 30",
		"UPDATE oc_product_description SET language_id = 2 WHERE product_id = 31")
	equal(t, "absent, disabled, not yet available, of another store, without a text",
		s.load(t, s.lookup(t, "products"), "1", "28", "29", "30", "31"), make([]any, 5))
	equal(t, "absent category", s.load(t, s.lookup(t, "category"), "1"), []any{nil})
}

func TestOpenCartCategory(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	s.exec(t, "UPDATE oc_product SET sort_order = product_id % 3",
		"UPDATE oc_product SET status = 0 WHERE product_id = 28",
		"UPDATE oc_product SET date_available = '2999-01-01' WHERE product_id = 43")
	for i, answer := range s.load(t, s.lookup(t, "category"), "20", "18", "33") {
		id := []string{"20", "18", "33"}[i]
		equal(t, "category "+id, pick(answer, "product_id", "name", "price", "special", "image", "sort_order"),
			s.query(t, `SELECT product_id, name, p.price,
				CASE product_id WHEN 42 THEN '90.0000' WHEN 30 THEN '80.0000' END, image, sort_order
				FROM oc_product p JOIN oc_product_description USING (product_id) JOIN oc_product_to_category c USING (product_id)
				WHERE c.category_id = %s AND product_id NOT IN (28, 43) ORDER BY sort_order, name`, id))
	}
}

func TestOpenCartCategories(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	answers := s.load(t, s.lookup(t, "categories"), "20", "27", "999")
	desktops, mac := answers[0].(object), answers[1].(object)
	equal(t, "names", []any{desktops["name"], mac["name"], answers[2]}, []any{"Desktops", "Mac", nil})
	equal(t, "path", pick(mac["path"], "path_id", "name"), [][]string{{"20", "Desktops"}, {"27", "Mac"}})
	equal(t, "subcategories", pick(desktops["subcategories"], "category_id", "name"),
		s.query(t, `SELECT category_id, name FROM oc_category JOIN oc_category_description USING (category_id)
			WHERE parent_id = 20 AND status = 1 ORDER BY sort_order, name`))
}

func TestOpenCartDisabledCategory(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	s.exec(t, "UPDATE oc_category SET status = 0 WHERE category_id IN (27, 33)")
	answers := s.load(t, s.lookup(t, "categories"), "33", "20")
	equal(t, "disabled category", answers[0], any(nil))
	equal(t, "subcategories", pick(answers[1].(object)["subcategories"], "category_id"), [][]string{{"26"}})
	camera := s.load(t, s.lookup(t, "products"), "30")[0].(object)
	equal(t, "categories of a product", pick(camera["categories"], "category_id"), [][]string{{"20"}})
}

func TestOpenCartSEO(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	equal(t, "seo", s.load(t, s.lookup(t, "seo"), "iphone", "desktops", "nothing"), []any{
		object{"keyword": "iphone", "query": "product_id=40"},
		object{"keyword": "desktops", "query": "category_id=20"},
		nil,
	})
}

// Rows for another language, store or customer group change no answer.
func TestOpenCartOtherLanguagesStoresAndGroups(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	answers := func() (all []any) {
		all = append(all, s.load(t, s.lookup(t, "products"), s.column(t, "SELECT product_id FROM oc_product ORDER BY 1")...))
		categories := s.column(t, "SELECT category_id FROM oc_category ORDER BY 1")
		all = append(all, s.load(t, s.lookup(t, "category"), categories...))
		all = append(all, s.load(t, s.lookup(t, "categories"), categories...))
		return append(all, s.load(t, s.lookup(t, "seo"), "iphone", "desktops"))
	}
	before := answers()
	for table, set := range map[string]string{
		"oc_product_description":         "language_id = 2, name = 'wrong'",
		"oc_product_attribute":           "language_id = 2, text = 'wrong'",
		"oc_category_description":        "language_id = 2, name = 'wrong'",
		"oc_option_description":          "language_id = 2, name = 'wrong'",
		"oc_option_value_description":    "language_id = 2, name = 'wrong'",
		"oc_attribute_description":       "language_id = 2, name = 'wrong'",
		"oc_attribute_group_description": "language_id = 2, name = 'wrong'",
		"oc_stock_status":                "language_id = 2, name = 'wrong'",
		"oc_weight_class_description":    "language_id = 2, unit = 'no'",
		"oc_length_class_description":    "language_id = 2, unit = 'no'",
		"oc_product_to_store":            "store_id = 1",
		"oc_category_to_store":           "store_id = 1",
		"oc_product_reward":              "product_reward_id = product_reward_id + 1000, customer_group_id = 2",
		"oc_product_special":             "product_special_id = product_special_id + 1000, customer_group_id = 2, price = 0",
		"oc_product_discount":            "product_discount_id = product_discount_id + 1000, customer_group_id = 2, price = 0",
		"oc_seo_url":                     "seo_url_id = seo_url_id - 700, store_id = seo_url_id % 2, language_id = 2 - store_id, query = 'wrong'",
	} {
		s.exec(t, "CREATE TEMPORARY TABLE copies AS SELECT * FROM "+table, "UPDATE copies SET "+set,
			"INSERT INTO "+table+" SELECT * FROM copies")
	}
	s.exec(t, "INSERT IGNORE INTO oc_product_attribute SELECT 42, attribute_id, 2, 'wrong' FROM oc_attribute")
	equal(t, "answers", answers(), before)
	equal(t, "rows of keys that have one", s.store.Stats().DuplicateRows, uint64(0))
}
