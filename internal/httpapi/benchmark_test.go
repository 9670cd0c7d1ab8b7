package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// sink is a ResponseWriter that costs nothing.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(status int) {
	s.status = status
	clear(s.header)
}
func (s *sink) Write(p []byte) (int, error) {
	s.bytes += len(p)
	return len(p), nil
}

// hits are requests that are answered from memory, with their budgets of
// allocations. The router takes half of them.
var hits = []struct {
	name, target string
	header       []string
	status       int
	budget       float64
}{
	{"single", "/v1/products/42", nil, http.StatusOK, 6},
	{"gzip", "/v1/products/42", []string{"Accept-Encoding", "gzip, deflate, br"}, http.StatusOK, 6},
	{"negative", "/v1/products/9999", nil, http.StatusNotFound, 6},
	{"validated", "/v1/products/42", []string{"If-None-Match", "*"}, http.StatusNotModified, 6},
	{"multi=24", "/v1/products?keys=" + numbers(1, 24), nil, http.StatusOK, 5},
	{"page", "/v1/category/20?page=2&per_page=2", nil, http.StatusOK, 14},
}

// numbers returns the integers of a range with commas between.
func numbers(from, to int) string {
	var all []string
	for n := from; n <= to; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return strings.Join(all, ",")
}

func BenchmarkHit(b *testing.B) {
	s := open(b, func(set *settings) { set.api.Observe = nil })
	for id := 1; id <= 24; id++ {
		s.put("products/"+strconv.Itoa(id), mug)
	}
	for _, h := range hits {
		b.Run(h.name, func(b *testing.B) {
			w, r := &sink{header: make(http.Header)}, newRequest(h.target, h.header)
			s.ServeHTTP(w, r)
			b.ReportAllocs()
			for b.Loop() {
				s.ServeHTTP(w, r)
			}
		})
	}
}

func newRequest(target string, header []string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}
