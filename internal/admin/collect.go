package admin

import (
	"github.com/prometheus/client_golang/prometheus"

	"productcache/internal/cache"
)

// metric is a number of a snapshot under its name.
type metric[S any] struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(S) float64
}

func counter[S any](name, help string, value func(S) float64, labels ...string) metric[S] {
	return metric[S]{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue, value}
}

func gauge[S any](name, help string, value func(S) float64, labels ...string) metric[S] {
	return metric[S]{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue, value}
}

func ofCache() []metric[cache.Stats] {
	type s = cache.Stats
	return []metric[s]{
		gauge("productcache_cache_max_bytes", "Bound of the memory of all entries.", func(s s) float64 { return float64(s.MaxWeight) }),
		gauge("productcache_cache_max_entries", "Bound of the number of entries; 0: none.", func(s s) float64 { return float64(s.MaxEntries) }),
		counter("productcache_cache_evictions_total", "Entries dropped to make room.", func(s s) float64 { return float64(s.Evictions) }),
		counter("productcache_cache_negative_evictions_total", "Remembered absences dropped to make room.", func(s s) float64 { return float64(s.NegativeEvictions) }),
		counter("productcache_loads_total", "Batches of keys loaded from MySQL.", func(s s) float64 { return float64(s.Loads) }),
		counter("productcache_load_keys_total", "Keys in these batches.", func(s s) float64 { return float64(s.LoadedKeys) }),
		counter("productcache_load_errors_total", "Batches that failed.", func(s s) float64 { return float64(s.LoadErrors) }),
		gauge("productcache_load_slots_busy", "Slots of -mysql-max-conns taken.", func(s s) float64 { return float64(s.BusySlots) }),
		gauge("productcache_load_keys_in_flight", "Keys being loaded or waiting for a slot.", func(s s) float64 { return float64(s.InFlight) }),
		gauge("productcache_load_waiters", "Callers' waits for keys.", func(s s) float64 { return float64(s.Waiting) }),
		gauge("productcache_load_failing", "1 while the last load has failed.", func(s s) float64 { return truth(s.Failing) }),
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
	}
}

func ofDatabase() []metric[DatabaseStats] {
	type s = DatabaseStats
	return []metric[s]{
		gauge("productcache_mysql_up", "1 if the last try to reach MySQL worked.", func(s s) float64 { return truth(s.Up) }),
		counter("productcache_mysql_queries_total", "Queries sent to MySQL.", func(s s) float64 { return float64(s.Queries) }),
		counter("productcache_mysql_query_errors_total", "Queries that failed.", func(s s) float64 { return float64(s.Errors) }),
		gauge("productcache_mysql_queries_abandoned", "Queries given up that still run in the server.", func(s s) float64 { return float64(s.Abandoned) }),
	}
}

var keysDesc = prometheus.NewDesc("productcache_cache_requests_total",
	"Keys asked for and answered, by lookup and outcome.", []string{"lookup", "outcome"}, nil)

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	out <- keysDesc
	describe(out, ofCache())
	describe(out, ofLookup())
	describe(out, ofDatabase())
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	stats := m.cache()
	collect(out, ofCache(), stats)
	collect(out, ofDatabase(), m.database())
	for _, l := range stats.Lookups {
		collect(out, ofLookup(), l, l.Name)
		for outcome, n := range l.Answers {
			out <- prometheus.MustNewConstMetric(keysDesc, prometheus.CounterValue, float64(n), l.Name, cache.Outcome(outcome).String())
		}
	}
}

func describe[S any](out chan<- *prometheus.Desc, metrics []metric[S]) {
	for _, m := range metrics {
		out <- m.desc
	}
}

func collect[S any](out chan<- prometheus.Metric, metrics []metric[S], stats S, labels ...string) {
	for _, m := range metrics {
		out <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(stats), labels...)
	}
}
