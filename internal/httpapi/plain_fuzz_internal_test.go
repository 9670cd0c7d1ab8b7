package httpapi

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// fuzzAPI knows two lookups, and serves nothing.
func fuzzAPI() *API {
	return &API{names: map[string]*Lookup{"products": {Name: "products"}, "category": {Name: "category", Many: true}}}
}

// FuzzScan: what the plain path's parser takes for a request is to net/http the same one, of the same
// length. More bytes behind what is plain or foreign change nothing, and before its end a request is
// incomplete.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		"GET /v1/products/7 HTTP/1.1\r\nHost: shop\r\n\r\n", "GET /v1/products/7 HTTP/1.1\r\nHost: shop\r\n\r\nGET /v1/products/8 HTTP/1.1\r\nHost: shop\r\n\r\n",
		"GET /v1/products?keys=1,2%2C3 HTTP/1.1\r\nhost:[::1]:80\r\nIf-None-Match: \"a\"\r\nIf-None-Match:W/\"b\" , *\r\nAccept-Encoding: gzip\r\n\r\n",
		"GET /v1/category/a%2Fb?page=2&per_page=3 HTTP/1.1\r\nHost: shop\r\nConnection: Close\r\nContent-Length: 0\r\nUser-Agent: \tPHP \r\n\r\n",
		"GET /v1/products/7 HTTP/1.1\r\nHost: shop\r\nConnection: keep-alive\r\nCookie: a=\"b\"\r\n\r\n",
		"GET /v1/products/%zz HTTP/1.1\r\nHost: shop\r\n\r\n", "GET /v1/products/..;?a?b HTTP/1.1\r\nHost: shop\r\n\r\n", "GET /v1/products HTTP/1.1\r\nHost: shop\r\n\r\n",
		"GET /v1/products/7 HTTP/1.1\r\n\r\n", "GET /v1/products/7 HTTP/1.1\r\nHost: a b\r\n\r\n", "GET /v1/products/7 HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET /v1/products/7 HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\nabc", "GET /v1/products/7 HTTP/1.1\r\nHost: shop\r\nConnection: x\r\n\r\n",
		"GET /v1/products/7 HTTP/1.0\r\nHost: shop\r\n\r\n", "GET /v1/orders/7 HTTP/1.1\r\nHost: shop\r\n\r\n", "HEAD /v1/products/7 HTTP/1.1\r\nHost: shop\r\n\r\n", "GET /v1/products/7 HTTP/1.1\nHost: shop\n\n", "GE", "",
		"GET /v1/products/7 HTTP/1.1\r\nHost: shop\r\nX: a\r\n b\r\n\r\n", "GET /v1/products/7 HTTP/1.1\r\nHost: shop\r\nX: a\rb\r\n\r\n", "GET /v1/products/7 HTTP/1.1\r\nHost: :%:[\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	a := fuzzAPI()
	f.Fuzz(func(t *testing.T, b []byte) {
		var p plainRequest
		switch v := p.scan(b, a); v {
		case plain:
			checkPlain(t, &p, b)
			for _, end := range []int{0, p.length / 2, p.length - 1} {
				var before plainRequest
				if got := before.scan(b[:end], a); got != incomplete {
					t.Fatalf("%q, cut to %d bytes: %d", b, end, got)
				}
			}
			var behind plainRequest
			if got := behind.scan(append(slices.Clone(b), "\r\nX"...), a); got != plain || behind.length != p.length {
				t.Fatalf("%q and more: %d, of %d bytes", b, got, behind.length)
			}
		case foreign:
			if got := p.scan(append(slices.Clone(b), "\r\n\r\n"...), a); got != foreign {
				t.Fatalf("%q is foreign, and with more bytes %d", b, got)
			}
		}
	})
}

// checkPlain holds a request against net/http's reading of the same bytes.
func checkPlain(t *testing.T, p *plainRequest, b []byte) {
	t.Helper()
	in := bytes.NewReader(b)
	buffered := bufio.NewReader(in)
	r, err := http.ReadRequest(buffered)
	if err != nil {
		if _, bad := url.ParseRequestURI(string(p.target)); bad != nil { // answered alike, by keyNotDecodable
			return
		}
		t.Fatalf("%q is plain, and net/http says %v", b, err)
	}
	if read := len(b) - in.Len() - buffered.Buffered(); read != p.length {
		t.Fatalf("%q is plain and %d bytes long, to net/http %d", b, p.length, read)
	}
	if r.Method != http.MethodGet || r.RequestURI != string(p.target) || r.ContentLength != 0 || len(r.TransferEncoding) > 0 || r.Close != p.closes || r.Host == "" || r.URL.RawQuery != string(p.query) {
		t.Fatalf("%q is plain with the target %q, closes: %v; to net/http it is %+v", b, p.target, p.closes, r)
	}
	if !slices.Equal(r.Header.Values("If-None-Match"), p.ifNoneMatch.all()) || !slices.Equal(r.Header.Values("Accept-Encoding"), p.acceptEncoding.all()) {
		t.Fatalf("%q has the fields %q and %q, to net/http %q", b, p.ifNoneMatch.all(), p.acceptEncoding.all(), r.Header)
	}
	path := "/v1/" + p.lookup.Name
	if !p.several {
		path += "/" + string(p.key)
	}
	if got := r.URL.EscapedPath(); got != path {
		t.Fatalf("%q is plain with the path %q, to net/http %q", b, path, got)
	}
	decoded, ok := appendDecoded(nil, p.key)
	if want, err := url.PathUnescape(string(p.key)); ok != (err == nil) || ok && string(decoded) != want {
		t.Fatalf("key %q is decoded as %q, %v; want %q, %v", p.key, decoded, ok, want, err)
	}
}

// FuzzSelection: the keys of a query are those that net/url finds, each canonical key once, each spelling
// once and in its order.
func FuzzSelection(f *testing.F) {
	for _, query := range []string{"keys=1,2,3", "keys=a%2Cb,c", "keys=", "keys", "", "keys=A,a,%41", "k%65ys=1&keys=2&x=3", "keys=%zz", "keys=1,,2", "keys=a+b,a%20b,a%2Bb", "keys=1%2C2", "%zz=1&keys=7",
		"keys=bad", "keys=1;2", "keys==1", "&&keys=1&", "keys=" + strings.Repeat("a,", 6) + "b", "keys=a,b,c,d,e,f", "keys=\xff,%FF"} {
		f.Add(query)
	}
	const most = 5
	canonical := func(s string) (string, error) {
		if s == "" || strings.HasPrefix(s, "bad") {
			return "", http.ErrNotSupported
		}
		return strings.ToLower(s), nil
	}
	f.Fuzz(func(t *testing.T, query string) {
		s := selection{seen: map[string]place{}}
		refused := s.parse(query, most, canonical)
		want, fine := spellings(query, most, canonical)
		if (refused == nil) != fine {
			t.Fatalf("keys of %q: %+v, %+v; want %q, %v", query, s.asked, refused, want, fine)
		}
		if !fine {
			if refused.detail == "" || len(refused.detail) > 600 {
				t.Fatalf("keys of %q are refused with %q", query, refused.detail)
			}
			return
		}
		var got []string
		seen := map[string]bool{}
		for _, a := range s.asked {
			got = append(got, a.spelling)
			if key, _ := canonical(a.spelling); s.keys[a.index] != key {
				t.Fatalf("keys of %q: %q stands for %q", query, a.spelling, s.keys[a.index])
			}
		}
		for _, key := range s.keys {
			if seen[key] {
				t.Fatalf("keys of %q: %q, one twice", query, s.keys)
			}
			seen[key] = true
		}
		if !slices.Equal(got, want) {
			t.Fatalf("keys of %q: %q, want %q", query, got, want)
		}
	})
}

// spellings are the different keys of a query, by way of net/url; not fine where one is bad, or there are
// too many or none.
func spellings(query string, most int, canonical func(string) (string, error)) (all []string, fine bool) {
	for _, parameter := range strings.Split(query, "&") {
		name, list, _ := strings.Cut(parameter, "=")
		if name, err := url.QueryUnescape(name); err != nil || name != "keys" || list == "" {
			continue
		}
		for _, raw := range strings.Split(list, ",") {
			spelling, err := url.QueryUnescape(raw)
			if err != nil {
				return nil, false
			}
			if _, err := canonical(spelling); err != nil {
				return nil, false
			}
			if !slices.Contains(all, spelling) {
				all = append(all, spelling)
			}
		}
	}
	return all, 0 < len(all) && len(all) <= most
}
