package admin_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// purgeAll is the body of the largest purge.
const purgeAll = `{"lookup":"products","all":true}`

// TestNobodyPurgesByTricks sends purges, over a connection, that are none of what
// the API takes: by other spellings of its path, other methods, forms, other
// sites' pages, and with tokens that are nearly right.
func TestNobodyPurgesByTricks(t *testing.T) {
	const token = "s3cret-0123456789"
	right := "Authorization: Bearer " + token
	for _, tt := range []struct {
		name, line string
		headers    []string
		status     int
	}{
		{"the real one", "POST /api/purge", []string{right, asJSON}, 200},
		{"the real one by its absolute form", "POST http://HOST/api/purge", []string{right, asJSON}, 200},
		{"two slashes", "POST //api/purge", []string{right, asJSON}, 404},
		{"two slashes within", "POST /api//purge", []string{right, asJSON}, 404},
		{"a dot", "POST /api/./purge", []string{right, asJSON}, 404},
		{"two dots", "POST /console/../api/purge", []string{asJSON}, 404},
		{"two dots below profiles", "POST /debug/pprof/../../api/purge", []string{asJSON}, 404},
		{"escaped dots", "POST /debug/pprof/%2e%2e/%2e%2e/api/purge", []string{asJSON}, 404},
		{"an escaped slash", "POST /api%2fpurge", []string{asJSON}, 404},
		{"an escaped letter", "POST /api/%70urge", []string{asJSON}, 404},
		{"another case", "POST /API/Purge", []string{asJSON}, 404},
		{"a slash behind", "POST /api/purge/", []string{asJSON}, 404},
		{"a semicolon", "POST /api/purge;x=1", []string{asJSON}, 404},
		{"a zero byte", "POST /api/purge%00", []string{asJSON}, 404},
		{"in the query", "POST /?/api/purge", []string{asJSON}, 405},
		{"GET", "GET /api/purge", []string{right, asJSON}, 405},
		{"PUT", "PUT /api/purge", []string{right, asJSON}, 405},
		{"a method in another case", "post /api/purge", []string{right, asJSON}, 405},
		{"an override", "GET /api/purge?_method=POST", []string{right, asJSON, "X-HTTP-Method-Override: POST", "X-HTTP-Method: POST", "X-Method-Override: POST"}, 405},
		{"an overridden path", "GET /healthz", []string{asJSON, "X-Original-URL: /api/purge", "X-Rewrite-URL: /api/purge"}, 200},
		{"a proxy's word for loopback", "POST /api/purge", []string{asJSON, "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1"}, 401},
		{"no token", "POST /api/purge", []string{asJSON}, 401},
		{"the token in the query", "POST /api/purge?access_token=" + token + "&token=" + token, []string{asJSON}, 401},
		{"the token in a cookie", "POST /api/purge", []string{asJSON, "Cookie: token=" + token}, 401},
		{"the token twice", "POST /api/purge", []string{asJSON, right + ", Bearer " + token}, 401},
		{"the wrong token, then the right one", "POST /api/purge", []string{asJSON, "Authorization: Bearer x", right}, 401},
		{"by Basic", "POST /api/purge", []string{asJSON, "Authorization: Basic " + token}, 401},
		{"a form", "POST /api/purge", []string{right, "Content-Type: application/x-www-form-urlencoded"}, 415},
		{"a form with a file", "POST /api/purge", []string{right, "Content-Type: multipart/form-data; boundary=x"}, 415},
		{"text", "POST /api/purge", []string{right, "Content-Type: text/plain"}, 415},
		{"text that mentions JSON", "POST /api/purge", []string{right, "Content-Type: text/plain; application/json"}, 415},
		{"no type", "POST /api/purge", []string{right}, 415},
		{"another origin", "POST /api/purge", []string{right, asJSON, "Origin: http://evil.example"}, 403},
		{"a sandboxed page", "POST /api/purge", []string{right, asJSON, "Origin: null"}, 403},
		{"another port's page", "POST /api/purge", []string{right, asJSON, "Origin: http://127.0.0.1:1"}, 403},
		{"another site", "POST /api/purge", []string{right, asJSON, "Sec-Fetch-Site: cross-site"}, 403},
		{"a neighbour on the site", "POST /api/purge", []string{right, asJSON, "Sec-Fetch-Site: same-site"}, 403},
		{"a browser's question before", "OPTIONS /api/purge", []string{"Origin: http://evil.example", "Access-Control-Request-Method: POST"}, 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, token)
			answer := raw(t, d, tt.line, tt.headers, purgeAll)
			if answer.StatusCode != tt.status {
				t.Errorf("%s %q = %d, want %d", tt.line, tt.headers, answer.StatusCode, tt.status)
			}
			if want := strings.HasPrefix(tt.name, "the real one"); want != (len(d.done) == 1) {
				t.Errorf("%s %q purged %v", tt.line, tt.headers, d.done)
			}
			for name := range answer.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s allows other origins: %s", tt.line, name)
				}
			}
		})
	}
}

// raw sends a request as it is written, over a connection. HOST in the line is
// the server's address.
func raw(t *testing.T, h http.Handler, line string, headers []string, body string) *http.Response {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	host := server.Listener.Addr().String()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Host:") }) {
		headers = append(headers[:len(headers):len(headers)], "Host: "+host)
	}
	headers = append(headers, "Connection: close", fmt.Sprint("Content-Length: ", len(body)))
	_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\n%s\r\n\r\n%s", strings.ReplaceAll(line, "HOST", host), strings.Join(headers, "\r\n"), body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	_ = answer.Body.Close()
	return answer
}

// TestTokensNearlyRight tries what begins, ends, or differs in one letter.
func TestTokensNearlyRight(t *testing.T) {
	const token = "s3cret-0123456789"
	try := func(given string) {
		t.Helper()
		d := newDesk(t, token)
		if w := d.do(request("POST", "/api/purge", purgeAll, loopback, asJSON, "Authorization: Bearer "+given)); w.Code != 401 || len(d.done) > 0 {
			t.Errorf("token %q: %d, purged %v", given, w.Code, d.done)
		}
	}
	for i := range token {
		try(token[:i])
		try(token[i+1:])
		try(token[:i] + string(token[i]^1) + token[i+1:])
	}
	for _, given := range []string{token + "x", token + token, " " + token, token + "\x00", strings.ToUpper(token), strings.Repeat("x", 100_000)} {
		try(given)
	}
}

// TestTokensAreComparedInConstantTime reads the source: how long a comparison
// takes cannot be tested where others use the machine, but that there is one
// comparison, and which, can.
func TestTokensAreComparedInConstantTime(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	// A token may be compared with "", which says that there is none.
	comparison := regexp.MustCompile(`(?i)(token(\(\))?|given|Authorization"\)) *[!=]= *[^" ]|[^" ] *[!=]= *(token|given)\b|(HasPrefix|HasSuffix|EqualFold|Compare|Equal|Contains)\([^)]*(token|given|Authorization)`)
	constant := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		constant += strings.Count(string(text), "subtle.ConstantTimeCompare(got[:], want[:])")
		if found := comparison.FindString(string(text)); found != "" {
			t.Errorf("%s compares a token: %s", f.Name(), found)
		}
	}
	if constant != 1 {
		t.Errorf("%d comparisons in constant time, want 1", constant)
	}
}

// everyTarget is what the API has, as GETs and changes.
var everyTarget = []string{"GET /", "GET /console/console.js", "GET /healthz", "GET /readyz", "GET /metrics", "GET /api/stats", "GET /api/stats/history",
	"GET /api/top", "GET /api/config", "GET /api/config?format=flags", "GET /api/cache/products/1", "GET /debug/pprof/", "GET /debug/pprof/cmdline",
	"GET /debug/pprof/goroutine?debug=2", "GET /debug/pprof/symbol", "POST /api/purge", "PATCH /api/config", "GET /nothing", "HEAD /metrics", "DELETE /metrics"}

// TestReboundNameGetsNothing asks for all that there is under names that a page
// of another site could have pointed at the listener.
func TestReboundNameGetsNothing(t *testing.T) {
	foreign := []string{"evil.example", "evil.example:8081", "127.0.0.1.evil.example", "localhost.evil.example:8081", "localhost.",
		"notlocalhost", "2130706433", "0x7f.0.0.1", "127.1", "a@127.0.0.1", "127.0.0.1:8081:evil.example", "[::1].evil.example"}
	d := newDesk(t, "")
	for _, host := range foreign {
		for _, target := range everyTarget {
			method, path, _ := strings.Cut(target, " ")
			w := d.do(request(method, path, purgeAll, loopback, "Host: "+host, asJSON))
			if w.Code != http.StatusMisdirectedRequest || len(d.done) > 0 || len(d.asked) > 0 {
				t.Errorf("%s for %s = %d, purged %v, changed %v; want 421", target, host, w.Code, d.done, d.asked)
			}
		}
	}
	if answer := raw(t, d, "GET http://evil.example/api/config", nil, ""); answer.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("absolute form of a foreign name = %d, want 421", answer.StatusCode)
	}
	for _, host := range []string{"127.0.0.1", "127.0.0.1:8081", "localhost:8081", "LOCALHOST", "[::1]:8081", "10.1.2.3:8081", ""} {
		if w := d.do(request("GET", "/api/config", "", loopback, "Host: "+host)); w.Code != 200 {
			t.Errorf("own name %q = %d, want 200", host, w.Code)
		}
	}
}

// TestPagesOfOthersStartNoProfiles asks as browsers do for other sites' pages,
// with and without a token file. A profile of one second shows whether it began.
func TestPagesOfOthersStartNoProfiles(t *testing.T) {
	profiles := []string{"profile?seconds=1", "trace?seconds=1", "heap?gc=1", "goroutine?debug=2", "cmdline", "symbol", "", "%70rofile?seconds=1"}
	for _, token := range []string{"", "s3cret"} {
		d := newDesk(t, token)
		for _, page := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: strange", "Origin: http://evil.example",
			"Origin: null", "Origin: http://127.0.0.1:80", "Referer: http://evil.example/x", "Referer: :"} {
			for _, profile := range profiles {
				for _, method := range []string{"GET", "HEAD", "POST"} {
					w := d.do(request(method, "/debug/pprof/"+profile, "", loopback, page))
					if w.Code != http.StatusForbidden {
						t.Errorf("%s %s with %s = %d, want 403", method, profile, page, w.Code)
					}
				}
			}
		}
		for _, own := range []string{"X: curl", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Origin: http://127.0.0.1:8081", "Referer: http://127.0.0.1:8081/debug/pprof/"} {
			if w := d.do(request("GET", "/debug/pprof/goroutine?debug=1", "", loopback, own)); w.Code != 200 {
				t.Errorf("own request with %s = %d, want 200", own, w.Code)
			}
		}
	}
	// By a name, which may be a rebound one, the token is needed.
	d := newDesk(t, "s3cret")
	for given, want := range map[string]int{"": 401, "Bearer wrong": 401, "Bearer s3cret": 200} {
		w := d.do(request("GET", "/debug/pprof/cmdline", "", outside, "Host: cache.shop.example", "Sec-Fetch-Site: same-origin", "Authorization: "+given))
		if w.Code != want {
			t.Errorf("by a name with Authorization %q = %d, want %d", given, w.Code, want)
		}
	}
}

// endless is a body that counts what is read of it.
type endless struct {
	text string // again and again
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read > 64<<20 {
		return 0, io.ErrUnexpectedEOF // the test has failed; it should end
	}
	for i := range p {
		p[i] = e.text[(e.read+i)%len(e.text)]
	}
	e.read += len(p)
	return len(p), nil
}

// TestBodiesAreReadToTheirBound sends bodies without an end to all that there is.
func TestBodiesAreReadToTheirBound(t *testing.T) {
	const bound = 1<<20 + 1 // one byte more is read, to see that there is one
	targets := append([]string{"POST /debug/pprof/symbol", "POST /debug/pprof/cmdline", "POST /debug/pprof/goroutine", "POST /nothing"}, everyTarget...)
	for _, target := range targets {
		for _, text := range []string{" ", "0x1+", `{"a":`, `["`, "x"} {
			method, path, _ := strings.Cut(target, " ")
			body := &endless{text: text}
			r := request(method, path, "", loopback, asJSON)
			r.Body = io.NopCloser(body)
			w := newDesk(t, "").do(r)
			// A reader may have room for more than it needs, but asks a bounded one.
			if body.read > bound {
				t.Errorf("%s: %d bytes read of a body of %q…, want at most %d", target, body.read, text, bound)
			}
			if path == "/api/purge" && w.Code != 413 && w.Code != 400 {
				t.Errorf("%s = %d, want 413 or 400", target, w.Code)
			}
		}
	}
}
