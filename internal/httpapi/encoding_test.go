package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"productcache/internal/document"
)

func TestGzip(t *testing.T) {
	s := open(t)
	s.get(t, "/v1/products/42")
	d := document.New([]byte(mug), nil)
	expect(t, s.get(t, "/v1/products/42", "Accept-Encoding", "gzip"), `200
Age: 0
Cache-Control: no-cache
Cache-Status: productcache; hit; ttl=299
Content-Encoding: gzip
Content-Length: `+strconv.Itoa(len(d.Gzip()))+`
Content-Type: application/json
Etag: `+d.GzipETag()+`
Vary: Accept-Encoding

`+string(d.Gzip()))
	if got := unzip(t, s.get(t, "/v1/products/42", "Accept-Encoding", "gzip").Body.Bytes()); got != mug {
		t.Errorf("unpacked = %s, want %s", got, mug)
	}
	head := s.do(t, http.MethodHead, "/v1/products/42", "Accept-Encoding", "gzip")
	if got := head.Header().Get("Content-Length"); got != strconv.Itoa(len(d.Gzip())) || head.Body.Len() != 0 {
		t.Errorf("HEAD: Content-Length = %s and a body of %d bytes", got, head.Body.Len())
	}
}

func TestWhatHasNoGzipIsSentAsItIs(t *testing.T) {
	s := open(t)
	s.put("products/8", mug)
	for _, target := range []string{"/v1/products/7", "/v1/products?keys=42,8", "/v1/category/20?page=1", "/v1/products/9999"} {
		for _, accept := range []string{"gzip", "gzip, identity;q=0", "*;q=0"} {
			w := s.get(t, target, "Accept-Encoding", accept)
			if got := w.Header().Get("Content-Encoding"); got != "" || !strings.HasPrefix(w.Body.String(), "{") && !strings.HasPrefix(w.Body.String(), "[") {
				t.Errorf("GET %s, Accept-Encoding %s: Content-Encoding = %q", target, accept, got)
			}
		}
	}
}

func TestAcceptEncoding(t *testing.T) {
	s := open(t)
	for lines, want := range map[string]bool{
		"":                              false,
		"gzip":                          true,
		"GZip":                          true,
		"x-gzip":                        true,
		"gzip, deflate, br, zstd":       true,
		"deflate, br":                   false,
		"identity":                      false,
		"identity, gzip":                true,
		"gzip;q=0":                      false,
		"gzip;q=0.000":                  false,
		"gzip;q=0.001":                  true,
		"gzip;q=1":                      true,
		"gzip;q=1.000":                  true,
		"gzip;Q=0.5":                    true,
		"gzip ; q=0.5":                  true,
		"gzip;q=0.5, identity":          false,
		"gzip;q=0.5, identity;q=0.6":    false,
		"gzip;q=0.6, identity;q=0.5":    true,
		"gzip;q=0.005, identity;q=0.05": false,
		"gzip;q=0.5,identity;q=0.5":     true,
		"*":                             true,
		"*;q=0":                         false,
		"*;q=0.5":                       true,
		"*, gzip;q=0":                   false,
		"*;q=0, gzip":                   true,
		"gzip;q=0.5, *":                 false, // * is identity, too
		"identity;q=0.5, *":             true,
		"identity;q=0, *;q=0.1":         true,
		"identity;q=0":                  false,
		"br|gzip":                       true, // | separates lines
		"gzip;q=0|gzip":                 true,
		"gzip|gzip;q=0":                 true,
		",,gzip,":                       true,
		"gzip;q=":                       false,
		"gzip;q=2":                      false,
		"gzip;q=1.001":                  false,
		"gzip;q=0.5000":                 false,
		"gzip;q=.5":                     false,
		"gzip;q=-1":                     false,
		"gzip;q=0x5":                    false,
		"gzip;q=0,5":                    false,
		"gzip;x=1":                      false,
		"gzip;":                         false,
		"gzipped":                       false,
		";q=1":                          false,
	} {
		var header []string
		for line := range strings.SplitSeq(lines, "|") {
			header = append(header, "Accept-Encoding", line)
		}
		if got := s.get(t, "/v1/products/42", header...).Header().Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("Accept-Encoding %q gets gzip: %v, want %v", lines, got, want)
		}
	}
	if got := s.get(t, "/v1/products/42").Header().Get("Content-Encoding"); got != "" {
		t.Errorf("without Accept-Encoding: Content-Encoding = %s", got)
	}
}

// TestWeightsDecide holds the choice against RFC 9110's rules for all weights.
func TestWeightsDecide(t *testing.T) {
	s := open(t)
	rapid.Check(t, func(t *rapid.T) {
		gzip := rapid.IntRange(0, 1000).Draw(t, "gzip")
		identity := rapid.IntRange(0, 1000).Draw(t, "identity")
		header := fmt.Sprintf("br;q=0.3, gzip;q=%d.%03d, identity;q=%d.%03d", gzip/1000, gzip%1000, identity/1000, identity%1000)
		r := newRequest("/v1/products/42", []string{"Accept-Encoding", header})
		w := &sink{header: make(http.Header)}
		s.ServeHTTP(w, r)
		if got, want := w.bytes != len(mug), gzip > 0 && gzip >= identity; got != want {
			t.Fatalf("Accept-Encoding %s gets gzip: %v, want %v", header, got, want)
		}
	})
}

func unzip(t testing.TB, packed []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}
