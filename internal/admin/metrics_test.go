package admin_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"productcache/internal/admin"
	"productcache/internal/cache"
)

// Numbers that are all different, so that each must be found under its name.
var (
	stats = cache.Stats{
		Entries: 3, Weight: 4096, MaxEntries: 11, MaxWeight: 12, Negatives: 13, Evictions: 14, NegativeEvictions: 15,
		Loads: 16, LoadedKeys: 17, LoadErrors: 18, BusySlots: 19, MaxSlots: 22, InFlight: 20, Waiting: 21, MaxWaiting: 23, Failing: true,
		Audits: cache.AuditStats{Outcomes: [6]uint64{71, 72, 73, 74, 75, 76}, Stale: 77, MaxStaleness: 78 * time.Second},
		Sizing: cache.Sizing{Half: 0.81, Now: 0.82, Double: 0.83, Sampled: 84},
		Lookups: []cache.LookupStats{
			{Name: "products", Entries: 31, Weight: 32, Negatives: 33, Refused: 34, Failed: 35, Answers: [6]uint64{41, 42, 43, 44, 45, 46},
				Expired: 36, Refreshes: 37, Wasted: 38,
				LoadTimes:  cache.Histogram{Bounds: []float64{0.001, 0.01}, Counts: []uint64{1, 2, 3}, Sum: 0.5},
				BatchSizes: cache.Histogram{Bounds: []float64{1, 2}, Counts: []uint64{4, 0, 1}, Sum: 9}},
			{Name: "category"},
		},
	}
	databaseStats = admin.DatabaseStats{Up: true, Queries: 7, Errors: 1, Slots: 8, Abandoned: 2, Connections: 9, DuplicateRows: 3}
	followerStats = admin.FollowerStats{
		Following: true, Invalidated: 51, InvalidatedAll: 52, Transactions: 53, Gaps: 54, Disconnects: 55,
		Lag: 1500 * time.Millisecond, LastEvent: time.Unix(1700000000, 0),
		Tables: []admin.TableStats{{Table: "shop.product", Rows: 61, Ignored: 62, Statements: 63}, {Table: "shop.link"}},
	}
)

// scrape returns what Prometheus gets.
func scrape(t *testing.T) string {
	t.Helper()
	d := newDesk(t, "")
	d.metrics.WatchSnapshots(func() admin.SnapshotStats { return snapshotStats })
	d.metrics.WatchTier(func() admin.TierStats { return tierStats })
	d.metrics.Observe("products", "hit", 200, 25*time.Microsecond)
	d.metrics.Observe("products", "hit", 200, 20*time.Microsecond)
	d.metrics.Observe("products", "hit", 304, 3*time.Microsecond)
	d.metrics.Observe("products", "miss", 200, 11*time.Second)
	d.metrics.Observe("", "none", 404, time.Microsecond)
	for _, success := range []bool{true, false, true} {
		d.metrics.ObserveReload(success)
	}
	return d.do(request("GET", "/metrics", "", loopback)).Body.String()
}

func TestMetrics(t *testing.T) {
	body := scrape(t)
	for _, line := range []string{
		`productcache_http_requests_total{lookup="products",outcome="hit",status="200"} 2`,
		`productcache_http_requests_total{lookup="products",outcome="hit",status="304"} 1`,
		`productcache_http_requests_total{lookup="",outcome="none",status="404"} 1`,
		`productcache_http_request_duration_seconds_bucket{lookup="products",outcome="hit",le="5e-06"} 1`,
		`productcache_http_request_duration_seconds_bucket{lookup="products",outcome="hit",le="2.5e-05"} 3`,
		`productcache_http_request_duration_seconds_sum{lookup="products",outcome="hit"} 4.8e-05`,
		`productcache_http_request_duration_seconds_count{lookup="products",outcome="hit"} 3`,
		`productcache_http_request_duration_seconds_bucket{lookup="products",outcome="miss",le="10"} 0`,
		`productcache_http_request_duration_seconds_bucket{lookup="products",outcome="miss",le="+Inf"} 1`,
		`productcache_cache_max_entries 11`,
		`productcache_cache_max_bytes 12`,
		`productcache_cache_evictions_total 14`,
		`productcache_cache_negative_evictions_total 15`,
		`productcache_loads_total 16`,
		`productcache_load_keys_total 17`,
		`productcache_load_errors_total 18`,
		`productcache_load_slots_busy 19`,
		`productcache_load_keys_in_flight 20`,
		`productcache_load_waiters 21`,
		`productcache_load_max_slots 22`,
		`productcache_load_max_waiters 23`,
		`productcache_load_failing 1`,
		`productcache_cache_entries{lookup="products"} 31`,
		`productcache_cache_entries{lookup="category"} 0`,
		`productcache_cache_bytes{lookup="products"} 32`,
		`productcache_cache_negative_entries{lookup="products"} 33`,
		`productcache_cache_refused_total{lookup="products"} 34`,
		`productcache_cache_failed_total{lookup="products"} 35`,
		`productcache_cache_expirations_total{lookup="products"} 36`,
		`productcache_cache_refreshes_total{lookup="products"} 37`,
		`productcache_cache_refreshes_wasted_total{lookup="products"} 38`,
		`productcache_load_duration_seconds_bucket{lookup="products",le="0.001"} 1`,
		`productcache_load_duration_seconds_bucket{lookup="products",le="0.01"} 3`,
		`productcache_load_duration_seconds_bucket{lookup="products",le="+Inf"} 6`,
		`productcache_load_duration_seconds_sum{lookup="products"} 0.5`,
		`productcache_load_duration_seconds_count{lookup="products"} 6`,
		`productcache_load_batch_keys_bucket{lookup="products",le="2"} 4`,
		`productcache_load_batch_keys_sum{lookup="products"} 9`,
		`productcache_load_batch_keys_count{lookup="products"} 5`,
		`productcache_cache_requests_total{lookup="products",outcome="hit"} 41`,
		`productcache_cache_requests_total{lookup="products",outcome="stale"} 42`,
		`productcache_cache_requests_total{lookup="products",outcome="stale-error"} 43`,
		`productcache_cache_requests_total{lookup="products",outcome="negative"} 44`,
		`productcache_cache_requests_total{lookup="products",outcome="miss"} 45`,
		`productcache_cache_requests_total{lookup="products",outcome="collapsed"} 46`,
		`productcache_mysql_up 1`,
		`productcache_mysql_queries_total 7`,
		`productcache_mysql_query_errors_total 1`,
		`productcache_mysql_queries_abandoned 2`,
		`productcache_mysql_slots_busy 8`,
		`productcache_mysql_connections 9`,
		`productcache_mysql_duplicate_rows_total 3`,
		`productcache_audits_total{outcome="nothing"} 71`,
		`productcache_audits_total{outcome="busy"} 72`,
		`productcache_audits_total{outcome="same"} 73`,
		`productcache_audits_total{outcome="different"} 74`,
		`productcache_audits_total{outcome="superseded"} 75`,
		`productcache_audits_total{outcome="failed"} 76`,
		`productcache_audit_stale_total 77`,
		`productcache_audit_max_staleness_seconds 78`,
		`productcache_sizing_hit_ratio{size="half"} 0.81`,
		`productcache_sizing_hit_ratio{size="now"} 0.82`,
		`productcache_sizing_hit_ratio{size="double"} 0.83`,
		`productcache_config_reloads_total{result="success"} 2`,
		`productcache_config_reloads_total{result="failure"} 1`,
		`productcache_binlog_following 1`,
		`productcache_binlog_lag_seconds 1.5`,
		`productcache_binlog_last_event_timestamp_seconds 1.7e+09`,
		`productcache_binlog_transactions_total 53`,
		`productcache_binlog_invalidated_keys_total 51`,
		`productcache_binlog_invalidated_lookups_total 52`,
		`productcache_binlog_gaps_total 54`,
		`productcache_binlog_disconnects_total 55`,
		`productcache_binlog_rows_total{table="shop.product"} 61`,
		`productcache_binlog_rows_ignored_total{table="shop.product"} 62`,
		`productcache_binlog_statements_total{table="shop.product"} 63`,
		`productcache_binlog_rows_total{table="shop.link"} 0`,
	} {
		if !strings.Contains(body, "\n"+line+"\n") {
			t.Errorf("no %s in the metrics", line)
		}
	}
	for _, part := range []string{`version="1.2.3"`, "\ngo_goroutines ", "\nprocess_open_fds "} {
		if !strings.Contains(body, part) {
			t.Errorf("no %s in the metrics", part)
		}
	}
}

// TestMetricNames holds Prometheus' conventions for names and help texts.
func TestMetricNames(t *testing.T) {
	body := scrape(t)
	types := regexp.MustCompile(`(?m)^# TYPE (productcache_\S+) (\S+)$`).FindAllStringSubmatch(body, -1)
	if len(types) < 48 {
		t.Errorf("%d metrics of our own, want 48 at least", len(types))
	}
	for _, m := range types {
		name, kind := m[1], m[2]
		if strings.HasSuffix(name, "_total") != (kind == "counter") {
			t.Errorf("%s is a %s", name, kind)
		}
		if kind == "histogram" && !strings.HasSuffix(name, "_seconds") && !strings.HasSuffix(name, "_keys") {
			t.Errorf("histogram %s has no unit", name)
		}
		if !regexp.MustCompile(`(?m)^# HELP ` + name + ` .{10,}\.$`).MatchString(body) {
			t.Errorf("%s has no sentence of help", name)
		}
	}
}

func TestNoFollowerNoMetrics(t *testing.T) {
	m := admin.NewMetrics("1", func() cache.Stats { return stats }, func() admin.DatabaseStats { return databaseStats }, nil)
	descriptions := make(chan *prometheus.Desc, 100)
	m.Describe(descriptions)
	close(descriptions)
	for d := range descriptions {
		if strings.Contains(d.String(), "productcache_binlog_") {
			t.Errorf("there is %v, though nobody follows a binlog", d)
		}
	}
}

func TestObserveIsSafeForConcurrentUse(t *testing.T) {
	d := newDesk(t, "")
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for n := range 1000 {
				d.metrics.Observe("products", "hit", 200+n%5, time.Microsecond)
			}
		}()
	}
	for range 4 {
		<-done
	}
	body := d.do(request("GET", "/metrics", "", loopback)).Body.String()
	if line := `productcache_http_requests_total{lookup="products",outcome="hit",status="204"} 800`; !strings.Contains(body, line) {
		t.Errorf("no %s in the metrics", line)
	}
}

func TestObserveResolvesChildrenOnce(t *testing.T) {
	d := newDesk(t, "")
	observe := func() { d.metrics.Observe("products", "hit", 200, time.Microsecond) }
	if got := testing.AllocsPerRun(100, observe); got != 0 {
		t.Errorf("%v allocations to observe, want none", got)
	}
}

func BenchmarkObserve(b *testing.B) {
	m := admin.NewMetrics("1", func() cache.Stats { return stats }, func() admin.DatabaseStats { return databaseStats }, nil)
	b.Run("callers=one", func(b *testing.B) {
		b.ReportAllocs()
		for n := time.Duration(0); b.Loop(); n++ {
			m.Observe("products", "hit", 200, 20*time.Microsecond+n%1000)
		}
	})
	b.Run("callers=many", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			for n := time.Duration(0); p.Next(); n++ {
				m.Observe("products", "hit", 200, 20*time.Microsecond+n%1000)
			}
		})
	})
}
