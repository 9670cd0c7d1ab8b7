package catalogs_test

import (
	"encoding/json"
	"testing"

	"productcache/internal/mysqltest"
)

// The products of the demo shop that have options, special prices, discounts
// and attributes, compared with their tables, read one by one.
func TestOpenCartProducts(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	keys := []string{"42", "30", "47"}
	for i, answer := range s.load(t, s.lookup(t, "products"), keys...) {
		t.Run(keys[i], func(t *testing.T) {
			p := product{s, keys[i], answer.(object)}
			p.compareFields(t)
			p.compareLists(t)
			p.compareAttributes(t)
			p.compareOptions(t)
		})
	}
}

// A product is an answer that is to be compared with the tables.
type product struct {
	*shop
	id  string
	got object
}

func (p product) compareFields(t *testing.T) {
	equal(t, "fields", pick([]any{p.got}, "product_id", "model", "sku", "price", "quantity", "image", "subtract", "weight"),
		p.query(t, "SELECT product_id, model, sku, price, quantity, image, subtract, weight FROM oc_product WHERE product_id = %s", p.id))
	equal(t, "texts", pick([]any{p.got}, "name", "description", "meta_title", "meta_description", "meta_keyword", "tags"),
		p.query(t, `SELECT name, description, meta_title, meta_description, meta_keyword, tag
			FROM oc_product_description WHERE product_id = %s`, p.id))
	p.compare(t, "manufacturer", []any{p.got}, []string{"manufacturer"},
		"SELECT name FROM oc_manufacturer WHERE manufacturer_id = (SELECT manufacturer_id FROM oc_product WHERE product_id = %s)")
	p.compare(t, "stock_status", []any{p.got}, []string{"stock_status"},
		"SELECT name FROM oc_stock_status WHERE stock_status_id = (SELECT stock_status_id FROM oc_product WHERE product_id = %s)")
	p.compare(t, "special", []any{p.got}, []string{"special"}, `SELECT MIN(price) FROM oc_product_special
		WHERE product_id = %s AND priority = (SELECT MIN(priority) FROM oc_product_special WHERE product_id = %[1]s)`)
}

func (p product) compareLists(t *testing.T) {
	p.compare(t, "images", p.got["images"], []string{"image"},
		"SELECT image FROM oc_product_image WHERE product_id = %s ORDER BY sort_order, product_image_id")
	p.compare(t, "discounts", p.got["discounts"], []string{"quantity", "price"},
		"SELECT quantity, price FROM oc_product_discount WHERE product_id = %s ORDER BY quantity")
	p.compare(t, "related", p.got["related"], []string{"related_id"},
		"SELECT related_id FROM oc_product_related WHERE product_id = %s ORDER BY 1")
	p.compare(t, "rewards", p.got["rewards"], []string{"points"},
		"SELECT points FROM oc_product_reward WHERE product_id = %s")
	p.compare(t, "categories", p.got["categories"], []string{"category_id", "name"},
		`SELECT category_id, name FROM oc_product_to_category JOIN oc_category USING (category_id)
		JOIN oc_category_description USING (category_id) WHERE product_id = %s AND status = 1 ORDER BY sort_order, name`)
}

// compare compares fields of an array with a query that has a %s for the id.
func (p product) compare(t *testing.T, what string, array any, fields []string, query string) {
	t.Helper()
	want := p.query(t, query, p.id)
	if want == nil {
		want = [][]string{}
	}
	equal(t, what, pick(array, fields...), want)
}

// compareAttributes compares group, name and text of all attributes, one after another.
func (p product) compareAttributes(t *testing.T) {
	got := [][]string{}
	for _, group := range p.got["attribute_groups"].([]any) {
		for _, row := range pick(group.(object)["attributes"], "name", "text") {
			got = append(got, append([]string{text(group.(object)["name"])}, row...))
		}
	}
	want := [][]string{}
	for _, a := range p.query(t, "SELECT attribute_id, text FROM oc_product_attribute WHERE product_id = %s ORDER BY 1", p.id) {
		name := p.column(t, "SELECT name FROM oc_attribute_description WHERE attribute_id = %s", a[0])[0]
		group := p.column(t, `SELECT name FROM oc_attribute_group_description
			WHERE attribute_group_id = (SELECT attribute_group_id FROM oc_attribute WHERE attribute_id = %s)`, a[0])[0]
		want = append(want, []string{group, name, a[1]})
	}
	sortRows(got)
	sortRows(want)
	equal(t, "attributes", got, want)
}

// compareOptions compares each option, and under it each value.
func (p product) compareOptions(t *testing.T) {
	options := p.got["options"].([]any)
	p.compare(t, "options", options, []string{"product_option_id", "name", "type", "value", "required"},
		`SELECT product_option_id, (SELECT name FROM oc_option_description d WHERE d.option_id = po.option_id),
		(SELECT type FROM oc_option o WHERE o.option_id = po.option_id), value, required FROM oc_product_option po
		WHERE product_id = %s ORDER BY (SELECT sort_order FROM oc_option o WHERE o.option_id = po.option_id)`)
	for _, o := range options {
		option := product{p.shop, text(o.(object)["product_option_id"]), o.(object)}
		option.compare(t, "values of option "+option.id, option.got["values"],
			[]string{"product_option_value_id", "name", "quantity", "price_prefix", "price", "subtract"},
			`SELECT product_option_value_id,
			(SELECT name FROM oc_option_value_description d WHERE d.option_value_id = v.option_value_id),
			quantity, price_prefix, price, subtract FROM oc_product_option_value v WHERE product_option_id = %s
			ORDER BY (SELECT sort_order FROM oc_option_value o WHERE o.option_value_id = v.option_value_id)`)
	}
}

// Which of several offers counts. Those of the demo shop have no dates.
func TestOpenCartOffers(t *testing.T) {
	const always, past, future = "'0000-00-00', '0000-00-00'", "'2001-01-01', '2001-02-01'", "'2999-01-01', '0000-00-00'"
	s := newShop(t, mysqltest.MariaDB(t))
	for _, test := range []struct {
		name   string
		offers []string // customer_group_id, priority, price, date_start, date_end
		want   any
	}{
		{"none", nil, nil},
		{"no dates", []string{"1, 1, 5, " + always}, "5.0000"},
		{"within dates", []string{"1, 1, 5, '2001-01-01', '2999-01-01'"}, "5.0000"},
		{"only an end", []string{"1, 1, 5, '0000-00-00', '2999-01-01'"}, "5.0000"},
		{"over", []string{"1, 1, 5, " + past}, nil},
		{"not yet", []string{"1, 1, 5, " + future}, nil},
		{"of another group", []string{"2, 1, 5, " + always}, nil},
		{"priority before price", []string{"1, 2, 5, " + always, "1, 1, 6, " + always}, "6.0000"},
		{"price decides", []string{"1, 1, 6, " + always, "1, 1, 5, " + always}, "5.0000"},
		{"over and not yet do not compete", []string{"1, 0, 1, " + past, "1, 0, 2, " + future, "1, 9, 7, " + always}, "7.0000"},
	} {
		t.Run(test.name, func(t *testing.T) { s.compareOffers(t, test.offers, test.want) })
	}
}

func (s *shop) compareOffers(t *testing.T, offers []string, want any) {
	s.exec(t, "DELETE FROM oc_product_special", "DELETE FROM oc_product_discount")
	for _, o := range offers {
		s.exec(t, "INSERT INTO oc_product_special (product_id, customer_group_id, priority, price, date_start, date_end) VALUES (43, "+o+")")
		for _, quantity := range []string{"1", "10"} {
			s.exec(t, "INSERT INTO oc_product_discount (product_id, quantity, customer_group_id, priority, price, date_start, date_end)"+
				" VALUES (43, "+quantity+", "+o+")")
		}
	}
	got := s.load(t, s.lookup(t, "products"), "43")[0].(object)
	equal(t, "special", got["special"], want)
	equal(t, "discount", got["discount"], want)
	var first any
	if discounts := got["discounts"].([]any); len(discounts) > 0 {
		first = discounts[0].(object)["price"]
		equal(t, "quantity of the first discount", discounts[0].(object)["quantity"], any(json.Number("10")))
	}
	equal(t, "first of discounts", first, want)
	for _, row := range s.load(t, s.lookup(t, "category"), "18")[0].([]any) {
		if p := row.(object); p["product_id"] == json.Number("43") {
			equal(t, "special in the listing", p["special"], want)
			equal(t, "discount in the listing", p["discount"], want)
		}
	}
}

func TestOpenCartReviews(t *testing.T) {
	s := newShop(t, mysqltest.MariaDB(t))
	s.exec(t, "INSERT INTO oc_review (product_id, rating, status) VALUES (43, 5, 1), (43, 4, 1), (43, 4, 1), (43, 1, 0), (44, 1, 0)")
	answers := s.load(t, s.lookup(t, "products"), "43", "44")
	equal(t, "rating and number of reviews", pick(answers, "rating", "reviews"), [][]string{{"4", "3"}, {"0", "0"}})
}
