package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/httpapi"
)

func TestMultiGet(t *testing.T) {
	s := open(t)
	s.get(t, "/v1/products/7")
	w := s.get(t, "/v1/products?keys=8,9999,7,8,9998")
	etag := w.Header().Get("Etag")
	expect(t, w, `200
Age: 0
Cache-Control: no-cache
Cache-Status: productcache; fwd=miss; stored; detail="hit=1 miss=3"
Content-Length: 80
Content-Type: application/json
Etag: `+etag+`
Vary: Accept-Encoding

{"items":{"8":{"id":8},"7":{"id":7}},"missing":["9999","9998"],"unavailable":[]}`)
	if want := (httpapi.Observation{Lookup: "products", Outcome: "miss", Status: 200, Keys: 4}); s.lastSeen() != want {
		t.Errorf("observed %+v, want %+v", s.lastSeen(), want)
	}
	if got, want := s.get(t, "/v1/products?keys=8,9999,7").Header().Get("Cache-Status"), `productcache; hit; detail="hit=2 negative=1"`; got != want {
		t.Errorf("Cache-Status = %s, want %s", got, want)
	}
	if want := (httpapi.Observation{Lookup: "products", Outcome: "negative", Status: 200, Keys: 3}); s.lastSeen() != want {
		t.Errorf("observed %+v, want %+v", s.lastSeen(), want)
	}
}

func TestMultiGetBodies(t *testing.T) {
	s := open(t)
	for target, want := range map[string]string{
		"/v1/products?keys=7":                        `{"items":{"7":{"id":7}},"missing":[],"unavailable":[]}`,
		"/v1/products?keys=9999":                     `{"items":{},"missing":["9999"],"unavailable":[]}`,
		"/v1/products?keys=7,7,7":                    `{"items":{"7":{"id":7}},"missing":[],"unavailable":[]}`,
		"/v1/products?keys=7&keys=8":                 `{"items":{"7":{"id":7},"8":{"id":8}},"missing":[],"unavailable":[]}`,
		"/v1/products?keys=7&keys=":                  `{"items":{"7":{"id":7}},"missing":[],"unavailable":[]}`,
		"/v1/products?x=1&keys=7&y&%zz=9&keys%5B%5D": `{"items":{"7":{"id":7}},"missing":[],"unavailable":[]}`,
		"/v1/products?k%65ys=%37":                    `{"items":{"7":{"id":7}},"missing":[],"unavailable":[]}`,
		"/v1/names?keys=a%2Cb,a+b,a%20b,a%2Bb":       `{"items":{"a,b":{"length":3},"a b":{"length":3},"a+b":{"length":3}},"missing":[],"unavailable":[]}`,
		"/v1/names?keys=a/b,a%2Fb,a%252Fb":           `{"items":{"a/b":{"length":3},"a%2Fb":{"length":5}},"missing":[],"unavailable":[]}`,
		"/v1/names?keys=%22%3C%C3%A9%3E%5C":          `{"items":{"\"\u003cé\u003e\\":{"length":6}},"missing":[],"unavailable":[]}`,
		"/v1/names?keys=%E2%80%A8%26":                `{"items":{},"missing":["\u2028\u0026"],"unavailable":[]}`,
		"/v1/names?keys=a%3Db,a=b":                   `{"items":{},"missing":["a=b"],"unavailable":[]}`,
		"/v1/category?keys=99,21,20": `{"items":{"99":[],"21":[],"20":[{"n":1},{"n":2},{"n":3},{"n":4},{"n":5}]},` +
			`"missing":[],"unavailable":[]}`,
		// Each finds its answer under the name it asked for, in one load.
		"/v1/folded?keys=MUG,mug,MUG,Mug,Cup,cup": `{"items":{"MUG":{"name":"Mug"},"mug":{"name":"Mug"},"Mug":{"name":"Mug"}},` +
			`"missing":["Cup","cup"],"unavailable":[]}`,
	} {
		w := s.get(t, target)
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("GET %s = %d\n%s\nwant 200\n%s", target, w.Code, w.Body, want)
		}
	}
	s.get(t, "/v1/folded?keys=MUG,mug,cup")
	if got := s.lastSeen().Keys; got != 2 {
		t.Errorf("observed %d keys, want the 2 that differ", got)
	}
}

func TestRefusedMultiGets(t *testing.T) {
	s := open(t)
	const (
		none    = "Parameter keys must name at least one key; a comma separates keys."
		tooMany = "A request may ask for at most 100 different keys."
		integer = "malformed key: an integer is expected, such as 42."
	)
	for target, want := range map[string]string{
		"/v1/products":                           problem(400, "no-keys", "No keys are given", none),
		"/v1/products?":                          problem(400, "no-keys", "No keys are given", none),
		"/v1/products?keys":                      problem(400, "no-keys", "No keys are given", none),
		"/v1/products?keys=":                     problem(400, "no-keys", "No keys are given", none),
		"/v1/products?keys=&keys=":               problem(400, "no-keys", "No keys are given", none),
		"/v1/products?KEYS=7":                    problem(400, "no-keys", "No keys are given", none),
		"/v1/products?keys=,":                    problem(400, "malformed-key", "The key is malformed", `Key \"\": `+integer),
		"/v1/products?keys=7,":                   problem(400, "malformed-key", "The key is malformed", `Key \"\": `+integer),
		"/v1/products?keys=7,07":                 problem(400, "malformed-key", "The key is malformed", `Key \"07\": malformed key: an integer has no leading zeros and no negative zero.`),
		"/v1/products?keys=7,x,8":                problem(400, "malformed-key", "The key is malformed", `Key \"x\": `+integer),
		"/v1/products?keys=1%2C2":                problem(400, "malformed-key", "The key is malformed", `Key \"1,2\": `+integer+` %2C is a comma within a key; between keys it must not be encoded.`),
		"/v1/products?keys=7,%zz":                problem(400, "malformed-key", "The key is malformed", `Key \"%zz\" is not percent-encoded.`),
		"/v1/products?keys=7%00":                 problem(400, "malformed-key", "The key is malformed", `Key \"7\\x00\": `+integer),
		"/v1/names?keys=%C3":                     problem(400, "malformed-key", "The key is malformed", `Key \"\\xc3\": malformed key: it is not UTF-8.`),
		"/v1/names?keys=" + many("a", 10_000):    problem(400, "malformed-key", "The key is malformed", `Key \"`+many("a", 64)+`…\": malformed key: it is longer than 1024 bytes.`),
		"/v1/products?keys=" + numbers(1, 101):   problem(400, "too-many-keys", "Too many keys are given", tooMany),
		"/v1/products?keys=7&page=1":             problem(400, "bad-page", "The page is not understood", "Only a single listing has pages."),
		"/v1/category?keys=20&per_page=1&page=1": problem(400, "bad-page", "The page is not understood", "Only a single listing has pages."),
	} {
		w := s.get(t, target)
		if w.Code != 400 || w.Body.String() != want {
			t.Errorf("GET %.80s = %d\n%s\nwant 400\n%s", target, w.Code, w.Body, want)
		}
	}
	if s.loads != 0 {
		t.Errorf("%d loads, want none", s.loads)
	}
	if w := s.get(t, "/v1/products?keys="+numbers(1, 100)+","+numbers(1, 100)); w.Code != http.StatusOK {
		t.Errorf("100 keys, each twice = %d %s, want 200", w.Code, w.Body)
	}
}

func TestPartOfAMultiGetIsUnavailable(t *testing.T) {
	s := open(t, func(set *settings) { set.api.ClientMaxAge = time.Minute })
	s.change(func(s *shop) { s.badKeys["products/8"] = errBroken })
	w := s.get(t, "/v1/products?keys=7,8,9999")
	expect(t, w, `200
Age: 0
Cache-Control: no-cache
Cache-Status: productcache; fwd=miss; stored; detail="miss=2 unavailable=1"
Content-Length: 63
Content-Type: application/json
Etag: `+w.Header().Get("Etag")+`
Vary: Accept-Encoding

{"items":{"7":{"id":7}},"missing":["9999"],"unavailable":["8"]}`)
	if want := (httpapi.Observation{Lookup: "products", Outcome: "failed", Status: 200, Keys: 3}); s.lastSeen() != want {
		t.Errorf("observed %+v, want %+v", s.lastSeen(), want)
	}
	s.change(func(s *shop) { s.badKeys["products/10"] = errBroken })
	if w := s.get(t, "/v1/products?keys=10,8"); w.Code != http.StatusInternalServerError {
		t.Errorf("nothing can be answered: %d, want 500", w.Code)
	}
	s.change(func(s *shop) { s.err = errAway })
	if w := s.get(t, "/v1/products?keys=11,12"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("nothing can be answered: %d, want 503", w.Code)
	}
	w = s.get(t, "/v1/products?keys=11,7,12")
	if w.Code != http.StatusOK || w.Body.String() != `{"items":{"7":{"id":7}},"missing":[],"unavailable":["11","12"]}` {
		t.Errorf("one can be answered: %d %s, want 200", w.Code, w.Body)
	}
	if got, want := w.Header().Get("Cache-Status"), `productcache; fwd=miss; detail="hit=1 unavailable=2"`; got != want {
		t.Errorf("Cache-Status = %s, want %s", got, want)
	}
}

// TestMultiGetCountsOutcomes has one key of each kind.
func TestMultiGetCountsOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, func(set *settings) { set.cache.MaxEntryWeight = 500 })
		s.put("products/9", `{"description":"`+many("x", 2000)+`"}`) // too large to be stored
		s.get(t, "/v1/products/1")
		time.Sleep(310 * time.Second) // virtual time
		s.get(t, "/v1/products?keys=2,9998")
		s.change(func(s *shop) { s.took = 100 * time.Millisecond })
		joined := make(chan struct{})
		go func() {
			defer close(joined)
			s.get(t, "/v1/products/3")
		}()
		time.Sleep(time.Millisecond)
		w := s.get(t, "/v1/products?keys=1,2,3,4,9,9998")
		<-joined
		want := `productcache; fwd=miss; detail="hit=1 negative=1 stale=1 collapsed=1 miss=2"`
		if got := w.Header().Get("Cache-Status"); got != want {
			t.Errorf("Cache-Status = %s, want %s", got, want)
		}
		if got := w.Header().Get("Age"); got != "310" {
			t.Errorf("Age = %s, want that of the oldest answer, 310", got)
		}
		synctest.Wait()
		time.Sleep(time.Hour)
		s.change(func(s *shop) { s.err, s.took = errAway, 0 })
		w = s.get(t, "/v1/products?keys=1,2")
		if got, want := w.Header().Get("Cache-Status"), `productcache; hit; detail="stale-error=2"`; got != want {
			t.Errorf("Cache-Status = %s, want %s", got, want)
		}
	})
}

// TestMultiGetTag holds that the tag changes with whatever changes the body,
// and with nothing else.
func TestMultiGetTag(t *testing.T) {
	s := open(t)
	tagOf := func(target string) string { return s.get(t, target).Header().Get("Etag") }
	first := tagOf("/v1/products?keys=7,8,9999")
	if again := tagOf("/v1/products?keys=7,8,9999,7"); again != first {
		t.Errorf("Etag of the same body = %s, before %s", again, first)
	}
	seen := map[string]string{first: "the first"}
	another := func(what, tag string) {
		t.Helper()
		if len(tag) != len(`""`)+22 || !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) {
			t.Errorf("%s: Etag = %s, which is not a strong tag of 128 bits", what, tag)
		}
		if same := seen[tag]; same != "" {
			t.Errorf("%s and %s have the same Etag", what, same)
		}
		seen[tag] = what
	}
	another("another order", tagOf("/v1/products?keys=8,7,9999"))
	another("another missing key", tagOf("/v1/products?keys=7,8,9998"))
	another("fewer", tagOf("/v1/products?keys=7,8"))
	s.put("products/8", `{"id":8,"changed":true}`)
	s.products.Purge(0, "8")
	another("a changed document", tagOf("/v1/products?keys=7,8,9999"))
	s.change(func(s *shop) { s.badKeys["products/9999"] = errBroken })
	s.products.Purge(0, "9999")
	another("an unavailable key", tagOf("/v1/products?keys=7,8,9999"))
}

func TestLargeMultiGetIsComplete(t *testing.T) {
	s := open(t)
	for _, size := range []int{31 << 10, 32 << 10, 33 << 10, 200 << 10} {
		s.put("names/large", `{"x":"`+many("y", size)+`"}`)
		s.names.Purge(0, "large")
		w := s.get(t, "/v1/names?keys=mug,large,07")
		var body struct {
			Items map[string]struct{ X string } `json:"items"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if len(body.Items) != 3 || len(body.Items["large"].X) != size {
			t.Errorf("%d items, the large one of %d bytes, want 3, %d", len(body.Items), len(body.Items["large"].X), size)
		}
	}
}
