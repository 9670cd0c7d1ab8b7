package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"productcache/internal/httpapi"
)

func TestValidate(t *testing.T) {
	var valid httpapi.Options
	open(t, func(set *settings) { set.api.Lookups = nil })
	s := open(t)
	parse := func(key string) (string, error) { return key, nil }
	for name, c := range map[string]struct {
		change func(*httpapi.Options)
		want   string
	}{
		"valid":            {func(*httpapi.Options) {}, ""},
		"no MaxKeys":       {func(o *httpapi.Options) { o.MaxKeys = 0 }, "httpapi: MaxKeys must be positive, not 0"},
		"no timeout":       {func(o *httpapi.Options) { o.RequestTimeout = 0 }, "httpapi: RequestTimeout must be positive, not 0s"},
		"negative max age": {func(o *httpapi.Options) { o.ClientMaxAge = -time.Second }, "httpapi: ClientMaxAge must not be negative: -1s"},
		"no lookups":       {func(o *httpapi.Options) { o.Lookups = nil }, "httpapi: there must be a lookup"},
		"no name":          {func(o *httpapi.Options) { o.Lookups[0].Name = "" }, `httpapi: "" is not a name for a path`},
		"a bad name":       {func(o *httpapi.Options) { o.Lookups[0].Name = "a/{b}" }, `httpapi: "a/{b}" is not a name for a path`},
		"no ParseKey":      {func(o *httpapi.Options) { o.Lookups[0].ParseKey = nil }, `httpapi: lookup "products" must have ParseKey and Cache`},
		"no Cache":         {func(o *httpapi.Options) { o.Lookups[0].Cache = nil }, `httpapi: lookup "products" must have ParseKey and Cache`},
		"twice": {func(o *httpapi.Options) { o.Lookups = append(o.Lookups, o.Lookups[0]) },
			`httpapi: there are two lookups "products"`},
		"two rules": {func(o *httpapi.Options) { o.MaxKeys, o.RequestTimeout = -1, 0 },
			"httpapi: MaxKeys must be positive, not -1\nhttpapi: RequestTimeout must be positive, not 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			valid = httpapi.Options{MaxKeys: 1, RequestTimeout: time.Second,
				Lookups: []httpapi.Lookup{{Name: "products", ParseKey: parse, Cache: s.products}}}
			c.change(&valid)
			handler, err := httpapi.New(valid)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want || (handler != nil) != (c.want == "") {
				t.Errorf("New: %s, want %s", got, c.want)
			}
		})
	}
}

// TestOptionalOptions leaves out all that may be left out.
func TestOptionalOptions(t *testing.T) {
	s := open(t, func(set *settings) { set.api.Classify, set.api.Observe, set.api.Logger = nil, nil, nil })
	s.change(func(s *shop) { s.err = errAway })
	if w := s.get(t, "/v1/products/7"); w.Code != 500 || !strings.Contains(w.Body.String(), "/problems/internal-error") {
		t.Errorf("without Classify a failed load = %d %s, want 500", w.Code, w.Body)
	}
	if w := s.get(t, "/v1/products/x"); w.Code != 400 {
		t.Errorf("a malformed key = %d, want 400", w.Code)
	}
}

// TestKeysThatAreNotUTF8 has a lookup that lets all keys through: the answer
// is JSON even so.
func TestKeysThatAreNotUTF8(t *testing.T) {
	s := open(t, func(set *settings) { set.anyKey = true })
	w := s.get(t, "/v1/names?keys=%FF,%EF%BF%BD,%00")
	if want := `{"items":{},"missing":["\ufffd","�","\u0000"],"unavailable":[]}`; w.Body.String() != want {
		t.Errorf("= %s, want %s", w.Body, want)
	}
}

func TestMaxKeys(t *testing.T) {
	s := open(t, func(set *settings) { set.api.MaxKeys = 2 })
	for keys, want := range map[string]int{"1": 200, "1,2": 200, "1,2,1,2,1": 200, "1,2,3": 400} {
		if w := s.get(t, "/v1/products?keys="+keys); w.Code != want {
			t.Errorf("keys=%s = %d, want %d", keys, w.Code, want)
		}
	}
}

func TestObservedDuration(t *testing.T) {
	s := open(t)
	s.change(func(s *shop) { s.took = 20 * time.Millisecond })
	s.get(t, "/v1/products/7")
	if got := s.seen[0].Duration; got < 20*time.Millisecond || got > 5*time.Second {
		t.Errorf("observed a duration of %v, want the 20ms of the load and a little more", got)
	}
}
