package tier

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// FuzzRecord: what is no record is an error, and what is one is written as it was read.
func FuzzRecord(f *testing.F) {
	for _, r := range []record{{}, {found: true, age: time.Second, life: time.Minute, position: "mysql-bin.000007:1234", value: []byte("value")}} {
		f.Add(r.append(nil), int64(0))
		f.Add(r.append(nil), int64(time.Hour))
	}
	f.Add([]byte("Ltoken"), int64(1))
	f.Fuzz(func(t *testing.T, b []byte, left int64) {
		r, err := parseRecord(b, time.Duration(left))
		if err != nil {
			return
		}
		if _, leased := leaseOf(b); leased {
			t.Fatalf("%q is a lease and a record", b)
		}
		if r.age <= 0 || r.life < 0 || len(r.position) > 255 {
			t.Fatalf("%q is %+v", b, r)
		}
		stored := r
		stored.age = 0
		if again := stored.append(nil); !bytes.Equal(again[1+digits:], b[1+digits:]) || again[0] != b[0] {
			t.Fatalf("%q is written as %q", b, again)
		}
	})
}

// TestRecordAges: an age goes on by the clock of Redis, and never back.
func TestRecordAges(t *testing.T) {
	b := record{found: true, age: 2 * time.Second, life: 10 * time.Second}.append(nil)
	for left, want := range map[time.Duration]time.Duration{10 * time.Second: 2 * time.Second, 3 * time.Second: 9 * time.Second, time.Hour: 2 * time.Second, -time.Millisecond: 12 * time.Second} {
		r, err := parseRecord(b, left)
		if err != nil || r.age < want || r.age > want+2*time.Millisecond {
			t.Errorf("%v left: an age of %v, %v; want %v", left, r.age, err, want)
		}
	}
}

// FuzzMessage: what is understood names something to be done, and can be said again.
func FuzzMessage(f *testing.F) {
	for _, text := range []string{`{"node":"a","sequence":1,"epochs":true}`, `{"node":"a","purge":{"lookup":"l","keys":["k"]}}`, `{"node":"a","purge":{"lookup":"l","all":true}}`,
		`{"node":"a","purge":{"lookup":"l","all":true,"keys":["k"]}}`, `{"node":"greeting"}`, `{}`, `[]`, ``} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseMessage(text)
		if err == nil && (m.Node == "" || m.Purge != nil && (m.Purge.Lookup == "" || m.Purge.All == (len(m.Purge.Keys) > 0))) {
			t.Fatalf("%q is %+v", text, m)
		}
	})
}

// FuzzPlace: places are ordered, and written as they were read.
func FuzzPlace(f *testing.F) {
	f.Add("0-0", "1-0")
	f.Add("1700000000000-7", "1700000000000-8")
	f.Fuzz(func(t *testing.T, a, b string) {
		p, q := parsePlace(a), parsePlace(b)
		if p.before(q) && q.before(p) || p.before(p) || parsePlace(p.String()) != p || !p.before(q) && !q.before(p) && p != q {
			t.Fatalf("%q is %v, and %q is %v", a, p, b, q)
		}
	})
}

// TestServers: an address or a parameter that cannot be meant was taken, and nobody was reached, or not as it was meant.
func TestServers(t *testing.T) {
	for url, want := range map[string]error{
		"redis://a": nil, "redis://a:1/3": nil, "redis://[::1]:6379": nil, "rediss://a:1,b:2?master_set=m&skip_verify": nil, "redis://a?protocol=2&client_cache=0&db=1": nil,
		"unix:///run/redis.sock?db=2": nil,
		"redis://a:1?master_sett=x":   errParameter, "redis://a:1,b:2?addr=c:3": errParameter, "redis://a:1?dial_timeout=1s": errParameter, "unix:///r?x": errParameter,
		"redis://": errAddress, "redis://:6379": errAddress, "redis:///0": errAddress, "redis://a:65536": errAddress, "redis://a:0": errAddress, "redis://a:1,:2": errAddress,
		"redis://a:1,b:65536": errAddress, "redis://a:1,b:2/0": errAddress, "redis://a:1,b": errAddress, "redis://a:1,": errAddress, "redis://a:1,b:redis": errAddress,
		"unix://": errURL, "unix://run/redis.sock": errURL, "unix:///run/redis.sock,b:1": errURL, "a:6379": errURL, "redis://a:x": errURL, "http://a": errURL, "redis://a/b": errURL,
		"redis://user:canary@a": ErrCredentials, "redis://:canary@a": ErrCredentials, "redis://a:1,canary@b:2": ErrCredentials,
	} {
		if err := (Servers{URL: url}).Validate(); err != want {
			t.Errorf("%s: %v, want %v", url, err, want)
		}
	}
}

// FuzzServers: an address is taken or refused, and never quoted.
func FuzzServers(f *testing.F) {
	for _, url := range []string{"redis://127.0.0.1:6379", "rediss://a:1,b:2,c:3", "redis://a:1,b:2?master_set=m", "unix:///run/redis.sock", "redis://user:canary@a:1", "http://a", "redis://a:1,canary", ""} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		o, err := Servers{URL: url, Password: "secret"}.option()
		if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "secret")) {
			t.Fatalf("%q: %v", url, err)
		}
		if err == nil && (len(o.InitAddress) == 0 || o.Password != "secret" || strings.Contains(url, "@")) {
			t.Fatalf("%q is %+v", url, o.InitAddress)
		}
		for _, a := range o.InitAddress {
			if err == nil && !validAddress(a) && !strings.HasPrefix(strings.ToLower(url), "unix:") {
				t.Fatalf("%q has %q", url, a)
			}
		}
	})
}
