package httpapi_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"productcache/internal/document"
)

// TestBodiesInTwoParts: documents lie in two blocks, the body or its gzip form in
// both. What is sent is whole.
func TestBodiesInTwoParts(t *testing.T) {
	s := open(t)
	random := rand.New(rand.NewPCG(1, 1))
	bodies, zipped := 0, 0
	for size := 300; size < 3000; size += 37 {
		body := []byte(`{"id":8,"name":"`)
		for alphabet := 4 + size%60; len(body) < size; { // from what packs well to what does not
			body = append(body, byte(' '+2+random.IntN(alphabet)%58))
		}
		body = append(body, `"}`...)
		d := document.New(body, nil)
		if head, tail := d.BodyParts(); len(head) > 0 && len(tail) > 0 {
			bodies++
		}
		if head, tail := d.GzipParts(); len(head) > 0 && len(tail) > 0 {
			zipped++
		}
		s.put("products/8", string(body))
		s.products.Purge(0, "8")
		if got := s.get(t, "/v1/products/8"); got.Body.String() != string(body) || got.Header().Get("Content-Length") != fmt.Sprint(len(body)) {
			t.Fatalf("body of %d bytes: Content-Length %s, %s", len(body), got.Header().Get("Content-Length"), got.Body)
		}
		w := s.get(t, "/v1/products/8", "Accept-Encoding", "gzip")
		if d.Gzipped() && unzip(t, w.Body.Bytes()) != string(body) {
			t.Fatalf("gzip form of %d bytes is not that of the body", w.Body.Len())
		}
		several := s.get(t, "/v1/products?keys=8,42").Body.String()
		if want := fmt.Sprintf(`{"items":{"8":%s,"42":%s},"missing":[],"unavailable":[]}`, body, mug); several != want {
			t.Fatalf("multi-get = %s, want %s", several, want)
		}
	}
	if bodies < 5 || zipped < 10 {
		t.Errorf("%d bodies and %d gzip forms were in two parts, want more", bodies, zipped)
	}
}
