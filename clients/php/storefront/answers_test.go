package storefront_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"productcache/internal/phpserver"
)

// TestAnswers: statuses, and headers that every page has.
func TestAnswers(t *testing.T) {
	for _, kind := range []phpserver.Kind{phpserver.BuiltIn, phpserver.FPM} {
		t.Run(string(kind), func(t *testing.T) {
			r := open(t, kind, shared(t)())
			for path, status := range map[string]int{
				"/": 200, "/category/33": 200, "/category/33?page=2": 200, "/product/42": 200, "/search": 200, "/search?sku=%20,;": 200,
				"/search?sku=%FF": 200, "/search?sku[]=1": 200, "/category/33?page[]=1": 200, "/shop.css": 200, "/icon.svg": 200,
				"/category/33?page=99999": 404, "/category/33?page=0": 404, "/category/33?page=x": 404, "/category/33?page=9999999": 404,
				"/category/0": 404, "/category/999": 404, "/product/007": 404, "/product/0": 404, "/product/1e3": 404, "/product/999999999": 404,
				"/product/99999999999999999999": 404, "/nothing": 404, "/product/": 404, "/index.php/x": 404, "/src/App.php": 404,
				"/source": 405,
			} {
				a := r.get(path, false)
				if a.status != status {
					t.Errorf("GET %s = %d, want %d\n%s", path, a.status, status, r.log)
				}
				if strings.Contains(path, ".css") || strings.Contains(path, ".svg") {
					continue
				}
				for name, want := range map[string]string{
					"Content-Security-Policy": "default-src 'none'; ", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
					"Referrer-Policy": "same-origin", "Content-Type": "text/html; charset=utf-8", "Cache-Control": "private, no-cache",
				} {
					if got := a.header.Get(name); !strings.HasPrefix(got, want) {
						t.Errorf("GET %s: %s: %q, want %q", path, name, got, want)
					}
				}
				if powered := a.header.Get("X-Powered-By"); powered != "" {
					t.Errorf("GET %s tells that it is made by %s", path, powered)
				}
			}
		})
	}
}

// TestSwitchGoesNowhereElse: the way back from the switch is within the shop.
func TestSwitchGoesNowhereElse(t *testing.T) {
	r := open(t, phpserver.BuiltIn, shared(t)())
	for give, want := range map[string]string{
		"/category/33?page=2": "/category/33?page=2", "//evil.test/": "/", "/\\evil.test": "/", "http://evil.test/": "/", "/x%0aSet-Cookie:a=b": "/x%0aSet-Cookie:a=b",
		"/x\r\nA: b": "/", "": "/",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/source", strings.NewReader("source=direct&return="+escape(give)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a := r.do(request)
		if got := a.header.Get("Location"); a.status != http.StatusSeeOther || got != want {
			t.Errorf("POST return=%q = %d, Location %q; want 303, %q", give, a.status, got, want)
		}
		if cookie := a.header.Get("Set-Cookie"); cookie != "source=direct; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax" {
			t.Errorf("Set-Cookie: %s", cookie)
		}
	}
}

func escape(s string) string {
	return strings.NewReplacer("%", "%25", "&", "%26", "=", "%3D", "\r", "%0D", "\n", "%0A", ":", "%3A", "?", "%3F", " ", "%20").Replace(s)
}

var mainPart = regexp.MustCompile(`(?s)<main.*</main>`)

// TestBothWaysShowTheSame: the shop's own SQL, directly and as the fallback, makes
// the pages that the cache makes.
func TestBothWaysShowTheSame(t *testing.T) {
	r := open(t, phpserver.BuiltIn, shared(t)())
	paths := []string{"/", "/category/33", "/category/40?page=3", "/category/5?page=2", "/product/1", "/product/42", "/product/1499", "/search?sku=no-such",
		"/search?sku=" + r.server.Query(t, r.database, "SELECT GROUP_CONCAT(LOWER(sku)) FROM products WHERE product_id BETWEEN 10 AND 20")[0][0]}
	cached := map[string]string{}
	for _, path := range paths {
		cached[path] = mainPart.FindString(r.get(path, false).body)
		if direct := mainPart.FindString(r.get(path, true).body); direct != cached[path] || len(direct) < 200 {
			t.Errorf("GET %s differs.\nBy the cache: %s\ndirectly: %s", path, cached[path], direct)
		}
	}
	r.stopService()
	for _, path := range paths {
		a := r.get(path, false)
		if got := mainPart.FindString(a.body); got != cached[path] || !strings.Contains(a.body, "own SQL") {
			t.Errorf("GET %s without the service differs: %s\nwith it: %s", path, a.body, cached[path])
		}
	}
}

// TestSettings: what else the environment may say.
func TestSettings(t *testing.T) {
	r := open(t, phpserver.BuiltIn, shared(t)())
	if home := r.get("/", false).body; !strings.Contains(home, `id="shelf-title">Gifts<`) {
		t.Errorf("the home page shows no shelf of gifts: %s", home)
	}
	r.openStorefront(phpserver.FPM, "STOREFRONT_LOCAL_TTL=60", "STOREFRONT_FEATURED=0")
	if home := r.get("/", false).body; strings.Contains(home, "shelf-title") {
		t.Errorf("with STOREFRONT_FEATURED=0 the home page shows a shelf: %s", home)
	}
	r.get("/product/42", false)
	if page := r.get("/product/42", false).body; !strings.Contains(page, "4 calls were answered from this machine’s APCu.") {
		t.Errorf("with STOREFRONT_LOCAL_TTL, calls are not answered from APCu: %s", page)
	}
}
