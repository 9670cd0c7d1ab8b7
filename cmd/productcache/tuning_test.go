package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"productcache/internal/admin"
	"productcache/internal/mysqltest"
)

// tune changes settings and returns what has changed, as name=old→new.
func (r *running) tune(body string) string {
	r.t.Helper()
	a := r.do(http.MethodPatch, r.admin+"/api/config", body, "Content-Type: application/json")
	var answer struct{ Changed []admin.Change }
	if err := json.Unmarshal([]byte(a.body), &answer); err != nil || a.status != http.StatusOK {
		r.t.Fatalf("PATCH %s = %d %s", body, a.status, a.body)
	}
	var changes []string
	for _, c := range answer.Changed {
		changes = append(changes, c.Name+"="+c.Old+"→"+c.New)
	}
	return strings.Join(changes, " ")
}

// settings returns every setting by its name.
func (r *running) settings() map[string]admin.Setting {
	r.t.Helper()
	var answer struct{ Settings []admin.Setting }
	if err := json.Unmarshal([]byte(r.do(http.MethodGet, r.admin+"/api/config", "").body), &answer); err != nil {
		r.t.Fatal(err)
	}
	settings := map[string]admin.Setting{}
	for _, s := range answer.Settings {
		settings[s.Name] = s
	}
	return settings
}

// TestTune changes every setting that can be changed: each acts at once, on what
// is cached already.
func TestTune(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	r := start(t, append(flags, "-table", "products", "-ttl-jitter", "0", "-audit-rate", "0", "-cache-bytes", "64MiB",
		"-request-timeout", "1s", "-mysql-query-timeout", "500ms")...)
	r.await("ready", r.isReady)
	r.get("/v1/products?keys=1,2,3,4,5,6,7,8,9,10")
	r.get("/v1/products/11")

	if got, want := r.tune(`{"ttl":"1h","cache-entries":4}`), "cache-entries=0→4 ttl=5m0s→1h0m0s"; got != want {
		t.Errorf("changed %s, want %s", got, want)
	}
	if got := r.metric(`productcache_cache_entries{lookup="products"}`); got != "4" {
		t.Errorf("%s entries, want 4", got)
	}
	r.tune(`{"cache-entries":"0"}`)
	r.get("/v1/products/10")
	if a := r.get("/v1/products/10"); !strings.HasPrefix(a.header.Get("Cache-Status"), "productcache; hit; ttl=3") {
		t.Errorf("Cache-Status %q with a ttl of an hour", a.header.Get("Cache-Status"))
	}
	r.tune(`{"cache-bytes":"16MiB"}`)
	if got := r.metric("productcache_cache_max_bytes"); got != "1.6777216e+07" {
		t.Errorf("productcache_cache_max_bytes = %s, want 16MiB", got)
	}

	// What was an hour from its end is stale now, and more, then no use at all.
	r.tune(`{"ttl":"0s","stale-while-revalidate":"1h"}`)
	if a := r.get("/v1/products/10"); !strings.HasSuffix(a.header.Get("Cache-Status"), "detail=stale") {
		t.Errorf("Cache-Status %q with a ttl of 0", a.header.Get("Cache-Status"))
	}
	r.tune(`{"stale-while-revalidate":"0s"}`)
	if a := r.get("/v1/products/10"); !strings.HasPrefix(a.header.Get("Cache-Status"), "productcache; fwd=miss") { // the refresh may still be under way
		t.Errorf("Cache-Status %q with nothing stale allowed", a.header.Get("Cache-Status"))
	}
	r.expect("/v1/products/11", 404, "productcache; hit; detail=negative")
	r.tune(`{"negative-ttl":"0s"}`)
	r.expect("/v1/products/11", 404, "productcache; fwd=miss; detail=not-stored")
	if got := r.tune(`{"negative-ttl":"0s"}`); got != "" {
		t.Errorf("changed %q, want nothing", got)
	}

	r.tune(`{"log-level":"debug","stale-if-error":"2h"}`)
	for _, want := range []string{`msg="setting changed" setting=ttl old=5m0s new=1h0m0s`, `setting=log-level old=INFO new=DEBUG`} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, r.log)
		}
	}
	r.expectFlags(flags)
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Thaw() })
	r.await("stale-error", func() bool {
		return strings.HasSuffix(r.get("/v1/products/10").header.Get("Cache-Status"), "detail=stale-error")
	})
	r.tune(`{"stale-if-error":"0s"}`)
	if a := r.get("/v1/products/10"); a.status < 500 {
		t.Errorf("GET with nothing stale allowed = %d", a.status)
	}
}

// expectFlags writes the settings back as flags, has a shell read them, and
// compares what they make of the program with what runs.
func (r *running) expectFlags(secrets []string) {
	r.t.Helper()
	written := r.do(http.MethodGet, r.admin+"/api/config?format=flags", "").body
	out, err := exec.Command("sh", "-c", `printf '%s\n' `+strings.ReplaceAll(written, "\n", " ")).Output()
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := parseConfig("serve", append(strings.Split(strings.TrimSpace(string(out)), "\n"), secrets...), noEnvironment, io.Discard)
	if err != nil {
		r.t.Fatalf("%s: %v", written, err)
	}
	read := map[string]string{}
	for _, s := range c.report(false) {
		read[s.Name] = s.Value
	}
	for name, s := range r.settings() {
		if read[name] != s.Value {
			r.t.Errorf("-%s=%s written back as a flag becomes %s", name, s.Value, read[name])
		}
	}
}

// TestSettingsTellTheirSources, in the API.
func TestSettingsTellTheirSources(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	r := start(t, append(flags, "-table", "products")...)
	r.tune(`{"ttl":"10m"}`)
	settings := r.settings()
	for name, want := range map[string]admin.Setting{
		"ttl":         {Value: "10m0s", Default: "5m0s", Source: "admin", Runtime: true},
		"cache-bytes": {Value: "256MiB", Default: "256MiB", Source: "default", Runtime: true},
		"table":       {Value: "products", Source: "flag"},
	} {
		got := settings[name]
		if got.Help == "" {
			t.Errorf("%s has no help", name)
		}
		if got.Name, got.Help = "", ""; got != want {
			t.Errorf("%s = %+v, want %+v", name, got, want)
		}
	}
	if dsn := settings["mysql-dsn"].Value; !strings.Contains(dsn, ":***@") && !strings.Contains(dsn, "***") {
		t.Errorf("mysql-dsn = %s", dsn)
	}
	if _, there := settings["version"]; there || len(settings) < 30 {
		t.Errorf("settings: %v", slices.Sorted(maps.Keys(settings)))
	}
}

// TestTuneRefuses: what breaks a rule changes nothing, not even what is beside it.
func TestTuneRefuses(t *testing.T) {
	c := parse(t, nil, minimal...)
	for _, tt := range []struct {
		values map[string]string
		want   string
	}{
		{map[string]string{"ttl": "-1s", "cache-bytes": "3MiB"}, "-max-entry-bytes must be at most a quarter of -cache-bytes, not 1MiB of 3MiB\n-ttl must not be negative, but is -1s"},
		{map[string]string{"ttl": "1m", "tll": "5m"}, `there is no setting "tll"`},
		{map[string]string{"version": "true"}, `there is no setting "version"`},
		{map[string]string{"max-keys": "5", "listen": ":80"}, "-listen cannot be changed while the service runs: it needs a restart\n-max-keys cannot be changed while the service runs: it needs a restart"},
		{map[string]string{"cache-entries": "many"}, `invalid value "many" for -cache-entries: parse error`},
		{map[string]string{"log-level": "loud"}, `invalid value "loud" for -log-level: a level is debug, info, warn or error`},
	} {
		if _, err := c.with(tt.values); err == nil || err.Error() != tt.want {
			t.Errorf("with(%v): %v, want %s", tt.values, err, tt.want)
		}
	}
	if c.TTL != parse(t, nil, minimal...).TTL || c.CacheBytes != 256<<20 {
		t.Errorf("ttl, cache-bytes = %v, %v: changed by what was refused", c.TTL, c.CacheBytes)
	}
}

const ownLifetimes = twoLookups + `    ttl: 7m
`

// TestOwnLifetimesStay: a lifetime of the catalog's wins over the setting, also
// over a changed one, and a followed binlog's default gives way to it.
func TestOwnLifetimesStay(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	_, flags := shop(t, s)
	r := start(t, append(append(flags, catalogFile(t, ownLifetimes)...), "-follow-binlog", "-ttl-jitter", "0")...)
	r.await("following", func() bool { return r.isReady() && r.isFollowing() })
	if ttl := r.settings()["ttl"]; ttl.Value != "1h0m0s" || ttl.Source != "default" {
		t.Errorf("ttl while following = %+v", ttl)
	}
	if got, want := r.tune(`{"ttl":"5m"}`), "ttl=1h0m0s→5m0s"; got != want {
		t.Errorf("changed %s, want %s", got, want)
	}
	r.get("/v1/products/1")
	r.get("/v1/slow/2")
	for target, want := range map[string]string{"/v1/products/1": "ttl=299", "/v1/slow/2": "ttl=419"} {
		if a := r.get(target); !strings.HasSuffix(a.header.Get("Cache-Status"), want) {
			t.Errorf("%s: Cache-Status %q, want %s", target, a.header.Get("Cache-Status"), want)
		}
	}
}
