package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	s := open(t)
	s.get(t, "/v1/category/20")
	etag := strings.TrimSuffix(s.get(t, "/v1/category/20").Header().Get("Etag"), `"`)
	expect(t, s.get(t, "/v1/category/20?page=2&per_page=2", "Accept-Encoding", "gzip"), `200
Age: 0
Cache-Control: no-cache
Cache-Status: productcache; hit; ttl=299
Content-Length: 17
Content-Type: application/json
Etag: `+etag+`-p2-2"
Link: </v1/category/20?page=1&per_page=2>; rel="first", </v1/category/20?page=1&per_page=2>; rel="prev", `+
		`</v1/category/20?page=3&per_page=2>; rel="next", </v1/category/20?page=3&per_page=2>; rel="last"
Vary: Accept-Encoding
X-Total-Count: 5

[{"n":3},{"n":4}]`)
}

func TestPages(t *testing.T) {
	s := open(t)
	s.list("category/30", 100)
	link := func(relations ...string) string {
		var links []string
		for i := 0; i < len(relations); i += 2 {
			links = append(links, "</v1/category/"+relations[i+1]+`>; rel="`+relations[i]+`"`)
		}
		return strings.Join(links, ", ")
	}
	for target, want := range map[string]struct{ body, total, links string }{
		"20?page=1&per_page=2": {`[{"n":1},{"n":2}]`, "5", link("first", "20?page=1&per_page=2", "next", "20?page=2&per_page=2", "last", "20?page=3&per_page=2")},
		"20?page=3&per_page=2": {`[{"n":5}]`, "5", link("first", "20?page=1&per_page=2", "prev", "20?page=2&per_page=2", "last", "20?page=3&per_page=2")},
		"20?page=4&per_page=2": {`[]`, "5", link("first", "20?page=1&per_page=2", "prev", "20?page=3&per_page=2", "last", "20?page=3&per_page=2")},
		"20?page=1000000000&per_page=1000": {`[]`, "5",
			link("first", "20?page=1&per_page=1000", "prev", "20?page=1&per_page=1000", "last", "20?page=1&per_page=1000")},
		"20?per_page=5":     {`[{"n":1},{"n":2},{"n":3},{"n":4},{"n":5}]`, "5", link("first", "20?page=1&per_page=5", "last", "20?page=1&per_page=5")},
		"20?per_page=4":     {`[{"n":1},{"n":2},{"n":3},{"n":4}]`, "5", link("first", "20?page=1&per_page=4", "next", "20?page=2&per_page=4", "last", "20?page=2&per_page=4")},
		"30?page=5":         {`[{"n":97},{"n":98},{"n":99},{"n":100}]`, "100", link("first", "30?page=1&per_page=24", "prev", "30?page=4&per_page=24", "last", "30?page=5&per_page=24")},
		"21?page=1":         {`[]`, "0", link("first", "21?page=1&per_page=24", "last", "21?page=1&per_page=24")},
		"99?page=2&x=y":     {`[]`, "0", link("first", "99?page=1&per_page=24", "prev", "99?page=1&per_page=24", "last", "99?page=1&per_page=24")},
		"%32%30?per_page=5": {`[{"n":1},{"n":2},{"n":3},{"n":4},{"n":5}]`, "5", link("first", "20?page=1&per_page=5", "last", "20?page=1&per_page=5")},
		"20?p%61ge=3&per_page=2&page2=1": {`[{"n":5}]`, "5",
			link("first", "20?page=1&per_page=2", "prev", "20?page=2&per_page=2", "last", "20?page=3&per_page=2")},
	} {
		w := s.get(t, "/v1/category/"+target)
		if w.Code != http.StatusOK || w.Body.String() != want.body {
			t.Errorf("GET %s = %d %s, want 200 %s", target, w.Code, w.Body, want.body)
		}
		if got := w.Header().Get("X-Total-Count"); got != want.total {
			t.Errorf("GET %s: X-Total-Count = %s, want %s", target, got, want.total)
		}
		if got := w.Header().Get("Link"); got != want.links {
			t.Errorf("GET %s: Link =\n%s, want\n%s", target, got, want.links)
		}
	}
}

func TestBadPages(t *testing.T) {
	s := open(t)
	number := func(name, most, got string) string {
		return "Parameter " + name + " must be an integer from 1 to " + most + `, not \"` + got + `\".`
	}
	for target, detail := range map[string]string{
		"/v1/category/20?page=0":                    number("page", "1000000000", "0"),
		"/v1/category/20?page=":                     number("page", "1000000000", ""),
		"/v1/category/20?page":                      number("page", "1000000000", ""),
		"/v1/category/20?page=-1":                   number("page", "1000000000", "-1"),
		"/v1/category/20?page=+1":                   number("page", "1000000000", "+1"),
		"/v1/category/20?page=1.5":                  number("page", "1000000000", "1.5"),
		"/v1/category/20?page=x":                    number("page", "1000000000", "x"),
		"/v1/category/20?page=1000000001":           number("page", "1000000000", "1000000001"),
		"/v1/category/20?page=99999999999999999999": number("page", "1000000000", "99999999999999999999"),
		"/v1/category/20?per_page=0":                number("per_page", "1000", "0"),
		"/v1/category/20?per_page=1001":             number("per_page", "1000", "1001"),
		"/v1/category/20?page=1&per_page=x":         number("per_page", "1000", "x"),
		"/v1/category/20?page=1&page=1":             "Parameter page is given more than once.",
		"/v1/products/7?page=1":                     "This lookup has no listings, so that there are no pages.",
		"/v1/products/7?per_page=1":                 "This lookup has no listings, so that there are no pages.",
	} {
		w := s.get(t, target)
		if want := problem(400, "bad-page", "The page is not understood", detail); w.Code != 400 || w.Body.String() != want {
			t.Errorf("GET %s = %d\n%s\nwant 400\n%s", target, w.Code, w.Body, want)
		}
	}
	if s.loads != 0 {
		t.Errorf("%d loads, want none", s.loads)
	}
}

// TestLinksStayWithinTheirKey holds that a key cannot break out of the field.
func TestLinksStayWithinTheirKey(t *testing.T) {
	s := open(t)
	w := s.get(t, "/v1/shelves/a%2Fb%3E%3B%22%3F%26%20%C3%A9?page=1")
	want := `</v1/shelves/a%2Fb%3E%3B%22%3F&%20%C3%A9?page=1&per_page=24>; rel="first", ` +
		`</v1/shelves/a%2Fb%3E%3B%22%3F&%20%C3%A9?page=1&per_page=24>; rel="last"`
	if got := w.Header().Get("Link"); got != want {
		t.Errorf("Link = %s, want %s", got, want)
	}
}
