package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var linkForm = regexp.MustCompile(`<([^<>]*)>; rel="([a-z]+)"`)

// FuzzPage asks for a page with any texts for its number and its length. Decimal numbers within their bounds get those
// elements of the listing, and links, all to pages that there are, by which one walks through all of it;
// anything else is 400.
func FuzzPage(f *testing.F) {
	for _, number := range []string{"1", "2", "4", "1000000000", "1000000001", "0", "-1", "+1", "", "1.5", "x", "01", "99999999999999999999", "4294967297", "%31", "1_0", "0x1"} {
		f.Add(number, "2")
		f.Add("1", number)
	}
	f.Add("2", "1000")
	f.Add("2", "1001")
	s := open(f, func(set *settings) { set.api.Observe = nil })
	const size = 5 // of the listing
	f.Fuzz(func(t *testing.T, number, per string) {
		if strings.ContainsAny(number+per, "&#") || strings.ContainsFunc(number+per, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Skip() // another request
		}
		path := "/v1/category/20"
		w := s.ask(path + "?page=" + number + "&per_page=" + per)
		n, fine := decimal(number, 1_000_000_000)
		length, also := decimal(per, 1000)
		if w.Code != http.StatusOK || !fine || !also {
			if w.Code != http.StatusBadRequest || fine && also || !json.Valid(w.Body.Bytes()) || w.Body.Len() > 1000 {
				t.Fatalf("page %q of %q = %d %s", number, per, w.Code, w.Body)
			}
			return
		}
		if got, want := w.Body.String(), elements(min((n-1)*length, size), min(n*length, size)); got != want || w.Header().Get("X-Total-Count") != "5" {
			t.Fatalf("page %q of %q = %s, want %s", number, per, got, want)
		}
		var all []json.RawMessage
		next := checkLinks(t, w, path, n, length, size)["first"]
		for at := 1; next != ""; at++ {
			w := s.ask(next)
			var some []json.RawMessage
			if err := json.Unmarshal(w.Body.Bytes(), &some); err != nil || at > size {
				t.Fatalf("page %d of %q = %s, %v", at, per, w.Body, err)
			}
			all = append(all, some...)
			next = checkLinks(t, w, path, at, length, size)["next"]
		}
		if got, want := fmt.Sprintf("%s", all), strings.ReplaceAll(elements(0, size), ",", " "); got != want {
			t.Fatalf("all pages of %q together are %s, want %s", per, got, want)
		}
	})
}

// ask sends a GET without a connection.
func (s *shop) ask(target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

// decimal reads a number of nothing but digits, from 1 to most.
func decimal(text string, most int) (int, bool) {
	digits := strings.TrimLeft(text, "0")
	n, err := strconv.Atoi(digits)
	return n, err == nil && strings.Trim(text, "0123456789") == "" && n >= 1 && n <= most
}

func elements(from, to int) string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf(`{"n":%d}`, i+1))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// checkLinks returns the links of a page by their relations.
func checkLinks(t *testing.T, w *httptest.ResponseRecorder, path string, n, per, size int) map[string]string {
	t.Helper()
	last := max(1, (size+per-1)/per)
	want := map[string]int{"first": 1, "last": last}
	if n > 1 {
		want["prev"] = min(n-1, last)
	}
	if n < last {
		want["next"] = n + 1
	}
	links := map[string]string{}
	for _, link := range linkForm.FindAllStringSubmatch(w.Header().Get("Link"), -1) {
		u, err := url.Parse(link[1])
		if err != nil || u.Path != path || u.Query().Get("page") != strconv.Itoa(want[link[2]]) || u.Query().Get("per_page") != strconv.Itoa(per) {
			t.Fatalf("page %d of %d: link %q, want page %d", n, per, link, want[link[2]])
		}
		links[link[2]] = link[1]
	}
	if len(links) != len(want) {
		t.Fatalf("page %d of %d: links %q, want %v", n, per, w.Header().Get("Link"), want)
	}
	return links
}
