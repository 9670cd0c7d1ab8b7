package admin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"productcache/internal/admin"
	"productcache/internal/cache"
)

// purges records what was purged.
type purges struct{ done []string }

func (p *purges) Purge(mode cache.PurgeMode, keys ...string) {
	p.done = append(p.done, fmt.Sprint("keys ", mode, " ", strings.Join(keys, ",")))
}
func (p *purges) PurgeAll(mode cache.PurgeMode)       { p.done = append(p.done, fmt.Sprint("all ", mode)) }
func (p *purges) Inspect(key string) cache.Inspection { return inspections[key] }

// desk is an admin API under test.
type desk struct {
	http.Handler
	purges
	board
	notReady []string
	metrics  *admin.Metrics
	kept     func(cache.PurgeMode, bool, []string) error // Lookup.Purged
	open     []string                                    // of Lookup.Spread
}

func newDesk(t *testing.T, token string) *desk {
	t.Helper()
	d := &desk{}
	d.metrics = admin.NewMetrics("1.2.3",
		func() cache.Stats { return stats }, func() admin.DatabaseStats { return databaseStats },
		func() admin.FollowerStats { return followerStats })
	d.Handler = admin.New(admin.Options{
		Token: func() string { return token },
		Lookup: func(name string) (admin.Lookup, bool) {
			return admin.Lookup{Cache: d, Queries: 8, Purged: d.kept, Spread: d.spread, ParseKey: func(raw string) (string, error) {
				if strings.HasSuffix(raw, "bad") {
					return "", errors.New("not a key")
				}
				return strings.ToLower(raw), nil
			}}, name == "products"
		},
		Ready:    func() []string { return d.notReady },
		Metrics:  d.metrics,
		Settings: d,
		Hottest:  hottest,
		Logger:   slog.New(slog.DiscardHandler),
	})
	return d
}

var (
	loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8081}
	outside  = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8081}
	unix     = &net.UnixAddr{Name: "/run/admin.sock", Net: "unix"}
)

// request makes a request that came in at the given local address. Headers are
// "Name: value".
func request(method, target, body string, at net.Addr, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:8081"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at))
}

func (d *desk) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

const asJSON = "Content-Type: application/json"

func TestPurge(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		answer     string // a part of the body
		purged     string
	}{
		{"keys", `{"lookup":"products","keys":["A","b","a"]}`, 200, `{"lookup":"products","mode":"stale","keys":2}`, "[keys 0 a,b]"},
		{"keys removed", `{"lookup":"products","keys":["1"],"mode":"remove"}`, 200, `"mode":"remove"`, "[keys 1 1]"},
		{"all", `{"lookup":"products","all":true,"mode":"stale"}`, 200, `{"lookup":"products","mode":"stale","all":true}`, "[all 0]"},
		{"all removed", `{"lookup":"products","all":true,"mode":"remove"}`, 200, `"all":true`, "[all 1]"},
		{"one bad key purges nothing", `{"lookup":"products","keys":["a","bad"]}`, 400, `Key \"bad\": not a key. Nothing was purged.`, "[]"},
		{"unknown lookup", `{"lookup":"shoes","keys":["a"]}`, 404, `/problems/unknown-lookup`, "[]"},
		{"no keys", `{"lookup":"products","keys":[]}`, 400, `Give either`, "[]"},
		{"keys and all", `{"lookup":"products","keys":["a"],"all":true}`, 400, `Give either`, "[]"},
		{"unknown mode", `{"lookup":"products","all":true,"mode":"soft"}`, 400, `\"stale\" or \"remove\"`, "[]"},
		{"unknown field", `{"lookup":"products","key":"a"}`, 400, `there is no field \"key\".`, "[]"},
		{"number as a key", `{"lookup":"products","keys":[42]}`, 400, `\"keys\" cannot hold a JSON number; each key is a string, even a number.`, "[]"},
		{"null", `null`, 400, `Give either`, "[]"},
		{"array", `[]`, 400, `the body is not an object.`, "[]"},
		{"two objects", `{"lookup":"products","all":true}{}`, 400, `behind the JSON`, "[]"},
		{"no JSON", `keys=a`, 400, `the body is not JSON.`, "[]"},
		{"half an object", `{"lookup":"products","all":true`, 400, `the body is not JSON.`, "[]"},
		{"empty", ``, 400, `/problems/bad-purge`, "[]"},
		{"too large", `{"lookup":"` + strings.Repeat("x", 1<<20) + `"}`, 413, `/problems/too-large`, "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, "")
			w := d.do(request("POST", "/api/purge", tt.body, loopback, asJSON))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.answer) {
				t.Errorf("%d %s; want %d and %q", w.Code, w.Body, tt.status, tt.answer)
			}
			if w.Code != 200 && w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("Content-Type = %q", w.Header().Get("Content-Type"))
			}
			if got := fmt.Sprint(d.done); got != tt.purged {
				t.Errorf("purged %v, want %v", got, tt.purged)
			}
		})
	}
}

// TestRefusalsAreShort sends names as long as a body may be: little of them
// comes back.
func TestRefusalsAreShort(t *testing.T) {
	long := strings.Repeat("x", 1_000_000)
	for _, body := range []string{
		`{"` + long + `":1}`, `{"lookup":"` + long + `","all":true}`, `{"lookup":"products","all":true,"mode":"` + long + `"}`,
		`{"lookup":"products","keys":["` + long + `bad"]}`,
	} {
		w := newDesk(t, "").do(request("POST", "/api/purge", body, loopback, asJSON))
		if w.Code < 400 || w.Code >= 500 || w.Body.Len() > 500 {
			t.Errorf("%.40s… = %d with %d bytes, want a refusal of at most 500", body, w.Code, w.Body.Len())
		}
	}
}

func TestWhoMayPurge(t *testing.T) {
	const token = "s3cret"
	for _, tt := range []struct {
		name, token string
		at          net.Addr
		headers     []string
		status      int
	}{
		{"loopback", "", loopback, nil, 200},
		{"Unix socket", "", unix, []string{"Host: anything"}, 200},
		{"from outside without a token", "", outside, []string{"Host: 192.0.2.1"}, 403},
		{"token", token, outside, []string{"Authorization: Bearer s3cret"}, 200},
		{"token, scheme in another case", token, outside, []string{"Authorization: bearer s3cret"}, 200},
		{"token missing, even on loopback", token, loopback, nil, 401},
		{"token wrong", token, outside, []string{"Authorization: Bearer s3cret2"}, 401},
		{"token empty", token, outside, []string{"Authorization: Bearer "}, 401},
		{"token by another scheme", token, outside, []string{"Authorization: Basic s3cret"}, 401},
		{"another site's page", "", loopback, []string{"Sec-Fetch-Site: cross-site"}, 403},
		{"another origin's page", "", loopback, []string{"Origin: https://evil.example"}, 403},
		{"another site's page with the token", token, loopback, []string{"Origin: https://evil.example", "Authorization: Bearer s3cret"}, 403},
		{"rebound name", "", loopback, []string{"Host: evil.example:8081"}, 421},
		{"own name", "", loopback, []string{"Host: localhost:8081"}, 200},
		{"own address", "", loopback, []string{"Host: [::1]:8081"}, 200},
		{"own address, no port", "", loopback, []string{"Host: [::1]"}, 200},
		{"any name with the token", token, outside, []string{"Host: cache.shop.example", "Authorization: Bearer s3cret"}, 200},
		{"no JSON, as a form of another site may send", "", loopback, []string{"Content-Type: text/plain"}, 415},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, tt.token)
			w := d.do(request("POST", "/api/purge", `{"lookup":"products","all":true}`, tt.at, append([]string{asJSON}, tt.headers...)...))
			if w.Code != tt.status {
				t.Errorf("%d %s, want %d", w.Code, w.Body, tt.status)
			}
			if (w.Code == 200) != (len(d.done) == 1) {
				t.Errorf("%d, but purged %v", w.Code, d.done)
			}
			if w.Code != 200 && !strings.Contains(w.Body.String(), `"detail":"`) {
				t.Errorf("%d without a detail: %s", w.Code, w.Body)
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
}

func TestHealthAndReadiness(t *testing.T) {
	d := newDesk(t, "")
	d.notReady = []string{"MySQL was not reached yet"}
	for target, want := range map[string]string{
		"/healthz": `200 {"status":"ok"}`,
		"/readyz":  `503 {"reasons":["MySQL was not reached yet"],"status":"not ready"}`,
	} {
		w := d.do(request("GET", target, "", loopback))
		if got := fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String())); got != want {
			t.Errorf("GET %s = %s, want %s", target, got, want)
		}
	}
	d.notReady = nil
	if w := d.do(request("GET", "/readyz", "", loopback)); w.Code != 200 {
		t.Errorf("GET /readyz = %d, want 200", w.Code)
	}
}

func TestOtherTargets(t *testing.T) {
	d := newDesk(t, "")
	for _, tt := range []struct {
		method, target string
		status         int
		contentType    string
	}{
		{"GET", "/debug/pprof/", 200, "text/html; charset=utf-8"},
		{"GET", "/debug/pprof/goroutine?debug=1", 200, "text/plain; charset=utf-8"},
		{"GET", "/debug/pprof/cmdline", 200, "text/plain; charset=utf-8"},
		{"GET", "/nothing", 404, "application/problem+json"},
		{"HEAD", "/healthz", 200, "application/json"},
		{"HEAD", "/readyz", 200, "application/json"},
		{"GET", "/api/purge", 405, "application/problem+json"},
		{"DELETE", "/metrics", 405, "application/problem+json"},
	} {
		w := d.do(request(tt.method, tt.target, "", loopback))
		if w.Code != tt.status || w.Header().Get("Content-Type") != tt.contentType {
			t.Errorf("%s %s = %d %s, want %d %s", tt.method, tt.target, w.Code, w.Header().Get("Content-Type"), tt.status, tt.contentType)
		}
		if w.Code >= 400 && !strings.Contains(w.Body.String(), `"detail":"`) {
			t.Errorf("%s %s: %d without a detail: %s", tt.method, tt.target, w.Code, w.Body)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s: 405 without Allow", tt.method, tt.target)
		}
	}
}
