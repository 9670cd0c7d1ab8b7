package admin_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"productcache/internal/cache"
)

// sizeOfAnswers bounds what the answer to a refused body repeats of it.
const sizeOfAnswers = 4096

// checkBody holds that an answer is JSON in UTF-8, of the length that its header says, and not long.
func checkBody(t *testing.T, what string, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code >= 500 || !json.Valid(w.Body.Bytes()) || !utf8.Valid(w.Body.Bytes()) {
		t.Fatalf("%.200q = %d %.200s", what, w.Code, w.Body)
	}
	if w.Code >= 400 && w.Body.Len() > sizeOfAnswers {
		t.Fatalf("%.200q = %d with %d bytes", what, w.Code, w.Body.Len())
	}
}

// FuzzPurge: a body purges all that it says, once, or nothing; and what is done is what encoding/json reads.
func FuzzPurge(f *testing.F) {
	for _, body := range []string{
		`{"lookup":"products","keys":["A","b","a"]}`, `{"lookup":"products","keys":["1"],"mode":"remove"}`, `{"lookup":"products","all":true,"mode":"stale"}`,
		`{"lookup":"products","keys":["a","bad"]}`, `{"lookup":"shoes","keys":["a"]}`, `{"lookup":"products","keys":[]}`, `{"lookup":"products","keys":["a"],"all":true}`,
		`{"lookup":"products","all":true,"mode":"soft"}`, `{"lookup":"products","key":"a"}`, `{"lookup":"products","keys":[42]}`, `null`, `[]`,
		`{"lookup":"products","keys":[null]}`, `{"lookup":"products","keys":["\ud800","\u0000"]}`, `{"lookup":"products","keys":["a"]} x`, `{"Lookup":"products","KEYS":["a"],"keys":["b"]}`,
		`{"` + strings.Repeat(`\"`, 500) + `":1}`, `{"lookup":"` + strings.Repeat("é", 3000) + `","all":true}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		d := newDesk(t, "")
		w := d.do(request("POST", "/api/purge", body, loopback, asJSON))
		checkBody(t, body, w)
		if (w.Code == 200) != (len(d.done) == 1) || len(d.done) > 1 {
			t.Fatalf("%q: %d, purged %v", body, w.Code, d.done)
		}
		if w.Code != 200 {
			return
		}
		var asked struct {
			Lookup, Mode string
			Keys         []string
			All          bool
		}
		if err := json.Unmarshal([]byte(body), &asked); err != nil || asked.Lookup != "products" || asked.All == (len(asked.Keys) > 0) {
			t.Fatalf("%q purges %v, and is %+v, %v", body, d.done, asked, err)
		}
		mode := map[string]cache.PurgeMode{"": cache.PurgeStale, "stale": cache.PurgeStale, "remove": cache.PurgeRemove}[asked.Mode]
		want := fmt.Sprint("all ", mode)
		if !asked.All {
			want = fmt.Sprint("keys ", mode, " ", strings.Join(distinct(asked.Keys), ","))
		}
		if d.done[0] != want {
			t.Fatalf("%q purges %q, want %q", body, d.done[0], want)
		}
	})
}

// distinct are keys in lower case, each where it comes first.
func distinct(keys []string) (all []string) {
	seen := map[string]bool{}
	for _, key := range keys {
		if key = strings.ToLower(key); !seen[key] {
			seen[key] = true
			all = append(all, key)
		}
	}
	return all
}

// FuzzChange: a body of PATCH /api/config changes the settings that encoding/json reads of it, or none.
func FuzzChange(f *testing.F) {
	for _, body := range []string{
		`{"ttl":"10m"}`, `{"cache-entries":100000000}`, `{"ttl":"-1s"}`, `{}`, `null`, `["ttl"]`, `ttl=10m`, `{"ttl":{}}`, `{"ttl":"1s"}{}`, `{"ttl":null}`, `{"ttl":true}`,
		`{"a":1e400,"b":-0,"c":0.10,"d":18446744073709551616}`, `{"":""}`, `{"ttl":"1s","ttl":"2s"}`, `{"ttl":"\ud800"}`, "{\"\xff\":\"\xff\"}", `{"` + strings.Repeat(`é\"`, 900) + `":[]}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		d := newDesk(t, "")
		w := d.do(request("PATCH", "/api/config", body, loopback, asJSON))
		if w.Code != 200 {
			checkBody(t, body, w)
		}
		if (w.Code == 200 || w.Code == 422) != (len(d.asked) == 1) || len(d.asked) > 1 {
			t.Fatalf("%q: %d, asked for %v", body, w.Code, d.asked)
		}
		if len(d.asked) == 0 {
			return
		}
		raw := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(body), &raw); err != nil {
			t.Fatalf("%q asks for %v: %v", body, d.asked, err)
		}
		want := map[string]string{}
		for name, value := range raw {
			text := string(value)
			if value[0] == '"' {
				_ = json.Unmarshal(value, &text)
			}
			want[name] = text
		}
		if got := d.asked[0]; got != fmt.Sprint(want) {
			t.Fatalf("%q asks for %q, want %q", body, got, fmt.Sprint(want))
		}
	})
}

// FuzzRequest sends whatever net/http's parser lets through to an API that wants a token: the answer is no
// failure, and nothing changes without the token.
func FuzzRequest(f *testing.F) {
	const token = "t0ken"
	for _, target := range []string{"/", "/metrics", "/healthz", "/readyz", "/api/stats", "/api/stats/history?from=1", "/api/top?n=5", "/api/top?n=-1", "/api/config?format=flags",
		"/api/config?format=%zz", "/api/cache/products/a%2Fb", "/api/cache/shoes/%FF", "/api/cache//", "/../api/config", "*", "http://127.0.0.1/api/top", "//api/purge"} {
		f.Add("GET", target, "Accept: text/html\r\n", "")
	}
	for _, header := range []string{"", "Authorization: Bearer t0ken\r\n", "Authorization: bearer  t0ken\r\n", "Authorization: Basic t0ken\r\n", "Sec-Fetch-Site: cross-site\r\nAuthorization: Bearer t0ken\r\n", "Origin: http://evil\r\n", "Content-Encoding: gzip\r\n"} {
		f.Add("POST", "/api/purge", header+"Content-Type: application/json\r\n", `{"lookup":"products","all":true}`)
		f.Add("PATCH", "/api/config", header+"Content-Type: application/json;charset=utf-8\r\n", `{"ttl":"1s"}`)
	}
	f.Fuzz(func(t *testing.T, method, target, header, body string) {
		raw := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n%s\r\n%s", method, target, len(body), header, body)
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil || strings.Contains(r.URL.Path, "debug") { // profiles take their time
			t.Skip()
		}
		d := newDesk(t, token)
		w := d.do(r.WithContext(request("GET", "/", "", loopback).Context()))
		if w.Code >= 500 || w.Code < 200 {
			t.Fatalf("%q = %d %s", raw, w.Code, w.Body)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/") && w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%q = %d with a body that is not JSON: %s", raw, w.Code, w.Body)
		}
		for name, values := range w.Header() {
			if strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
				t.Fatalf("%q: %s is %q", raw, name, values)
			}
		}
		if changed := len(d.done)+len(d.asked) > 0; changed && r.Header.Get("Authorization") == "" || changed && !strings.Contains(header, token) {
			t.Fatalf("%q changes %v %v", raw, d.done, d.asked)
		}
	})
}
