package httpapi_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRequest sends whatever the server's parser lets through: the answer is
// never a failure, and is what its header says.
func FuzzRequest(f *testing.F) {
	for _, target := range []string{
		"/v1/products/42", "/v1/products?keys=1,2,9999", "/v1/category/20?page=2&per_page=2", "/v1/names/a%2Fb", "/v1/folded?keys=A,a,%C3%84",
		"/v1/names?keys=%22%3C%E2%80%A8,a+b", "*", "http://shop/v1/products/7", "/v1/products/%FF", "/v1//", "/v1/shelves/%3E%22?page=1",
	} {
		f.Add("GET", target, "Accept-Encoding: gzip;q=0.5, *;q=0\r\nIf-None-Match: W/\"a\", *\r\nCache-Control: no-cache\r\n")
	}
	f.Add("PURGE", "/v1/products/7", "Content-Length: 3\r\n")
	s := open(f, func(set *settings) { set.api.HonorNoCache, set.api.Observe = true, nil })
	f.Fuzz(func(t *testing.T, method, target, header string) {
		raw := method + " " + target + " HTTP/1.1\r\nHost: shop\r\n" + header + "\r\n"
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			t.Skip()
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		checkAnswer(t, r, w)
		again := httptest.NewRecorder()
		s.ServeHTTP(again, r)
		if again.Code != w.Code || again.Header().Get("Etag") != w.Header().Get("Etag") {
			t.Errorf("%q = %d %s, and then %d %s", raw, w.Code, w.Header().Get("Etag"), again.Code, again.Header().Get("Etag"))
		}
	})
}

func checkAnswer(t *testing.T, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code >= 500 || w.Code < 200 {
		t.Fatalf("%s %q = %d %s", r.Method, r.RequestURI, w.Code, w.Body)
	}
	for name, values := range w.Header() {
		for _, v := range values {
			if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Errorf("%s %q: %s is %q", r.Method, r.RequestURI, name, v)
			}
		}
	}
	if w.Code == http.StatusNoContent || w.Code == http.StatusNotModified || r.Method == http.MethodHead {
		if w.Body.Len() != 0 {
			t.Errorf("%s %q = %d has a body", r.Method, r.RequestURI, w.Code)
		}
		return
	}
	if got := w.Header().Get("Content-Length"); got != strconv.Itoa(w.Body.Len()) {
		t.Errorf("%s %q: Content-Length %s of a body of %d bytes", r.Method, r.RequestURI, got, w.Body.Len())
	}
	body := w.Body.String()
	if w.Header().Get("Content-Encoding") == "gzip" {
		body = unzip(t, w.Body.Bytes())
	}
	if !json.Valid([]byte(body)) || !utf8.ValidString(body) {
		t.Errorf("%s %q = %d with a body that is not JSON: %q", r.Method, r.RequestURI, w.Code, body)
	}
}

// FuzzKeys asks for keys as a client in PHP would spell them, and must find each
// under its name.
func FuzzKeys(f *testing.F) {
	f.Add("mug", "a,b", "a b")
	f.Add(`"<é>\`, "a+b", "a%2Fb")
	f.Add("\u2028", "a&b=c", "&amp;")
	f.Add("", "\x00", "\xff")
	s := open(f, func(set *settings) { set.api.Observe = nil })
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var spelled []string
		asked := []string{a, b, c}
		valid := true
		for _, key := range asked {
			spelled = append(spelled, strings.ReplaceAll(url.QueryEscape(key), "+", "%20")) // rawurlencode
			valid = valid && key != "" && len(key) <= 1024 && utf8.ValidString(key) && !strings.ContainsFunc(key, isControl)
		}
		r := httptest.NewRequest("GET", "/v1/names?keys="+strings.Join(spelled, ","), nil)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		checkAnswer(t, r, w)
		if (w.Code == http.StatusOK) != valid {
			t.Fatalf("keys %q = %d %s, want an answer: %v", asked, w.Code, w.Body, valid)
		}
		if !valid {
			return
		}
		var answer struct {
			Items   map[string]json.RawMessage
			Missing []string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		found := make(map[string]bool)
		for key := range answer.Items {
			found[key] = true
		}
		for _, key := range answer.Missing {
			found[key] = true
		}
		distinct := map[string]bool{a: true, b: true, c: true}
		if !found[a] || !found[b] || !found[c] || len(answer.Items)+len(answer.Missing) != len(distinct) {
			t.Errorf("keys %q: %s", asked, w.Body)
		}
	})
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// FuzzIfNoneMatch holds that a tag is found wherever well-formed tags surround it.
func FuzzIfNoneMatch(f *testing.F) {
	f.Add("a", "b,c", true)
	f.Add("", "\xff", false)
	s := open(f, func(set *settings) { set.api.Observe = nil })
	etag := s.get(f, "/v1/products/7").Header().Get("Etag")
	f.Fuzz(func(t *testing.T, before, after string, weak bool) {
		ask := func(header string) int { return s.get(t, "/v1/products/7", "If-None-Match", header).Code }
		ask(before) // whatever it is
		opaque := func(s string) string {
			return `"` + strings.Map(func(r rune) rune {
				if r == '"' || r <= ' ' || r == 0x7f {
					return -1
				}
				return r
			}, s) + `"`
		}
		own := etag
		if weak {
			own = "W/" + etag
		}
		others := opaque(before) + ", W/" + opaque(after)
		if got := ask(others + "," + own); got != http.StatusNotModified {
			t.Errorf("If-None-Match %s,%s = %d, want 304", others, own, got)
		}
		if got := ask(others); got != http.StatusOK && opaque(before) != etag && opaque(after) != etag {
			t.Errorf("If-None-Match %s = %d, want 200", others, got)
		}
	})
}

// FuzzAcceptEncoding holds that gzip is sent to nobody who does not name it.
func FuzzAcceptEncoding(f *testing.F) {
	for _, seed := range []string{"gzip", "gzip;q=0.5,*;q=0", "*", ";;,=q", "gzip;q=1.0000", "\x80"} {
		f.Add(seed)
	}
	s := open(f, func(set *settings) { set.api.Observe = nil })
	f.Fuzz(func(t *testing.T, header string) {
		packed := func(header string) bool {
			return s.get(t, "/v1/products/42", "Accept-Encoding", header).Header().Get("Content-Encoding") == "gzip"
		}
		if named := strings.Contains(strings.ToLower(header), "gzip") || strings.Contains(header, "*"); packed(header) && !named {
			t.Errorf("Accept-Encoding %q gets gzip", header)
		}
		if named := strings.Contains(strings.ToLower(header), "identity") || strings.Contains(header, "*"); !named && !packed(header+",gzip") {
			t.Errorf("Accept-Encoding %q does not get gzip", header+",gzip")
		}
	})
}
