package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/admin"
	"productcache/internal/cache"
)

// body gets a target and unmarshals its answer.
func body[T any](t *testing.T, h http.Handler, target string) (v T) {
	t.Helper()
	w := (&desk{Handler: h}).do(request("GET", target, "", loopback))
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("GET %s = %d %v %s", target, w.Code, w.Header(), w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	return v
}

// expectJSON compares a part of an answer, as JSON.
func expectJSON(t *testing.T, parts map[string]json.RawMessage, name, want string) {
	t.Helper()
	if got := string(parts[name]); got != want {
		t.Errorf("%s: %s, want %s", name, got, want)
	}
}

func TestStats(t *testing.T) {
	d := newDesk(t, "")
	d.notReady = []string{"shutting down"}
	for range 3 {
		d.metrics.Observe("products", "hit", 200, time.Millisecond)
	}
	got := body[map[string]json.RawMessage](t, d, "/api/stats")
	for name, want := range map[string]string{
		"version":   `"1.2.3"`,
		"not_ready": `["shutting down"]`,
		"changes":   `"open"`,
		"requests":  `3`,
		"recent":    `null`,
		"keys":      `{"collapsed":46,"hit":41,"miss":45,"negative":44,"stale":42,"stale-error":43}`,
		"refused":   `34`,
		"failed":    `35`,
		// Eight queries for each value out of memory, one for each absence: 8×(41+42+43)+44; and for each that was not: 8×(45+46).
		"queries": `{"sent":7,"saved":1052,"without_cache":1780}`,
		"loads":   `{"batches":16,"keys":17,"errors":18,"busy_slots":19,"keys_in_flight":20,"waiters":21}`,
		"mysql":   `{"up":true,"failing":true,"errors":1,"abandoned":2}`,
		"sizing":  `{"half":0.81,"now":0.82,"double":0.83}`,
		"audits":  `{"stale":77,"max_staleness_seconds":78}`,
		"binlog": `{"following":true,"lag_seconds":1.5,"last_event":` + asJSONTime(t, followerStats.LastEvent) +
			`,"transactions":53,"invalidated_keys":51,"invalidated_lookups":52,"gaps":54,"disconnects":55}`,
	} {
		expectJSON(t, got, name, want)
	}
	if want := `{"bytes":4096,"max_bytes":12,"entries":3,"max_entries":11,"negatives":13,"evictions":14,"process_bytes":`; !strings.HasPrefix(string(got["memory"]), want) {
		t.Errorf("memory: %s, want %s…", got["memory"], want)
	}
	var lookups []map[string]json.RawMessage
	if err := json.Unmarshal(got["lookups"], &lookups); err != nil || len(lookups) != 2 {
		t.Fatalf("lookups: %s, want two", got["lookups"])
	}
	for name, want := range map[string]string{"name": `"products"`, "entries": `31`, "bytes": `32`, "negatives": `33`,
		"hit_ratio": fmt.Sprint(83. / 261), "queries_per_load": `8`, "queries_saved": `1052`} {
		expectJSON(t, lookups[0], name, want)
	}
	expectJSON(t, lookups[1], "hit_ratio", "null")
	expectJSON(t, lookups[1], "queries_per_load", "1")
}

func asJSONTime(t *testing.T, at time.Time) string {
	t.Helper()
	text, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func noToken() string { return "" }

// TestStatsWithoutFollower: nothing is followed.
func TestStatsWithoutFollower(t *testing.T) {
	m := admin.NewMetrics("1", func() cache.Stats { return cache.Stats{} }, func() admin.DatabaseStats { return databaseStats }, nil)
	h := admin.New(admin.Options{Token: noToken, Metrics: m, Ready: func() []string { return nil }})
	got := body[map[string]json.RawMessage](t, h, "/api/stats")
	for name, want := range map[string]string{"binlog": "null", "sizing": "null", "hit_ratio": "null", "lookups": "[]", "not_ready": "[]", "keys": "{}"} {
		expectJSON(t, got, name, want)
	}
	if top := body[map[string]json.RawMessage](t, h, "/api/top"); string(top["keys"]) != "[]" {
		t.Errorf("top without keys: %s", top["keys"])
	}
}

func TestStatsSayWhoMayChange(t *testing.T) {
	for _, tt := range []struct {
		token string
		r     *http.Request
		want  string
	}{
		{"", request("GET", "/api/stats", "", loopback), "open"},
		{"", request("GET", "/api/stats", "", unix), "open"},
		{"", request("GET", "/api/stats", "", outside), "refused"},
		{"s3cret", request("GET", "/api/stats", "", loopback), "token"},
	} {
		if w := newDesk(t, tt.token).do(tt.r); !strings.Contains(w.Body.String(), `"changes":"`+tt.want+`"`) {
			t.Errorf("token %q: %s, want changes %s", tt.token, w.Body, tt.want)
		}
	}
}

// growing is a service whose numbers a test moves.
type growing struct {
	mu        sync.Mutex // guards all below but the last two
	stats     cache.Stats
	database  admin.DatabaseStats
	following admin.FollowerStats
	metrics   *admin.Metrics
	http.Handler
}

func newGrowing() *growing {
	g := &growing{stats: cache.Stats{Lookups: []cache.LookupStats{{Name: "products"}}}}
	g.metrics = admin.NewMetrics("1", func() cache.Stats { return locked(g, &g.stats) }, func() admin.DatabaseStats { return locked(g, &g.database) },
		func() admin.FollowerStats { return locked(g, &g.following) })
	g.Handler = admin.New(admin.Options{Token: noToken, Metrics: g.metrics, Ready: func() []string { return nil },
		Lookup: func(string) (admin.Lookup, bool) { return admin.Lookup{}, false }})
	return g
}

func locked[S any](g *growing, numbers *S) S {
	g.mu.Lock()
	defer g.mu.Unlock()
	return *numbers
}

// answers counts some, a fifth of them misses, and ten loads.
func (g *growing) answers(n uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.Loads, g.database.Queries, g.stats.Weight = g.stats.Loads+10, g.database.Queries+20, g.stats.Weight+100
	lookup := g.stats.Lookups[0]
	lookup.Answers[cache.Hit] += n / 5 * 4
	lookup.Answers[cache.Miss] += n / 5
	g.stats.Lookups = []cache.LookupStats{lookup}
	for range n {
		g.metrics.Observe("products", "hit", 200, 2*time.Millisecond)
	}
}

type past struct {
	Step     float64    `json:"step_seconds"`
	At       []int64    `json:"at"`
	Requests []float64  `json:"requests_per_second"`
	Keys     []float64  `json:"keys_per_second"`
	HitRatio []*float64 `json:"hit_ratio"`
	Loads    []float64  `json:"loads_per_second"`
	Queries  []float64  `json:"queries_per_second"`
	P99      []*float64 `json:"p99_seconds"`
	Bytes    []int64    `json:"bytes"`
	MySQLUp  []bool     `json:"mysql_up"`
	Lag      []*float64 `json:"lag_seconds"`
}

// TestHistory records two minutes: ten answers a second in the first one, then nothing
// and MySQL away.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGrowing()
		g.database.Up, g.following = true, admin.FollowerStats{Following: true, Lag: 3 * time.Second}
		go g.metrics.Record(t.Context())
		synctest.Wait()
		if got := body[past](t, g, "/api/stats/history"); got.At == nil || len(got.At) != 0 {
			t.Fatalf("at once: %+v, want no point", got)
		}
		for range 12 {
			time.Sleep(4 * time.Second)
			g.answers(50)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		recent := body[struct {
			Recent map[string]float64 `json:"recent"`
		}](t, g, "/api/stats").Recent
		if got, want := fmt.Sprintf("%.4g", []float64{recent["seconds"], recent["requests_per_second"], recent["keys_per_second"], recent["hit_ratio"],
			recent["loads_per_second"], recent["queries_per_second"], recent["p50_seconds"], recent["p99_seconds"]}),
			"[60 10 10 0.8 2 4 0.00175 0.002485]"; got != want {
			t.Errorf("rates of the last minute: %s, want %s", got, want)
		}
		g.mu.Lock()
		g.database.Up, g.following.Following = false, false
		g.mu.Unlock()
		for range 12 {
			time.Sleep(5 * time.Second)
			synctest.Wait()
		}
		got := body[past](t, g, "/api/stats/history")
		if len(got.At) != 24 || got.Step != 5 || got.At[1]-got.At[0] != 5000 {
			t.Fatalf("%d points, %v seconds apart, want 24, 5", len(got.At), got.Step)
		}
		for i, want := range map[int]string{0: "10 10 0.8 2 4 0.002485 100 true 3", 11: "10 10 0.8 2 4 0.002485 1200 true 3", 12: "0 0 none 0 0 none 1200 false none"} {
			text := fmt.Sprintf("%v %v %s %v %v %s %v %v %s", got.Requests[i], got.Keys[i], orNone(got.HitRatio[i]), got.Loads[i], got.Queries[i],
				orNone(got.P99[i]), got.Bytes[i], got.MySQLUp[i], orNone(got.Lag[i]))
			if text != want {
				t.Errorf("point %d: %s, want %s", i, text, want)
			}
		}
		if later := body[past](t, g, fmt.Sprint("/api/stats/history?since=", got.At[21])); fmt.Sprint(later.At) != fmt.Sprint(got.At[22:]) {
			t.Errorf("since the third from last: %v, want %v", later.At, got.At[22:])
		}
	})
}

func orNone(f *float64) string {
	if f == nil {
		return "none"
	}
	return fmt.Sprintf("%.4g", *f)
}

// TestHistoryIsAnHour records 70 minutes.
func TestHistoryIsAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGrowing()
		began := time.Now()
		go g.metrics.Record(t.Context())
		time.Sleep(70*time.Minute + time.Second)
		got := body[past](t, g, "/api/stats/history")
		if len(got.At) != 720 {
			t.Fatalf("%d points, want 720", len(got.At))
		}
		first, last := time.UnixMilli(got.At[0]).Sub(began), time.UnixMilli(got.At[719]).Sub(began)
		if first != 10*time.Minute+5*time.Second || last != 70*time.Minute {
			t.Errorf("from %v to %v, want 10m5s to 1h10m", first, last)
		}
	})
}

func TestQuestionsNotUnderstood(t *testing.T) {
	d := newDesk(t, "")
	for target, want := range map[string]string{
		"/api/stats/history?since=yesterday": "400 since is a whole number",
		"/api/top?n=0":                       "400 n is a whole number from 1 to 100.",
		"/api/top?n=many":                    "400 n is a whole number from 1 to 100.",
		"/api/top?n=101":                     "400 n is a whole number from 1 to 100.",
		"/api/cache/shoes/1":                 `404 \"shoes\" is not in the catalog.`,
		"/api/cache/products/bad":            `400 Key \"bad\": not a key.`,
		"/api/cache/products":                "404 There are /,",
		"/console/secret.txt":                "404 The console is at /.",
		"/console/..%2Fadmin.go":             "404 The console is at /.",
	} {
		w := d.do(request("GET", target, "", loopback))
		status, part, _ := strings.Cut(want, " ")
		if fmt.Sprint(w.Code) != status || !strings.Contains(w.Body.String(), part) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("GET %s = %d %s, want %s", target, w.Code, w.Body, want)
		}
	}
}
