package storefront_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"productcache/internal/chromium"
	"productcache/internal/mysqltest"
	"productcache/internal/phpserver"
)

// shared is the server of tests that do not stop it.
func shared(t *testing.T) func() *mysqltest.Server {
	return func() *mysqltest.Server { return mysqltest.MariaDB(t, mysqltest.Binlog()) }
}

// private is one to stop.
func private(t *testing.T) func() *mysqltest.Server {
	return func() *mysqltest.Server { return mysqltest.MariaDB(t, mysqltest.Binlog(), mysqltest.Private()) }
}

// TestClickThrough goes from the home page to a product and searches for another,
// on both servers.
func TestClickThrough(t *testing.T) {
	for _, kind := range []phpserver.Kind{phpserver.BuiltIn, phpserver.FPM} {
		t.Run(string(kind), func(t *testing.T) {
			b := browse(t, kind, shared(t))
			b.shows("h1", "Good things for every room")
			b.follow(`.room a[href="/category/33"]`, "Kitchen – Hearth & Hall")
			b.shows(".rooms [aria-current=page]", "Kitchen")
			n, _ := strconv.Atoi(b.server.Query(t, b.database, "SELECT COUNT(*) FROM product_to_category WHERE category_id = 33")[0][0])
			b.shows(".section-head p", fmt.Sprintf("%d products, page 1 of %d", n, (n+23)/24))
			b.follow(`.pages a[rel=next]`, "Kitchen, page 2")
			b.shows(".pages [aria-current=page]", "2")
			b.shows("#report-queries", "0")
			b.shows("#report-calls", "3")
			var first struct{ Name, Price, Address string }
			b.Eval(`(() => { const c = document.querySelector('.card'), a = c.querySelector('a');
				return {Name: a.innerText, Price: c.querySelector('.price').innerText, Address: a.getAttribute('href')}; })()`, &first)
			var cards int
			if b.Eval("document.querySelectorAll('.card').length", &cards); cards != 24 {
				t.Errorf("the page has %d products, want 24", cards)
			}
			b.follow(".card a", first.Name)
			b.shows("h1", first.Name)
			b.shows(".facts .price", strings.TrimSpace(first.Price))
			b.shows(".trail", "Kitchen")
			b.shows("#report-queries", "0")
			if b.Eval("document.querySelectorAll('.strip .card').length", &cards); cards != 24 {
				t.Errorf("there are %d similar products, want 24", cards)
			}
			b.Click("#sku")
			b.Type("sd-00042 no-such te-00011 " + b.sku(11))
			b.Press("Enter")
			b.Await("document.title.startsWith('Search')")
			b.shows("#missing", "NO-SUCH")
			b.shows(".grid", b.name(11))
			b.follow(`.grid a[href="/product/11"]`, b.name(11))
			b.shows(".attributes", b.sku(11))
			b.content()
		})
	}
}

func (b *browsing) sku(id int) string {
	b.t.Helper()
	return b.server.Query(b.t, b.database, "SELECT sku FROM products WHERE product_id = ?", id)[0][0]
}

func (b *browsing) name(id int) string {
	b.t.Helper()
	return b.server.Query(b.t, b.database, "SELECT name FROM product_descriptions WHERE product_id = ?", id)[0][0]
}

// TestSwitch changes between the cache and MySQL, by keyboard too.
func TestSwitch(t *testing.T) {
	b := browse(t, phpserver.BuiltIn, shared(t))
	expect := func(pressed, queries, calls string) {
		t.Helper()
		b.shows(".choices [aria-pressed=true]", pressed)
		for selector, want := range map[string]string{"#report-queries": queries, "#report-calls": calls} {
			if got := b.Text(selector); got != want {
				t.Errorf("by %s, %s = %s, want %s", pressed, selector, got, want)
			}
		}
	}
	b.visit("/product/42")
	expect("the cache", "0", "4")
	b.Click(".choices [value=direct]")
	b.Await("document.querySelector('.choices [value=direct]').getAttribute('aria-pressed') === 'true'")
	b.shows("h1", b.name(42))
	expect("MySQL directly", "79", "0")
	b.visit("/category/33?page=2")
	expect("MySQL directly", "77", "0")
	b.Eval("document.querySelector('.choices [value=cache]').focus()", nil)
	b.Press("Enter")
	b.Await("document.querySelector('.choices [value=cache]').getAttribute('aria-pressed') === 'true'")
	b.shows(".pages [aria-current=page]", "2")
	expect("the cache", "0", "3")
	b.content()
}

// TestPriceChange shows on the next page, without a purge.
func TestPriceChange(t *testing.T) {
	b := browse(t, phpserver.BuiltIn, shared(t))
	b.visit("/product/42")
	b.visit("/product/42")
	b.shows("#report-sources", "4 calls were answered from the cache’s memory.")
	b.exec("UPDATE products SET price = 1234.5 WHERE product_id = 42")
	b.exec("REPLACE INTO product_specials VALUES (42, 999)")
	b.await("the new price is shown", func() bool {
		b.visit("/product/42")
		b.shows("#report-queries", "0")
		return strings.Contains(b.Text(".facts .price"), "999.00") && strings.Contains(b.Text(".facts .price"), "1,234.50")
	})
	b.content()
}

// TestMySQLStops: what the cache knows goes on, and the rest says what is wrong.
func TestMySQLStops(t *testing.T) {
	b := browse(t, phpserver.FPM, private(t))
	b.visit("/category/33")
	b.visit("/product/42")
	name := b.name(42)
	if err := b.server.Stop(); err != nil {
		t.Fatal(err)
	}
	for path, title := range map[string]string{"/": "Good things", "/category/33": "Kitchen", "/category/33?page=2": "Kitchen", "/product/42": name} {
		b.visit(path)
		b.shows("h1", title)
		b.shows("#report-queries", "0")
	}
	b.content()
	for path, direct := range map[string]bool{"/product/43": false, "/product/42": true, "/search?sku=MU-00099": false} {
		a := b.get(path, direct)
		if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "We cannot show this page right now") {
			t.Errorf("GET %s, directly %t = %d %s", path, direct, a.status, a.body)
		}
	}
	b.visit("/product/43")
	b.shows("main", "Pages seen lately still work.")
	b.shows(".rooms", "Kitchen")
	b.shows("#report-sources", "1 call was answered from the cache’s memory, 1 call had no answer.")
	b.artifact("away")
	if err := b.server.Restart(); err != nil {
		t.Fatal(err)
	}
	b.await("pages not seen before are back", func() bool { return b.get("/product/43", false).status == 200 })
}

// TestMySQLHangs: pages not known to the cache say so before the reader has left.
func TestMySQLHangs(t *testing.T) {
	r := open(t, phpserver.BuiltIn, private(t)())
	r.get("/product/42", false)
	if err := r.server.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.server.Thaw() }) // however the test ends, its database must be dropped
	began := time.Now()
	if a := r.get("/product/42", false); a.status != 200 || time.Since(began) > time.Second {
		t.Errorf("a page known to the cache: %d after %v", a.status, time.Since(began))
	}
	for _, direct := range []bool{false, true} {
		began := time.Now()
		if a := r.get("/product/43", direct); a.status != 503 || time.Since(began) > 8*time.Second {
			t.Errorf("a page not known to the cache, directly %t: %d after %v", direct, a.status, time.Since(began))
		} else {
			t.Logf("directly %t: after %v", direct, time.Since(began))
		}
	}
	if err := r.server.Thaw(); err != nil {
		t.Fatal(err)
	}
	r.await("the page is back", func() bool { return r.get("/product/43", false).status == 200 })
}

// TestServiceStops: the shop asks MySQL itself, and says so, until the service is back.
func TestServiceStops(t *testing.T) {
	for _, kind := range []phpserver.Kind{phpserver.BuiltIn, phpserver.FPM} {
		t.Run(string(kind), func(t *testing.T) {
			b := browse(t, kind, shared(t))
			b.stopService()
			for path, title := range map[string]string{"/": "Good things", "/category/33?page=2": "Kitchen", "/product/42": b.name(42), "/search?sku=" + b.sku(7): b.name(7)} {
				b.visit(path)
				b.shows("main", title)
				b.shows("#report-notice", "The cache did not answer everything: the shop asked MySQL by its own SQL.")
				b.shows("#report-sources", "answered from the shop’s own SQL")
			}
			b.startService()
			b.await("the cache answers again", func() bool {
				b.visit("/product/42")
				return !strings.Contains(b.Text(".report"), "the shop’s own SQL")
			})
			b.shows("#report-queries", "0")
			b.content()
		})
	}
}

// TestBothStop: a page that explains itself.
func TestBothStop(t *testing.T) {
	b := browse(t, phpserver.BuiltIn, private(t))
	b.stopService()
	if err := b.server.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/category/33", "/product/42", "/search?sku=MU-00042"} {
		a := b.get(path, false)
		if a.status != 503 || !strings.Contains(a.body, "The shop’s database does not answer") || !strings.Contains(a.body, "The cache did not answer everything.") {
			t.Errorf("GET %s = %d %s", path, a.status, a.body)
		}
	}
}

// TestAccessible looks at what a screen reader is told, at contrasts, and at the
// width of a phone. It leaves screenshots: go test -artifacts.
func TestAccessible(t *testing.T) {
	b := browse(t, phpserver.BuiltIn, shared(t))
	for name, path := range map[string]string{"home": "/", "category": "/category/33?page=2", "product": "/product/42", "search": "/search?sku=" + b.sku(7) + "+nothing", "missing": "/product/999999"} {
		b.visit(path)
		b.Eval("document.querySelectorAll('details').forEach((d) => { d.open = true; })", nil)
		b.expectRoles(name)
		for _, screen := range []struct {
			name string
			chromium.View
		}{{"light", desktop}, {"dark", chromium.View{Width: 1280, Height: 900, Dark: true}}, {"phone", phone}, {"phone-dark", chromium.View{Width: 360, Height: 740, Dark: true}}} {
			b.Show(screen.View)
			b.Await(fmt.Sprint("innerWidth === ", screen.Width))
			if faint := b.FaintText(); len(faint) > 0 {
				t.Errorf("%s, %s: contrast below 4.5: %q", name, screen.name, faint)
			}
			var width int
			if b.Eval("document.documentElement.scrollWidth", &width); width > screen.Width {
				t.Errorf("%s, %s: the page is %d wide, and must be scrolled sideways on a screen of %d", name, screen.name, width, screen.Width)
			}
			b.artifact(name + "-" + screen.name)
		}
	}
	for _, address := range b.Requests() {
		if !strings.HasPrefix(address, b.url+"/") {
			t.Errorf("the page asks for %s, which is not of the shop", address)
		}
	}
}

// expectRoles wants the landmarks, one heading of the first rank, and a name for
// all that has a role to play.
func (b *browsing) expectRoles(page string) {
	b.t.Helper()
	roles := map[string]int{}
	for _, n := range b.Accessible() {
		roles[n.Role]++
		switch n.Role {
		case "button", "textbox", "searchbox", "link", "image", "img", "region", "navigation", "heading", "table", "group":
			if n.Name == "" && n.Role != "group" {
				b.t.Errorf("%s: a screen reader is told of a %s without a name", page, n.Role)
			}
		}
	}
	for role, n := range map[string]int{"banner": 1, "main": 1, "contentinfo": 1, "navigation": 1, "search": 1, "textbox": 1, "button": 3} {
		if roles[role] < n {
			b.t.Errorf("%s: a screen reader finds %d of role %s, want %d at least: %v", page, roles[role], role, n, roles)
		}
	}
	var ranks []int
	b.Eval("[...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1]))", &ranks)
	for i, rank := range ranks {
		if (i == 0) != (rank == 1) || (i > 0 && rank > ranks[i-1]+1) {
			b.t.Errorf("%s: headings of ranks %v, want one of the first, and no rank left out", page, ranks)
			break
		}
	}
}

// artifact keeps a screenshot.
func (b *browsing) artifact(name string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.t.ArtifactDir(), name+".png"), b.Screenshot(true), 0o644); err != nil {
		b.t.Error(err)
	}
}

// TestByKeyboard skips to the content and opens a product without a mouse.
func TestByKeyboard(t *testing.T) {
	b := browse(t, phpserver.BuiltIn, shared(t))
	b.visit("/category/1")
	b.Press("Tab")
	b.Await("document.activeElement.matches('.skip') && document.activeElement.getBoundingClientRect().top >= 0")
	b.Press("Enter")
	b.Await("document.activeElement.id === 'main'")
	for range 20 {
		var there bool
		if b.Eval("document.activeElement.matches('.card a')", &there); there {
			break
		}
		b.Press("Tab")
	}
	var outline string
	if b.Eval("getComputedStyle(document.activeElement, '::after').outlineStyle", &outline); outline != "solid" {
		t.Errorf("the focus on a product has the outline %q, want solid", outline)
	}
	b.Press("Enter")
	b.Await("location.pathname.startsWith('/product/')")
	b.content()
}

// TestForeignTexts: what an editor, or an attacker, writes into the database is
// shown as it is.
func TestForeignTexts(t *testing.T) {
	b := browse(t, phpserver.BuiltIn, shared(t))
	const evil = `"'><script src="http://evil.test/x.js"></script><img src=http://evil.test/y onerror=alert(1)> & Co`
	quoted := strings.ReplaceAll(evil, "'", "''")
	for _, statement := range []string{
		"UPDATE product_descriptions SET name = '" + quoted + "', description = '" + quoted + " <b>bold</b> <b onclick=alert(1)>not</b>' WHERE product_id = 42",
		"REPLACE INTO product_attributes VALUES (42, '" + quoted[:40] + "', '" + quoted + "')",
		"UPDATE products p JOIN manufacturers m USING (manufacturer_id) SET m.name = '" + quoted[:60] + "' WHERE product_id = 42",
		"UPDATE categories SET name = '" + quoted[:60] + "' WHERE category_id = 40",
	} {
		b.exec(statement)
	}
	category := b.server.Query(t, b.database, "SELECT category_id FROM product_to_category WHERE product_id = 42 ORDER BY category_id LIMIT 1")[0][0]
	for _, source := range []string{"cache", "direct"} {
		if source == "direct" {
			b.Click(".choices [value=direct]")
			b.Await("document.querySelector('.choices [value=direct]')?.getAttribute('aria-pressed') === 'true'")
		}
		for _, path := range []string{"/", "/product/42", "/category/" + category, "/category/40", "/search?sku=" + b.sku(42) + "%20%3Cscript%3E%22"} {
			b.await("the texts are shown on "+path, func() bool {
				b.visit(path)
				return strings.Contains(b.Text("body"), `"'><script src="http://evil`)
			})
			var bad int
			if b.Eval("document.querySelectorAll('script, img, [onerror], [onclick]').length", &bad); bad > 0 {
				t.Errorf("%s, %s: %d elements come from the database", source, path, bad)
			}
		}
		b.visit("/product/42")
		b.shows("h1", evil)
		var bold string
		if b.Eval("document.querySelector('.prose b').innerText", &bold); bold != "bold" {
			t.Errorf("bold is %q, want bold", bold)
		}
	}
	b.content()
}
