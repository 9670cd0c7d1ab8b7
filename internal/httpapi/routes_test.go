package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"productcache/internal/httpapi"
)

// refusal is the whole response of a request that was refused; allow is a
// header line or empty.
func refusal(status int, allow, body string) string {
	return strconv.Itoa(status) + "\n" + allow + `Cache-Control: no-store
Content-Length: ` + strconv.Itoa(len(body)) + `
Content-Type: application/problem+json
X-Content-Type-Options: nosniff

` + body
}

func TestPathsWithoutARoute(t *testing.T) {
	s := open(t)
	unknown := func(name string) string {
		return refusal(404, "", problem(404, "unknown-lookup", "There is no such lookup", `There is no lookup \"`+name+`\". Lookups are named in the catalog.`))
	}
	below := refusal(404, "", problem(404, "not-found", "There is nothing here", "A lookup has nothing below its keys; a slash within a key is %2F."))
	nothing := refusal(404, "", problem(404, "not-found", "There is nothing here", "Documents are at /v1/{lookup}/{key} and /v1/{lookup}?keys=."))
	for target, want := range map[string]string{
		"/":                       nothing,
		"/v1":                     nothing,
		"/v1/":                    nothing,
		"/v2/products/7":          nothing,
		"//v1/products/7":         nothing,
		"/V1/products/7":          nothing,
		"/v1/orders/7":            unknown("orders"),
		"/v1/orders?keys=7":       unknown("orders"),
		"/v1/Products/7":          unknown("Products"),
		"/v1/productsx":           unknown("productsx"),
		"/v1/%22%3Cb%3E%0A/7":     unknown(`%22%3Cb%3E%0A`),
		"/v1/" + many("x", 10000): unknown(many("x", 64) + "…"),
		"/v1/products/7/8":        below,
		"/v1/products/7/":         below,
		"/v1/products//7":         below,
	} {
		w := s.get(t, target)
		if got := text(w); got != want {
			t.Errorf("GET %.80s:\n%s\nwant:\n%s", target, got, want)
		}
		if o := s.lastSeen(); o != (httpapi.Observation{Outcome: "none", Status: 404}) {
			t.Errorf("GET %.80s: observed %+v", target, o)
		}
	}
}

func TestMethods(t *testing.T) {
	s := open(t)
	refused := refusal(405, "Allow: GET, HEAD, OPTIONS\n",
		problem(405, "method-not-allowed", "This method is not allowed here", "Documents can be read with GET and HEAD only."))
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PURGE", "get"} {
		for _, target := range []string{"/v1/products/7", "/v1/products?keys=7", "/v1/products/"} {
			if got := text(s.do(t, method, target)); got != refused {
				t.Errorf("%s %s:\n%s\nwant:\n%s", method, target, got, refused)
			}
		}
	}
	for _, target := range []string{"/v1/products/7", "/v1/products"} {
		expect(t, s.do(t, http.MethodOptions, target), "204\nAllow: GET, HEAD, OPTIONS\nCache-Control: no-store\n\n")
	}
	if w := s.do(t, http.MethodOptions, "/v1/orders/7"); w.Code != http.StatusNotFound {
		t.Errorf("OPTIONS of an unknown lookup = %d, want 404", w.Code)
	}
	if s.loads != 0 {
		t.Errorf("%d loads, want none", s.loads)
	}
}

// TestHeadIsGetWithoutBody compares the whole headers, answers of all kinds.
func TestHeadIsGetWithoutBody(t *testing.T) {
	s := open(t)
	for _, target := range []string{
		"/v1/products/42", "/v1/products/9999", "/v1/products/x", "/v1/products?keys=7,9999", "/v1/category/20", "/v1/category/20?page=2&per_page=2",
		"/v1/orders/7", "/", "/v1/products?keys=", "/v1/products?keys=" + many("x", httpapi.MaxTarget),
	} {
		s.get(t, target)
		get, head := s.get(t, target, "Accept-Encoding", "gzip"), s.do(t, http.MethodHead, target, "Accept-Encoding", "gzip")
		if head.Body.Len() != 0 {
			t.Errorf("HEAD %.80s has the body %s", target, head.Body)
		}
		get.Body.Reset()
		if got, want := text(head), text(get); got != want {
			t.Errorf("HEAD %.80s:\n%s\nwant as of GET:\n%s", target, got, want)
		}
	}
	s.change(func(s *shop) { s.err = errAway })
	if w := s.do(t, http.MethodHead, "/v1/products/8"); w.Code != 503 || w.Body.Len() != 0 {
		t.Errorf("HEAD while MySQL is away = %d %s", w.Code, w.Body)
	}
}

func TestTooLargeRequests(t *testing.T) {
	s := open(t)
	longTarget := refusal(414, "", problem(414, "target-too-long", "The request's target is too long", "A request's target has at most 16 KiB."))
	largeHeader := refusal(431, "", problem(431, "header-too-large", "The request's header is too large", "A request's header has at most 32 KiB."))

	prefix := "/v1/products/7?x="
	if w := s.get(t, prefix+many("x", httpapi.MaxTarget-len(prefix))); w.Code != 200 {
		t.Errorf("a target of 16 KiB = %d, want 200", w.Code)
	}
	expect(t, s.get(t, prefix+many("x", httpapi.MaxTarget+1-len(prefix))), longTarget)
	expect(t, s.get(t, "/"+many("x", 100_000)), longTarget)

	name, host := "X-Large", "example.com" // httptest's
	left := httpapi.MaxHeader - len(name) - len(": \r\n") - len(host)
	if w := s.get(t, "/v1/products/7", name, many("x", left)); w.Code != 200 {
		t.Errorf("a header of 32 KiB = %d, want 200", w.Code)
	}
	expect(t, s.get(t, "/v1/products/7", name, many("x", left+1)), largeHeader)
	expect(t, s.get(t, "/v1/products/7", name, many("x", 64_000)), largeHeader)
	var lines []string
	for range 5000 {
		lines = append(lines, "X", "")
	}
	if w := s.get(t, "/v1/products/7", append(lines, name, many("x", 8000))...); w.Code != 431 {
		t.Errorf("5000 short lines and a long one = %d, want 431", w.Code)
	}
}

func TestPanicIsA500(t *testing.T) {
	s := open(t)
	s.change(func(s *shop) { s.panics = "a secret of the inside" })
	for _, target := range []string{"/v1/products/666", "/v1/products?keys=1,666"} {
		expect(t, s.get(t, target), refusal(500, "", problem(500, "internal-error", "The service has failed", "")))
	}
	got := s.log.String()
	if n := strings.Count(got, "\n"); n != 2 || !strings.Contains(got, "a secret of the inside") || !strings.Contains(got, "single.go") {
		t.Errorf("the log must have one line a panic, with its stack, not %d:\n%s", n, got)
	}
	want := httpapi.Observation{Lookup: "products", Outcome: "none", Status: 500}
	if o := s.lastSeen(); o != want {
		t.Errorf("observed %+v, want %+v", o, want)
	}
	if w := s.get(t, "/v1/products?keys=1,2"); w.Code != 200 {
		t.Errorf("the next request = %d, want 200", w.Code)
	}
}

func TestAbortIsRespected(t *testing.T) {
	s := open(t)
	s.change(func(s *shop) { s.panics = http.ErrAbortHandler })
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("the handler panicked with %v, want http.ErrAbortHandler", got)
		}
		if got := s.log.String(); got != "" {
			t.Errorf("the log has %s", got)
		}
	}()
	s.get(t, "/v1/products/666")
}

// moody is a ResponseWriter that panics in the midst of a header.
type moody struct {
	http.ResponseWriter
	calls int
}

func (m *moody) Header() http.Header {
	if m.calls++; m.calls == 4 {
		panic("not now")
	}
	return m.ResponseWriter.Header()
}

func TestPanicWithinTheHeaderLeavesNothingOfIt(t *testing.T) {
	s := open(t)
	for _, target := range []string{"/v1/products/7", "/v1/category/20?page=1", "/v1/products?keys=7"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(&moody{ResponseWriter: w}, httptest.NewRequest("GET", target, nil))
		expect(t, w, refusal(500, "", problem(500, "internal-error", "The service has failed", "")))
	}
}

// brittle is a ResponseWriter that panics once the header is out.
type brittle struct{ http.ResponseWriter }

func (brittle) Write([]byte) (int, error) { panic("broken") }

func TestPanicWithinTheBodyAborts(t *testing.T) {
	s := open(t)
	w := httptest.NewRecorder()
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("the handler panicked with %v, want http.ErrAbortHandler", got)
		}
		if w.Body.Len() != 0 || strings.Count(s.log.String(), "\n") != 1 {
			t.Errorf("body %s, log %s", w.Body, s.log)
		}
	}()
	s.ServeHTTP(brittle{w}, httptest.NewRequest("GET", "/v1/products/7", nil))
}
