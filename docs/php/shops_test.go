package php_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// A shop is a page for a shop system, with its tables in a MariaDB whose binlog the service follows.
type shop struct {
	*workplace
	server   *mysqltest.Server
	database string
	named    map[string]block // the blocks of PHP, by name
	used     map[string]bool
}

// newShop runs the commands of a page, which leave the service running.
func newShop(t *testing.T, page string, tables func(*mysqltest.Server) string) *shop {
	t.Helper()
	server := mysqltest.MariaDB(t, mysqltest.Binlog())
	s := &shop{newWorkplace(t), server, tables(server), map[string]block{}, map[string]bool{}}
	s.is("shop:password@tcp(127.0.0.1:3306)/shop", server.DSN(s.database))
	s.env = append(s.env, "SHOP_SOCKET="+server.Socket(), "SHOP_DATABASE="+s.database)
	client := filepath.Join(s.folder, "client")
	s.must(os.CopyFS(client, os.DirFS(filepath.Join(s.root, "clients/php"))))
	s.makePatient(client)
	s.is(s.root+"/clients/php/autoload.php", client+"/autoload.php")
	for _, b := range blocksOf(t, page) {
		switch {
		case b.lang == "sh":
			s.shell(b)
		case b.lang == "php" && b.name != "":
			s.named[b.name] = b
		default:
			t.Errorf("%s:%d: nothing runs a block of %q without a name", page, b.line, b.lang)
		}
	}
	s.is("http://127.0.0.1:8080", s.services[0].public)
	return s
}

// code returns a block of PHP as it is run here.
func (s *shop) code(name string) string {
	s.t.Helper()
	b, ok := s.named[name]
	if !ok {
		s.t.Fatalf("the page has no block %q", name)
	}
	s.used[name] = true
	text := s.here(s.here(b.text)) // the client's path is replaced twice
	client := "new Productcache\\Client('" + s.services[0].public + "'"
	return strings.Replace(text, client+")", client+", new Productcache\\Options(adminUrl: '"+s.services[0].admin+"',"+
		" observer: static fn ($o) => $GLOBALS['served'] = ($GLOBALS['served'] ?? 0) + (int) ($o->source === 'service')))", 1)
}

// standIn runs a file of testdata with the page's blocks in it, and returns what it prints.
func (s *shop) standIn(name string, env ...string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	s.must(err)
	filled := regexp.MustCompile(`(?m)^//BLOCK (.*)$`).ReplaceAllStringFunc(string(text), func(marker string) string {
		return strings.TrimPrefix(s.code(strings.TrimPrefix(marker, "//BLOCK ")), "<?php\n")
	})
	s.write(name, filled)
	before := s.env
	defer func() { s.env = before }()
	s.env = append(s.env, env...)
	return s.php(block{page: "testdata/" + name}, name)
}

// expectUsed wants every block to have been run.
func (s *shop) expectUsed() {
	s.t.Helper()
	for name, b := range s.named {
		if !s.used[name] {
			s.t.Errorf("%s:%d: %q was not run", b.page, b.line, name)
		}
	}
}

// away ends the service.
func (s *shop) away() { s.services[0].end() }

// expectPrice changes a price in MySQL and awaits it in the answer for a key; a page view changes nothing.
func (s *shop) expectPrice(target, view, change, want string) {
	s.t.Helper()
	ask := func() answer { return get(s.t, s.services[0].public+target) }
	await(s.t, "a cached answer", func() bool { return strings.HasPrefix(ask().cacheStatus, "productcache; hit; ttl=") })
	if view != "" {
		s.server.Exec(s.t, s.database, view)
		ignored := regexp.MustCompile(`(?m)^productcache_binlog_rows_ignored_total\{table="` + s.database + `\.[a-z_]+"\} [1-9]`)
		await(s.t, "the view was read", func() bool { return ignored.MatchString(get(s.t, s.services[0].admin+"/metrics").body) })
		if a := ask(); !strings.HasPrefix(a.cacheStatus, "productcache; hit; ttl=") {
			s.t.Errorf("after a page view: %+v", a)
		}
	}
	if a := ask(); strings.Contains(a.body, want) {
		s.t.Fatalf("%s holds %s before the change", target, want)
	}
	s.server.Exec(s.t, s.database, change)
	await(s.t, "the new price", func() bool { return strings.Contains(ask().body, want) })
}

func compare(t *testing.T, what, got, want string) {
	t.Helper()
	block{page: what}.expect(t, got, want)
}

func TestOpenCart(t *testing.T) {
	s := newShop(t, "opencart.md", func(m *mysqltest.Server) string { return m.OpenCart(t) })
	compare(t, "served", s.standIn("opencart.php", "SHOP_IS_SERVED=1"),
		"served: 0 of 34 queries false 12 products of the category, 1 queries, 1 calls 2 related, 1 queries, 1 calls another language: 1 query")
	s.expectUsed()
	s.expectPrice("/v1/products/42", "UPDATE oc_product SET viewed = viewed + 1 WHERE product_id = 42",
		"UPDATE oc_product SET price = 123.45 WHERE product_id = 42", `"price":"123.4500"`)
	s.expectPrice("/v1/category/20?page=1&per_page=100", "", "UPDATE oc_product SET price = 234.56 WHERE product_id = 42", `"price":"234.5600"`)
	s.away()
	compare(t, "service is away", s.standIn("opencart.php"),
		"direct: 34 of 34 queries false 12 products of the category, 13 queries, 0 calls 2 related, 3 queries, 0 calls another language: 1 query")
}

// tables loads a shop's tables from the catalogs' test data.
func tables(t *testing.T, name string) func(*mysqltest.Server) string {
	return func(m *mysqltest.Server) string {
		script, err := os.ReadFile("../catalogs/testdata/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		database := m.Database(t)
		_, statements, _ := strings.Cut(string(script), "\n") // a comment
		for _, statement := range strings.Split(strings.TrimSuffix(strings.TrimSpace(statements), ";"), ";\n") {
			m.Exec(t, database, "SET sql_mode = ''", statement)
		}
		return database
	}
}

func TestOSCommerce(t *testing.T) {
	s := newShop(t, "oscommerce.md", tables(t, "oscommerce"))
	s.write("includes/functions/productcache.php", s.code("includes/functions/productcache.php"))
	const pages = `Teapot [TP-01] 49.9900 39.9900, added 2024-03-01 10:00:00, Teapot & Sons, 1 review
		teapot-top.jpg <b>top</b> teapot-side.jpg
		Colour (1): white +0.0000 blue +3.0000
		Lid (2): cork +4.5000
		Mug [MU-03] 7.5000 6.0000, added 2024-03-03 12:00:00, , 0 review
		no such product
		`
	const german = `
		Teekanne [TP-01] 49.9900 39.9900, added 2024-03-01 10:00:00, Teapot & Sons, 1 review
		teapot-top.jpg <b>top</b> teapot-side.jpg
		Deckel (2): Kork +4.5000
		Farbe (1): weiß +0.0000 blau +3.0000
		`
	compare(t, "served", s.standIn("oscommerce.php", "SHOP_IS_SERVED=1"), pages+"served: 0 queries"+german+"Mug 6.0000 Teapot 39.9900")
	s.expectUsed()
	s.expectPrice("/v1/products/1", "UPDATE products_description SET products_viewed = products_viewed + 1 WHERE products_id = 1 AND language_id = 1",
		"UPDATE products SET products_price = 77 WHERE products_id = 1", `"products_price":"77.0000"`)
	s.expectPrice("/v1/category/11?page=1", "", "UPDATE specials SET specials_new_products_price = 5 WHERE products_id = 3 AND status = 1",
		`"specials_new_products_price":"5.0000"`)
	s.server.Exec(t, s.database, "UPDATE products SET products_price = 49.99 WHERE products_id = 1",
		"UPDATE specials SET specials_new_products_price = 6 WHERE products_id = 3 AND status = 1")
	s.away()
	compare(t, "service is away", s.standIn("oscommerce.php"), pages+"direct: 9 queries"+german)
}

func TestWooCommerce(t *testing.T) {
	s := newShop(t, "woocommerce.md", tables(t, "woocommerce"))
	s.write("wp-content/mu-plugins/productcache.php", s.code("wp-content/mu-plugins/productcache.php"))
	compare(t, "served", s.standIn("woocommerce.php", "SHOP_IS_SERVED=1"), `<ul class="products">`+
		`<li class="product"><a href="https://shop.example/product/t-shirt/"><img src="https://shop.example/wp-content/uploads/" alt=""><h2 class="woocommerce-loop-product__title">T-shirt</h2><span class="price">20–22</span></a></li>`+
		`<li class="product"><a href="https://shop.example/product/woollen-cap/"><img src="https://shop.example/wp-content/uploads/2024/03/cap.jpg" alt=""><h2 class="woocommerce-loop-product__title">Woollen cap</h2><span class="price"><del>18</del> <ins>15</ins></span></a></li></ul>
		woocommerce_new_product woocommerce_update_product
		t-shirt 20.0000 instock woollen-cap 15.0000 instock`)
	s.expectUsed()
	s.expectPrice("/v1/products/42", "UPDATE wp_wc_product_meta_lookup SET total_sales = total_sales + 1 WHERE product_id = 42",
		"UPDATE wp_postmeta SET meta_value = '77' WHERE post_id = 42 AND meta_key = '_price'", `"price":"77"`)
	s.expectPrice("/v1/products/43", "", "UPDATE wp_wc_product_meta_lookup SET min_price = 78 WHERE product_id = 47", `"price":"78.0000"`)
	s.expectPrice("/v1/category/17?page=1", "", "UPDATE wp_wc_product_meta_lookup SET min_price = 79 WHERE product_id = 42", `"min_price":"79.0000"`)
	s.away()
	compare(t, "service is away", s.standIn("woocommerce.php"), `WooCommerce shows [products ids="43,42,44"]`)
}
