package catalogs_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

// The shops beside OpenCart: their tables, with rows of our own, are in testdata.
var others = []struct {
	name    string
	lookups []string
	advised []string // what check complains of in a large shop, until the advice in the comments is followed
	grow    []string // makes the shop large
	viewed  []string // table and column that count page views
	warned  []string // what check warns of, as the file says
}{
	{
		name:    "oscommerce",
		lookups: []string{"products", "category", "categories", "model"},
		advised: []string{"category."},
		grow: []string{
			`INSERT INTO products (products_id, products_quantity, products_model, products_price, products_date_added, products_weight, products_status, products_tax_class_id, manufacturers_id)
			 SELECT 1000 + seq, 1, CONCAT('M', seq), seq, NOW(), 1, 1, 1, 1 FROM seq_1_to_3000`,
			`INSERT INTO products_description (products_id, language_id, products_name) SELECT 1000 + seq, 1, CONCAT('Product ', seq) FROM seq_1_to_3000`,
			`INSERT INTO products_to_categories SELECT 1000 + seq, 100 + seq % 50 FROM seq_1_to_3000`,
			`INSERT INTO categories (categories_id, parent_id) SELECT 100 + seq, 10 + seq % 10 FROM seq_0_to_300`,
			`INSERT INTO categories_description SELECT 100 + seq, 1, CONCAT('Category ', seq) FROM seq_0_to_300`,
			`INSERT INTO products_images (products_id, image, sort_order) SELECT 1000 + seq, 'a.jpg', 1 FROM seq_1_to_3000`,
			`INSERT INTO products_attributes (products_id, options_id, options_values_id, options_values_price, price_prefix) SELECT 1000 + seq, 1, 1, 0, '+' FROM seq_1_to_3000`,
			`INSERT INTO specials (products_id, specials_new_products_price) SELECT 1000 + seq, 1 FROM seq_1_to_3000`,
			`INSERT INTO reviews (reviews_id, products_id, customers_name, reviews_status) SELECT 1000 + seq, 1000 + seq, 'x', 1 FROM seq_1_to_3000`,
			`INSERT INTO reviews_description SELECT 1000 + seq, 1, 'x' FROM seq_1_to_3000`,
		},
		viewed: []string{"products_description", "products_viewed"},
	},
	{
		name:    "woocommerce",
		lookups: []string{"products", "category", "sku", "slug"},
		grow: []string{
			`INSERT INTO wp_posts (ID, post_title, post_name, post_excerpt, post_content, post_type, to_ping, pinged, post_content_filtered)
			 SELECT 1000 + seq, 'p', CONCAT('p-', seq), '', '', 'product', '', '', '' FROM seq_1_to_3000`,
			`INSERT INTO wp_posts (ID, post_title, post_name, post_excerpt, post_content, post_type, post_parent, to_ping, pinged, post_content_filtered)
			 SELECT 5000 + seq, 'v', CONCAT('v-', seq), '', '', 'product_variation', 1000 + seq, '', '', '' FROM seq_1_to_3000`,
			`INSERT INTO wp_postmeta (post_id, meta_key, meta_value) SELECT 1000 + seq, k, v FROM seq_1_to_3000
			 JOIN (SELECT '_price' AS k, '1' AS v UNION SELECT '_thumbnail_id', '50' UNION SELECT 'attribute_pa_colour', 'red' UNION SELECT '_stock', '1') m`,
			`INSERT INTO wp_postmeta (post_id, meta_key, meta_value) SELECT 5000 + seq, 'attribute_pa_colour', 'red' FROM seq_1_to_3000`,
			`INSERT INTO wp_terms (term_id, name, slug) SELECT 1000 + seq, 't', CONCAT('t-', seq) FROM seq_1_to_300`,
			`INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy, description) SELECT 1000 + seq, 1000 + seq, 'product_cat', '' FROM seq_1_to_300`,
			`INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) SELECT 1000 + seq, 1001 + seq % 300 FROM seq_1_to_3000`,
			`INSERT INTO wp_wc_product_meta_lookup (product_id, sku, min_price) SELECT ID, CONCAT('S', ID), 1 FROM wp_posts WHERE ID > 1000`,
		},
		warned: []string{"category: warning: none of the keys [\"2\" \"3\" \"4\"], found in `wp_term_taxonomy`.`term_id`, has a row"},
	},
}

// otherShop makes a shop's tables in a database of its own and returns it with its catalog.
func otherShop(t *testing.T, server *mysqltest.Server, name string) (*shop, *catalog.Catalog, string) {
	t.Helper()
	s := &shop{server: server, db: server.Database(t)}
	script, err := os.ReadFile("testdata/" + name + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	_, script2, _ := strings.Cut(string(script), "\n") // a comment
	s.exec(t, slices.DeleteFunc(strings.Split(script2, ";\n"), func(s string) bool { return strings.TrimSpace(s) == "" })...)
	s.store, err = store.Open(store.Options{DSN: server.DSN(s.db), MaxConns: 2, QueryTimeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	src, err := os.ReadFile(name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, _ := parse(t, string(src), "products")
	return s, c, string(src)
}

func TestOthersChecked(t *testing.T) {
	for _, o := range others {
		t.Run(o.name, func(t *testing.T) {
			s, c, _ := otherShop(t, mysqltest.MariaDB(t), o.name)
			var names []string
			for _, l := range c.Lookups {
				names = append(names, l.Name)
				if len(l.ChangedBy) == 0 {
					t.Errorf("%s has no changed_by", l.Name)
				}
			}
			equal(t, "lookups", names, o.lookups)
			findings, err := s.store.Check(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, f := range findings {
				texts = append(texts, f.String())
			}
			equal(t, "findings: neither faults nor tables that changed_by leaves out", texts, o.warned)
		})
	}
}

// What the files say about missing indexes is true: without them check complains about a shop of some size, and with
// them it does not.
func TestOthersCheckedInALargeShop(t *testing.T) {
	for _, o := range others {
		t.Run(o.name, func(t *testing.T) {
			s, c, src := otherShop(t, mysqltest.MariaDB(t), o.name)
			if o.name == "woocommerce" {
				s.exec(t, "ALTER TABLE wp_wc_product_meta_lookup DROP KEY sku") // as before 2024
				o.advised = []string{"sku."}
			}
			s.exec(t, o.grow...)
			s.exec(t, "ANALYZE TABLE "+strings.Join(s.column(t, "SHOW TABLES"), ", "))
			equal(t, "faults without the indexes", s.check(t, c), o.advised)
			s.exec(t, advice(src)...)
			equal(t, "faults with the indexes", s.check(t, c), []string(nil))
		})
	}
}

// What these shops count up on every page view changes nothing.
func TestOthersPageViewsChangeNothing(t *testing.T) {
	for _, o := range others {
		_, c, _ := otherShop(t, mysqltest.MariaDB(t), o.name)
		for _, l := range c.Lookups {
			for _, change := range l.ChangedBy {
				if len(o.viewed) > 0 && change.Table == o.viewed[0] && (change.All || !slices.Contains(change.Ignore, o.viewed[1])) {
					t.Errorf("%s: %s goes stale by page views: %+v", o.name, l.Name, change)
				}
			}
		}
	}
}

// expectAnswer compares what a lookup answers with JSON.
func (s *shop) expectAnswer(t *testing.T, c *catalog.Catalog, lookup, key, want string) {
	t.Helper()
	l, ok := c.Lookup(lookup)
	if !ok {
		t.Fatalf("no lookup %s", lookup)
	}
	got, err := json.Marshal(s.load(t, l, key)[0])
	if err != nil {
		t.Fatal(err)
	}
	var wanted any
	d := json.NewDecoder(strings.NewReader(want))
	d.UseNumber()
	if err := d.Decode(&wanted); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	sorted, _ := json.Marshal(wanted)
	if string(got) != string(sorted) {
		t.Errorf("%s %s:\ngot  %s\nwant %s", lookup, key, got, sorted)
	}
}

func TestOSCommerceAnswers(t *testing.T) {
	s, c, _ := otherShop(t, mysqltest.MariaDB(t), "oscommerce")
	s.expectAnswer(t, c, "products", "1", `{"products_id":1,"products_name":"Teapot","products_description":"<p>For six cups.</p>","products_url":"",
		"products_model":"TP-01","products_image":"teapot.jpg","products_price":"49.9900","specials_new_products_price":"39.9900",
		"products_tax_class_id":1,"products_quantity":32,"products_weight":"1.20","products_date_added":"2024-03-01 10:00:00",
		"products_date_available":null,"manufacturers_id":1,"manufacturers_name":"Teapot & Sons","reviews":1,
		"images":[{"image":"teapot-top.jpg","htmlcontent":"<b>top</b>"},{"image":"teapot-side.jpg","htmlcontent":null}],
		"options":[{"products_options_id":1,"products_options_name":"Colour","values":[
			{"products_options_values_id":1,"products_options_values_name":"white","options_values_price":"0.0000","price_prefix":"+"},
			{"products_options_values_id":2,"products_options_values_name":"blue","options_values_price":"3.0000","price_prefix":"+"}]},
		{"products_options_id":2,"products_options_name":"Lid","values":[
			{"products_options_values_id":3,"products_options_values_name":"cork","options_values_price":"4.5000","price_prefix":"+"}]}],
		"categories":[{"categories_id":11,"categories_name":"Kitchen"}]}`)
	products, _ := c.Lookup("products")
	answers := s.load(t, products, "2", "3", "4")
	equal(t, "an offer that is over, one that is off beside one that is on", pick(answers[:2], "specials_new_products_price", "products_date_available"),
		[][]string{{"NULL", "2099-01-01 00:00:00"}, {"6.0000", "NULL"}})
	equal(t, "a disabled product", answers[2], nil)
	category, _ := c.Lookup("category")
	equal(t, "listing", pick(s.load(t, category, "11")[0], "products_id", "products_price", "specials_new_products_price"),
		[][]string{{"3", "7.5000", "6.0000"}, {"1", "49.9900", "39.9900"}})
	s.expectAnswer(t, c, "categories", "10", `{"categories_id":10,"categories_name":"Home","categories_image":"home.jpg","parent_id":0,"sort_order":1,
		"subcategories":[{"categories_id":12,"categories_name":"Light","categories_image":null},{"categories_id":11,"categories_name":"Kitchen","categories_image":null}]}`)
	s.expectAnswer(t, c, "model", "tp-01", `{"products_model":"TP-01","products_id":1}`)
	s.expectAnswer(t, c, "model", "old-1", `null`)
}

func TestWooCommerceAnswers(t *testing.T) {
	s, c, _ := otherShop(t, mysqltest.MariaDB(t), "woocommerce")
	s.expectAnswer(t, c, "products", "42", `{"product_id":42,"name":"Woollen cap","slug":"woollen-cap","short_description":"Warm.","description":"Knitted by hand.",
		"sku":"WOO-CAP","min_price":"15.0000","max_price":"15.0000","onsale":true,"stock_quantity":7,"stock_status":"instock",
		"average_rating":"4.50","rating_count":2,"tax_status":"taxable","tax_class":"","price":"15","regular_price":"18","sale_price":"15",
		"sale_from":null,"sale_to":"4070908800","weight":"0.2","gallery_image_ids":"51,52","image":"2024/03/cap.jpg",
		"terms":[{"taxonomy":"product_cat","term_id":17,"name":"Clothing","slug":"clothing"},
			{"taxonomy":"product_cat","term_id":18,"name":"Winter","slug":"winter"},
			{"taxonomy":"product_type","term_id":2,"name":"simple","slug":"simple"}],
		"variations":[]}`)
	products, _ := c.Lookup("products")
	answers := s.load(t, products, "43", "44", "46", "60")
	variations, err := json.Marshal(answers[0].(object)["variations"])
	equal(t, "variations", string(variations), `[{"attributes":[{"attribute":"pa_colour","value":"red"}],"onsale":false,"price":"20.0000","sku":"WOO-TEE-R","stock_quantity":3,"stock_status":"instock","variation_id":46},`+
		`{"attributes":[{"attribute":"pa_colour","value":"blue"}],"onsale":false,"price":"22.0000","sku":"WOO-TEE-B","stock_quantity":0,"stock_status":"outofstock","variation_id":47}]`)
	equal(t, "err", err, nil)
	equal(t, "a draft, a variation and a page", answers[1:], []any{nil, nil, nil})
	category, _ := c.Lookup("category")
	equal(t, "listing, without the draft and what is hidden", pick(s.load(t, category, "17")[0], "product_id", "name", "min_price", "image"),
		[][]string{{"43", "T-shirt", "20.0000", "NULL"}, {"42", "Woollen cap", "15.0000", "2024/03/cap.jpg"}})
	s.expectAnswer(t, c, "sku", "woo-tee-r", `{"sku":"WOO-TEE-R","product_id":46,"parent_id":43}`)
	s.expectAnswer(t, c, "sku", "WOO-DRAFT", `null`)
	s.expectAnswer(t, c, "slug", "woollen-cap", `{"slug":"woollen-cap","product_id":42}`)
	s.expectAnswer(t, c, "slug", "about-us", `null`)
}

// A change reaches the products and listings that show it.
func TestOthersChangesFindKeys(t *testing.T) {
	for _, test := range []struct {
		shop, lookup, table, column, value string
		want                               []string
	}{
		{"oscommerce", "category", "products", "products_id", "1", []string{"11"}},
		{"oscommerce", "category", "specials", "products_id", "2", []string{"12"}},
		{"oscommerce", "products", "reviews_description", "reviews_id", "3", []string{"1"}},
		{"oscommerce", "categories", "categories_description", "categories_id", "12", []string{"10"}},
		{"woocommerce", "products", "wp_postmeta", "post_id", "46", []string{"43"}},
		{"woocommerce", "products", "wp_wc_product_meta_lookup", "product_id", "47", []string{"43"}},
		{"woocommerce", "products", "wp_terms", "term_id", "18", []string{"42"}},
		{"woocommerce", "products", "wp_term_taxonomy", "term_taxonomy_id", "104", []string{"45"}},
		{"woocommerce", "category", "wp_term_relationships", "object_id", "42", []string{"17", "18", "2"}},
		{"woocommerce", "category", "wp_term_relationships", "term_taxonomy_id", "118", []string{"18"}},
		{"woocommerce", "category", "wp_posts", "ID", "44", []string{"17"}},
		{"woocommerce", "category", "wp_wc_product_meta_lookup", "product_id", "43", []string{"17", "20", "3"}},
		{"woocommerce", "category", "wp_postmeta", "post_id", "45", []string{"17", "2", "4"}},
		{"woocommerce", "sku", "wp_posts", "ID", "42", []string{"woo-cap"}},
	} {
		t.Run(test.shop+" "+test.lookup+" "+test.table, func(t *testing.T) {
			s, c, _ := otherShop(t, mysqltest.MariaDB(t), test.shop)
			l, _ := c.Lookup(test.lookup)
			at := slices.IndexFunc(l.ChangedBy, func(c catalog.Change) bool {
				return c.Table == test.table && c.Finds() && c.Key == test.column
			})
			if at < 0 {
				t.Fatalf("%s has no find of %s by %s", l.Name, test.table, test.column)
			}
			got, err := s.store.Find(t.Context(), l, l.ChangedBy[at], catalog.Integer, []string{test.value})
			slices.Sort(got)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("Find(%s) = %q, %v, want %q", test.value, got, err, test.want)
			}
		})
	}
}

// MySQL, strict and with ONLY_FULL_GROUP_BY by default, gives the same answers.
func TestOthersOnMySQL(t *testing.T) {
	for _, o := range others {
		t.Run(o.name, func(t *testing.T) {
			mysql, c, _ := otherShop(t, mysqltest.MySQL(t), o.name)
			mariaDB, _, _ := otherShop(t, mysqltest.MariaDB(t), o.name)
			equal(t, "faults", mysql.check(t, c), []string(nil))
			for _, l := range c.Lookups {
				keys := []string{"1", "2", "3", "10", "11", "17", "42", "43"}
				if l.Name == "model" || l.Name == "sku" || l.Name == "slug" {
					keys = []string{"tp-01", "woo-tee-r", "t-shirt"}
				}
				equal(t, l.Name, mysql.load(t, l, keys...), mariaDB.load(t, l, keys...))
			}
		})
	}
}
