package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestNotModified(t *testing.T) {
	s := open(t, func(set *settings) { set.api.ClientMaxAge = 30 * time.Second })
	for target, status := range map[string]string{
		"/v1/products/7":                     "hit; ttl=299",
		"/v1/products?keys=7,9999":           `hit; detail="hit=1 negative=1"`,
		"/v1/category/20?page=2&per_page=2":  "hit; ttl=299",
		"/v1/category/20":                    "hit; ttl=299",
		"/v1/category/99":                    "hit; detail=negative",
		"/v1/category?keys=20,21&unknown=1,": `hit; detail="hit=2"`,
	} {
		etag := s.get(t, target).Header().Get("Etag")
		want := `304
Age: 0
Cache-Control: max-age=30
Cache-Status: productcache; ` + status + `
Etag: ` + etag + `
`
		if strings.Contains(target, "page=") {
			w := s.get(t, target)
			want += "Link: " + w.Header().Get("Link") + "\nVary: Accept-Encoding\nX-Total-Count: 5\n\n"
		} else {
			want += "Vary: Accept-Encoding\n\n"
		}
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			expect(t, s.do(t, method, target, "If-None-Match", etag), want)
		}
	}
}

// TestIfNoneMatch tries lists against the tag "T" of product 42; G stands for
// that of its gzip form.
func TestIfNoneMatch(t *testing.T) {
	s := open(t)
	plain := s.get(t, "/v1/products/42").Header().Get("Etag")
	gzip := s.get(t, "/v1/products/42", "Accept-Encoding", "gzip").Header().Get("Etag")
	for lines, match := range map[string]bool{
		`"T"`:                 true,
		`W/"T"`:               true,
		`w/"T"`:               false,
		` "T" `:               true,
		"\t\"T\"":             true,
		`"a", "T"`:            true,
		`"a","T"`:             true,
		`"a" , W/"T" , "b"`:   true,
		`W/"a,b", "T"`:        true,
		`,, "T",`:             true,
		`"a"|"T"`:             true, // | separates lines
		`*`:                   true,
		` * `:                 true,
		``:                    false,
		`,`:                   false,
		`"a"`:                 false,
		`T`:                   false,
		`"T`:                  false,
		`T"`:                  false,
		`"a" "T"`:             false,
		`"a"; "T"`:            false,
		`"a b", "T"`:          false,
		`"a, "T"`:             false,
		`"a", *`:              false,
		`*, "a"`:              false,
		`"T"x`:                true, // matched before the mistake
		`x, "T"`:              false,
		`W/ "T"`:              false,
		`W/W/"T"`:             false,
		"\"a\x7f\", \"T\"":    false,
		`""`:                  false,
		`"", "T"`:             true,
		`"G"`:                 false,
		`"G", "T"`:            true,
		"\"\x80\xff\", \"T\"": true, // obs-text
	} {
		real := strings.NewReplacer(`"T`, strings.TrimSuffix(plain, `"`), `T"`, strings.TrimPrefix(plain, `"`),
			`"G`, strings.TrimSuffix(gzip, `"`)).Replace(lines)
		var header []string
		for line := range strings.SplitSeq(real, "|") {
			header = append(header, "If-None-Match", line)
		}
		w := s.get(t, "/v1/products/42", header...)
		if got := w.Code == http.StatusNotModified; got != match {
			t.Errorf("If-None-Match %s = %d, want a match: %v", lines, w.Code, match)
		}
		if match && w.Body.Len() != 0 {
			t.Errorf("If-None-Match %s: a 304 has the body %s", lines, w.Body)
		}
	}
	// Of the two forms, the one that would be sent decides.
	for header, match := range map[string]bool{gzip: true, plain: false, plain + ", " + gzip: true} {
		w := s.get(t, "/v1/products/42", "If-None-Match", header, "Accept-Encoding", "gzip")
		if got := w.Code == http.StatusNotModified; got != match || w.Header().Get("Etag") != gzip {
			t.Errorf("If-None-Match %s, for gzip = %d %s, want a match: %v", header, w.Code, w.Header().Get("Etag"), match)
		}
	}
}

func TestOtherConditionsAreIgnored(t *testing.T) {
	s := open(t)
	for _, header := range [][]string{
		{"If-Modified-Since", "Wed, 21 Oct 2099 07:28:00 GMT"}, {"Range", "bytes=0-1"}, {"If-Range", `"x"`}, {"If-Match", `"x"`},
	} {
		if w := s.get(t, "/v1/products/7", header...); w.Code != http.StatusOK || w.Body.String() != `{"id":7}` {
			t.Errorf("with %s = %d %s, want 200", header, w.Code, w.Body)
		}
	}
	// Absence has no representation that could match.
	if w := s.get(t, "/v1/products/9999", "If-None-Match", "*"); w.Code != http.StatusNotFound {
		t.Errorf("an unknown key, If-None-Match * = %d, want 404", w.Code)
	}
}
