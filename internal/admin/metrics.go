package admin

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"productcache/internal/cache"
)

// DatabaseStats is what the metrics say of MySQL.
type DatabaseStats struct {
	Up        bool   // the last try to reach it worked
	Queries   uint64 // sent
	Errors    uint64 // loads and finds that failed
	Slots     int    // taken by queries that may be in the server, those given up included
	Abandoned int    // queries given up that still run in the server

	Connections   int    // open
	DuplicateRows uint64 // left out, since their key had a row already
}

// FollowerStats is what the metrics say of the follower of the binlog.
type FollowerStats struct {
	Following      bool
	Tables         []TableStats
	Invalidated    uint64        // keys
	InvalidatedAll uint64        // lookups, each as a whole
	Transactions   uint64        // read
	Gaps           uint64        // times at which changes may have been missed
	Disconnects    uint64        // times at which the connection was lost
	Lag            time.Duration // from commit to applied; while not following, since the last sign of life
	LastEvent      time.Time     // last sign of life; zero: none
}

// TableStats are the changes of one followed table.
type TableStats struct {
	Table      string // schema.table
	Rows       uint64 // changed rows that made something stale
	Ignored    uint64 // changed rows that did not
	Statements uint64 // such as TRUNCATE and ALTER
}

// Metrics is all that Prometheus can ask for. Each is defined in
// this file.
type Metrics struct {
	registry *prometheus.Registry
	requests *requests
	version  string
	began    time.Time
	history  history
	cache    func() cache.Stats
	database func() DatabaseStats
	follower func() FollowerStats // nil: nothing is followed
	tier     func() TierStats     // nil: there is no second tier

	reloads  *prometheus.CounterVec
	reloaded prometheus.Gauge
}

// NewMetrics registers all metrics. cacheStats, databaseStats and followerStats
// are asked at every scrape. Without followerStats there are no metrics of the
// binlog.
func NewMetrics(version string, cacheStats func() cache.Stats, databaseStats func() DatabaseStats, followerStats func() FollowerStats) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: newRequests(),
		version:  version,
		began:    time.Now(),
		cache:    cacheStats,
		database: databaseStats,
		follower: followerStats,
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "productcache_build_info",
		Help:        "1, with the versions of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.reloads, m.reloaded = newReloads()
	m.registry.MustRegister(build, m, m.reloads, m.reloaded,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// The metrics of requests.
var (
	requestsDesc = prometheus.NewDesc("productcache_http_requests_total",
		"Requests to the public API, by lookup, status and outcome: one of the keys' outcomes, of several the costliest; refused; failed; or none, where the cache was not asked.",
		[]string{"lookup", "outcome", "status"}, nil)
	requestDurationDesc = prometheus.NewDesc("productcache_http_request_duration_seconds",
		"Time from a request's headers read to its answer written, by lookup and outcome.",
		[]string{"lookup", "outcome"}, nil)
)

// The metrics that are read off a snapshot at every scrape.

func ofCache() []metric[cache.Stats] {
	type s = cache.Stats
	return []metric[s]{
		gauge("productcache_cache_max_bytes", "Bound of the memory of all entries.", func(s s) float64 { return float64(s.MaxWeight) }),
		gauge("productcache_cache_max_entries", "Bound of the number of entries; 0: none.", func(s s) float64 { return float64(s.MaxEntries) }),
		counter("productcache_cache_evictions_total", "Entries dropped to make room.", func(s s) float64 { return float64(s.Evictions) }),
		counter("productcache_cache_negative_evictions_total", "Remembered absences dropped to make room.", func(s s) float64 { return float64(s.NegativeEvictions) }),
		counter("productcache_loads_total", "Batches of keys loaded: from MySQL, or with -l2 from the second tier.", func(s s) float64 { return float64(s.Loads) }),
		counter("productcache_load_keys_total", "Keys in batches loaded: from MySQL, or with -l2 from the second tier.", func(s s) float64 { return float64(s.LoadedKeys) }),
		counter("productcache_load_errors_total", "Batches that could not be loaded.", func(s s) float64 { return float64(s.LoadErrors) }),
		gauge("productcache_load_slots_busy", "Slots of -mysql-max-conns taken by loads.", func(s s) float64 { return float64(s.BusySlots) }),
		gauge("productcache_load_max_slots", "Number of slots: -mysql-max-conns.", func(s s) float64 { return float64(s.MaxSlots) }),
		gauge("productcache_load_keys_in_flight", "Keys being loaded or waiting for a slot.", func(s s) float64 { return float64(s.InFlight) }),
		gauge("productcache_load_waiters", "Waits of callers for keys.", func(s s) float64 { return float64(s.Waiting) }),
		gauge("productcache_load_max_waiters", "Bound of the keys in flight, and of the waits, beyond which requests are refused.", func(s s) float64 { return float64(s.MaxWaiting) }),
		gauge("productcache_load_failing", "1 while the last load has failed.", func(s s) float64 { return truth(s.Failing) }),
		counter("productcache_audit_stale_total", "Cached answers that an audit found to be stale.", func(s s) float64 { return float64(s.Audits.Stale) }),
		gauge("productcache_audit_max_staleness_seconds", "The longest time that a stale answer can have been one, since the start.", func(s s) float64 { return s.Audits.MaxStaleness.Seconds() }),
	}
}

func ofLookup() []metric[cache.LookupStats] {
	type s = cache.LookupStats
	return []metric[s]{
		gauge("productcache_cache_entries", "Values held, by lookup.", func(s s) float64 { return float64(s.Entries) }, "lookup"),
		gauge("productcache_cache_bytes", "Memory of the values held: keys, values and overhead, by lookup.", func(s s) float64 { return float64(s.Weight) }, "lookup"),
		gauge("productcache_cache_negative_entries", "Absences remembered, by lookup.", func(s s) float64 { return float64(s.Negatives) }, "lookup"),
		counter("productcache_cache_refused_total", "Keys refused since too many callers were waiting, by lookup.", func(s s) float64 { return float64(s.Refused) }, "lookup"),
		counter("productcache_cache_failed_total", "Keys whose load failed with nothing stale to serve, by lookup.", func(s s) float64 { return float64(s.Failed) }, "lookup"),
		counter("productcache_cache_expirations_total", "Values past their lifetime when they were loaded again or evicted, by lookup.", func(s s) float64 { return float64(s.Expired) }, "lookup"),
		counter("productcache_cache_refreshes_total", "Loads begun for a stale value that was served meanwhile, by lookup.", func(s s) float64 { return float64(s.Refreshes) }, "lookup"),
		counter("productcache_cache_refreshes_wasted_total", "Refreshed values that were replaced or dropped before they answered anybody, by lookup.", func(s s) float64 { return float64(s.Wasted) }, "lookup"),
	}
}

func ofDatabase() []metric[DatabaseStats] {
	type s = DatabaseStats
	return []metric[s]{
		gauge("productcache_mysql_up", "1 if the last try to reach MySQL worked.", func(s s) float64 { return truth(s.Up) }),
		counter("productcache_mysql_queries_total", "Queries sent to MySQL.", func(s s) float64 { return float64(s.Queries) }),
		counter("productcache_mysql_query_errors_total", "Loads and searches that failed in MySQL, or did not reach it.", func(s s) float64 { return float64(s.Errors) }),
		gauge("productcache_mysql_queries_abandoned", "Queries given up that still run in the server.", func(s s) float64 { return float64(s.Abandoned) }),
		gauge("productcache_mysql_slots_busy", "Slots of -mysql-max-conns taken by queries that may be in the server, abandoned ones included.", func(s s) float64 { return float64(s.Slots) }),
		gauge("productcache_mysql_connections", "Open connections to MySQL.", func(s s) float64 { return float64(s.Connections) }),
		counter("productcache_mysql_duplicate_rows_total", "Rows left out since their key, in a lookup of one row a key, had one already.", func(s s) float64 { return float64(s.DuplicateRows) }),
	}
}

func ofFollower() []metric[FollowerStats] {
	type s = FollowerStats
	return []metric[s]{
		gauge("productcache_binlog_following", "1 while the binlog is followed.", func(s s) float64 { return truth(s.Following) }),
		gauge("productcache_binlog_lag_seconds", "Time from a commit to its being applied; while not following, time since the last sign of life.", func(s s) float64 { return s.Lag.Seconds() }),
		gauge("productcache_binlog_last_event_timestamp_seconds", "When the last sign of life of the binlog came.", func(s s) float64 { return seconds(s.LastEvent) }),
		counter("productcache_binlog_transactions_total", "Transactions read off the binlog.", func(s s) float64 { return float64(s.Transactions) }),
		counter("productcache_binlog_invalidated_keys_total", "Keys invalidated one by one; most twice, once more when the commit is visible.", func(s s) float64 { return float64(s.Invalidated) }),
		counter("productcache_binlog_invalidated_lookups_total", "Times a whole lookup was invalidated.", func(s s) float64 { return float64(s.InvalidatedAll) }),
		counter("productcache_binlog_gaps_total", "Times at which changes may have been missed, and everything went stale.", func(s s) float64 { return float64(s.Gaps) }),
		counter("productcache_binlog_disconnects_total", "Times the connection for the binlog was lost.", func(s s) float64 { return float64(s.Disconnects) }),
	}
}

func ofTable() []metric[TableStats] {
	type s = TableStats
	return []metric[s]{
		counter("productcache_binlog_rows_total", "Changed rows of followed tables that made something stale, by table.", func(s s) float64 { return float64(s.Rows) }, "table"),
		counter("productcache_binlog_rows_ignored_total", "Changed rows of which only ignored columns changed, by table.", func(s s) float64 { return float64(s.Ignored) }, "table"),
		counter("productcache_binlog_statements_total", "Statements that named a followed table, such as TRUNCATE and ALTER, by table.", func(s s) float64 { return float64(s.Statements) }, "table"),
	}
}

var (
	loadDurationDesc = prometheus.NewDesc("productcache_load_duration_seconds",
		"Time that a batch took in MySQL and in encoding, audits included, by lookup.", []string{"lookup"}, nil)
	batchKeysDesc = prometheus.NewDesc("productcache_load_batch_keys",
		"Keys of a batch, audits included, by lookup.", []string{"lookup"}, nil)
)

var auditsDesc = prometheus.NewDesc("productcache_audits_total",
	"Random entries compared with MySQL, by outcome.", []string{"outcome"}, nil)

var keysDesc = prometheus.NewDesc("productcache_cache_requests_total",
	"Keys asked for and answered, by lookup and outcome.", []string{"lookup", "outcome"}, nil)

// Observe counts one request to the public API. It is safe for concurrent use.
func (m *Metrics) Observe(lookup, outcome string, status int, took time.Duration) {
	m.requests.count(labels{lookup, outcome, status}, took)
}
