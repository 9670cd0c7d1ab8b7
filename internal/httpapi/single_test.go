package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/httpapi"
)

func TestSingle(t *testing.T) {
	s := open(t)
	expect(t, s.get(t, "/v1/products/7"), `200
Age: 0
Cache-Control: no-cache
Cache-Status: productcache; fwd=miss; stored
Content-Length: 8
Content-Type: application/json
Etag: `+tag(`{"id":7}`)+`
Vary: Accept-Encoding

{"id":7}`)
	expect(t, s.get(t, "/v1/products/7"), `200
Age: 0
Cache-Control: no-cache
Cache-Status: productcache; hit; ttl=299
Content-Length: 8
Content-Type: application/json
Etag: `+tag(`{"id":7}`)+`
Vary: Accept-Encoding

{"id":7}`)
	want := httpapi.Observation{Lookup: "products", Outcome: "hit", Status: 200, Keys: 1}
	if got := s.lastSeen(); got != want {
		t.Errorf("observed %+v, want %+v", got, want)
	}
}

func TestUnknownKey(t *testing.T) {
	s := open(t, func(set *settings) { set.api.ClientMaxAge = time.Minute })
	answer := func(status string) string {
		return `404
Age: 0
Cache-Control: max-age=60
Cache-Status: productcache; ` + status + `
Content-Length: 156
Content-Type: application/problem+json
X-Content-Type-Options: nosniff

` + problem(404, "unknown-key", "There is nothing with this key", "The database has no row for it, or none that may be shown.")
	}
	expect(t, s.get(t, "/v1/products/9999"), answer("fwd=miss; stored"))
	expect(t, s.get(t, "/v1/products/9999"), answer("hit; detail=negative"))
	want := httpapi.Observation{Lookup: "products", Outcome: "negative", Status: 404, Keys: 1}
	if got := s.lastSeen(); got != want {
		t.Errorf("observed %+v, want %+v", got, want)
	}
}

func TestAbsentListingIsEmpty(t *testing.T) {
	s := open(t)
	for _, status := range []string{"fwd=miss; stored", "hit; detail=negative"} {
		expect(t, s.get(t, "/v1/category/99"), `200
Age: 0
Cache-Control: no-cache
Cache-Status: productcache; `+status+`
Content-Length: 2
Content-Type: application/json
Etag: `+tag(`[]`)+`
Vary: Accept-Encoding

[]`)
	}
}

// TestKeysArePercentDecodedOnce asks for keys in many spellings; an empty want
// is a 404.
func TestKeysArePercentDecodedOnce(t *testing.T) {
	s := open(t)
	for target, want := range map[string]string{
		"/v1/names/mug":                   "3",
		"/v1/names/%6Dug":                 "3",
		"/v1/names/a%20b":                 "3",
		"/v1/names/a+b":                   "3",
		"/v1/names/a%2Bb":                 "3",
		"/v1/names/a/b":                   "", // another path
		"/v1/names/a%2Fb":                 "3",
		"/v1/names/a%2fb":                 "3",
		"/v1/names/a%252Fb":               "5",
		"/v1/names/a%25b":                 "3",
		"/v1/names/a%2525b":               "",
		"/v1/names/a,b":                   "3",
		"/v1/names/a%2Cb":                 "3",
		"/v1/names/%22%3C%C3%A9%3E%5C":    "6",
		"/v1/names/%E6%97%A5%E6%9C%AC":    "6",
		"/v1/names/07":                    "2",
		"/v1/folded/MuG":                  "",
		"/v1/products/%37":                "",
		"/v1/products/7?unknown=1&page2=": "",
	} {
		w := s.get(t, target)
		switch {
		case strings.HasPrefix(target, "/v1/names/") && want == "":
			if w.Code != http.StatusNotFound {
				t.Errorf("GET %s = %d %s, want 404", target, w.Code, w.Body)
			}
		case strings.HasPrefix(target, "/v1/names/"):
			if w.Code != http.StatusOK || w.Body.String() != `{"length":`+want+`}` {
				t.Errorf("GET %s = %d %s, want length %s", target, w.Code, w.Body, want)
			}
		case w.Code != http.StatusOK:
			t.Errorf("GET %s = %d %s, want 200", target, w.Code, w.Body)
		}
	}
}

func TestMalformedKey(t *testing.T) {
	s := open(t)
	const integer = "malformed key: an integer is expected, such as 42."
	for target, detail := range map[string]string{
		"/v1/products/":                       `Key \"\": ` + integer,
		"/v1/products/abc":                    `Key \"abc\": ` + integer,
		"/v1/products/1%2C2":                  `Key \"1,2\": ` + integer,
		"/v1/products/+7":                     `Key \"+7\": ` + integer,
		"/v1/products/07":                     `Key \"07\": malformed key: an integer has no leading zeros and no negative zero.`,
		"/v1/products/-0":                     `Key \"-0\": malformed key: an integer has no leading zeros and no negative zero.`,
		"/v1/products/99999999999999999999":   `Key \"99999999999999999999\": malformed key: the integer does not fit into 64 bits.`,
		"/v1/products/-9223372036854775809":   `Key \"-9223372036854775809\": malformed key: the integer does not fit into 64 bits.`,
		"/v1/products/7%00":                   `Key \"7\\x00\": ` + integer,
		"/v1/products/%FF":                    `Key \"\\xff\": ` + integer,
		"/v1/products/%3Cscript%3E":           `Key \"\u003cscript\u003e\": ` + integer,
		"/v1/names/%00":                       `Key \"\\x00\": malformed key: it contains a control character.`,
		"/v1/names/%FF":                       `Key \"\\xff\": malformed key: it is not UTF-8.`,
		"/v1/names/":                          `Key \"\": malformed key: it is empty.`,
		"/v1/names/" + many("é", 64) + "%00":  `Key \"` + many("é", 32) + `…\": malformed key: it contains a control character.`,
		"/v1/names/a" + many("é", 64) + "%00": `Key \"a` + many("é", 31) + `…\": malformed key: it contains a control character.`,
		"/v1/names/" + many("a", 10_000):      `Key \"` + many("a", 64) + `…\": malformed key: it is longer than 1024 bytes.`,
	} {
		w := s.get(t, target)
		if want := problem(400, "malformed-key", "The key is malformed", detail); w.Code != 400 || w.Body.String() != want {
			t.Errorf("GET %.80s = %d\n%s\nwant 400\n%s", target, w.Code, w.Body, want)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("GET %.80s: Cache-Control = %q, want no-store", target, got)
		}
	}
	if s.loads != 0 {
		t.Errorf("%d loads, want none", s.loads)
	}
	// What looks odd and is well-formed.
	for _, key := range []string{"-7", "-9223372036854775808", "18446744073709551615", "0"} {
		if w := s.get(t, "/v1/products/"+key); w.Code != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", key, w.Code)
		}
	}
}

func many(s string, n int) string { return strings.Repeat(s, n) }

// TestLifeOfAnAnswer tells what a client is told as time passes.
func TestLifeOfAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		start := time.Now()
		for _, step := range []struct {
			at     time.Duration
			err    error
			age    string
			status string
		}{
			{0, nil, "0", "fwd=miss; stored"},
			{13*time.Second + 400*time.Millisecond, nil, "13", "hit; ttl=286"},
			{5*time.Minute + time.Millisecond, nil, "300", "hit; ttl=-1; detail=stale"},
			{5*time.Minute + 2*time.Second, nil, "1", "hit; ttl=298"},
			{20 * time.Minute, errAway, "899", "hit; ttl=-600; detail=stale-error"},
			{25 * time.Minute, nil, "0", "fwd=miss; stored"},
		} {
			time.Sleep(step.at - time.Since(start)) // virtual time
			s.change(func(s *shop) { s.err = step.err })
			w := s.get(t, "/v1/products/7")
			synctest.Wait()
			if got := w.Header().Get("Age"); w.Code != http.StatusOK || got != step.age {
				t.Errorf("at %v: %d, Age = %s, want 200, %s", step.at, w.Code, got, step.age)
			}
			if got, want := w.Header().Get("Cache-Status"), "productcache; "+step.status; got != want {
				t.Errorf("at %v: Cache-Status = %s, want %s", step.at, got, want)
			}
		}
	})
}

func TestCollapsedAndNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, func(set *settings) { set.cache.MaxEntryWeight = 400 })
		s.put("products/8", `{"description":"`+many("x", 2000)+`"}`)
		for key, want := range map[string]string{"7": "; stored", "8": "; detail=not-stored"} {
			s.change(func(s *shop) { s.took = time.Second })
			collapsed := make(chan string, 1)
			go func() {
				time.Sleep(time.Millisecond)
				collapsed <- s.get(t, "/v1/products/"+key).Header().Get("Cache-Status")
			}()
			led := s.get(t, "/v1/products/"+key).Header().Get("Cache-Status")
			if led != "productcache; fwd=miss"+want {
				t.Errorf("the first one's Cache-Status = %s", led)
			}
			if got := <-collapsed; got != "productcache; fwd=miss; collapsed"+want {
				t.Errorf("the second one's Cache-Status = %s", got)
			}
		}
	})
}

func TestClientMaxAge(t *testing.T) {
	for age, want := range map[time.Duration]string{
		0: "no-cache", 900 * time.Millisecond: "no-cache", time.Second: "max-age=1", 90 * time.Second: "max-age=90",
	} {
		s := open(t, func(set *settings) { set.api.ClientMaxAge = age })
		for _, target := range []string{"/v1/products/7", "/v1/products?keys=7", "/v1/category/20?page=1", "/v1/products/9999"} {
			if got := s.get(t, target).Header().Get("Cache-Control"); got != want {
				t.Errorf("ClientMaxAge %v, GET %s: Cache-Control = %s, want %s", age, target, got, want)
			}
		}
	}
}
