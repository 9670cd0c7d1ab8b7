package admin_test

import (
	"strings"
	"testing"
	"time"

	"productcache/internal/cache"
)

var loadedAt = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// inspections are what the desk's cache knows, by key.
var inspections = map[string]cache.Inspection{
	"fresh":   {Held: true, Found: true, Age: 90 * time.Second, TTL: 210 * time.Second, LoadedAt: loadedAt, Weight: 900, Serves: true, ServesError: true, LeastRate: 2, MostRate: 2.5},
	"stale":   {Held: true, Found: true, TTL: -10 * time.Second, Serves: true, ServesError: true},
	"expired": {Held: true, Found: true, TTL: -100 * time.Second, ServesError: true, Loading: true},
	"absent":  {Held: true, TTL: 4 * time.Second, Serves: true},
	"a/b c":   {Held: true, Found: true, TTL: time.Second, Serves: true},
	"purged": {Held: true, Found: true, TTL: -time.Second, Invalid: true, LoadedAt: loadedAt, InvalidAt: loadedAt.Add(time.Minute), ServesError: true, Events: []cache.Event{
		{At: loadedAt.Add(time.Minute), Kind: cache.EventInvalidated, Origin: cache.ByBinlog, Mode: cache.PurgeRemove},
		{At: loadedAt.Add(time.Second), Kind: cache.EventInvalidatedAll},
		{At: loadedAt, Kind: cache.EventLoaded},
	}},
}

func hottest(n int) []cache.HotKey {
	hot := []cache.HotKey{{Lookup: "products", Key: "fresh", PerSecond: 12.5, Share: 0.25}, {Lookup: "products", Key: "unknown", PerSecond: 2}, {Lookup: "gone", Key: "7"}}
	return hot[:min(n, len(hot))]
}

func TestEntry(t *testing.T) {
	d := newDesk(t, "")
	for target, want := range map[string]string{
		"fresh": `{"lookup":"products","key":"fresh","state":"fresh","serves":"hit","on_failure":true,"loading":false,"age_seconds":90,"ttl_seconds":210,` +
			`"loaded_at":"2026-11-20T08:00:00Z","invalidated_at":null,"bytes":900,"hits":{"per_second":2,"per_second_at_most":2.5},"queries_per_load":8,"events":[]}`,
		"FRESH":   `"key":"fresh"`,
		"stale":   `"state":"expired","serves":"stale","on_failure":true`,
		"expired": `"state":"expired","serves":"load","on_failure":true,"loading":true`,
		"absent":  `"state":"absent","serves":"negative","on_failure":false`,
		"purged": `"state":"invalidated","serves":"load","on_failure":true,"loading":false,"age_seconds":0,"ttl_seconds":-1,` +
			`"loaded_at":"2026-11-20T08:00:00Z","invalidated_at":"2026-11-20T08:01:00Z"`,
		"unknown":   `"state":"not-cached","serves":"load","on_failure":false,"loading":false,"age_seconds":null,"ttl_seconds":null,"loaded_at":null,"invalidated_at":null`,
		"a%2Fb%20c": `"key":"a/b c","state":"fresh"`,
	} {
		if w := d.do(request("GET", "/api/cache/products/"+target, "", loopback)); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", target, w.Code, w.Body, want)
		}
	}
	w := d.do(request("GET", "/api/cache/products/purged", "", loopback))
	if want := `"events":[{"at":"2026-11-20T08:01:00Z","what":"invalidated","by":"binlog","mode":"remove"},` +
		`{"at":"2026-11-20T08:00:01Z","what":"invalidated-all","by":"purge","mode":"stale"},{"at":"2026-11-20T08:00:00Z","what":"loaded"}]`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("purged: %s, want %s", w.Body, want)
	}
}

func TestTop(t *testing.T) {
	d := newDesk(t, "")
	fresh := `{"lookup":"products","key":"fresh","per_second":12.5,"share":0.25,"state":"fresh","bytes":900}`
	for target, want := range map[string]string{
		"/api/top?n=1": `{"keys":[` + fresh + `]}`,
		"/api/top": `{"keys":[` + fresh + `,{"lookup":"products","key":"unknown","per_second":2,"share":0,"state":"not-cached","bytes":0},` +
			`{"lookup":"gone","key":"7","per_second":0,"share":0,"state":"not-cached","bytes":0}]}`,
	} {
		if w := d.do(request("GET", target, "", loopback)); w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%s: %d %s, want %s", target, w.Code, w.Body, want)
		}
	}
}
