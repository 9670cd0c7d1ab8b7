package admin

import (
	"time"

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

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	out <- requestsDesc
	out <- requestDurationDesc
	out <- keysDesc
	out <- loadDurationDesc
	out <- batchKeysDesc
	describe(out, ofCache())
	describe(out, ofLookup())
	describe(out, ofDatabase())
	out <- auditsDesc
	out <- sizingDesc
	if m.follower != nil {
		describe(out, ofFollower())
		describe(out, ofTable())
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	m.requests.collect(out)
	stats := m.cache()
	collect(out, ofCache(), stats)
	collect(out, ofDatabase(), m.database())
	for _, l := range stats.Lookups {
		collect(out, ofLookup(), l, l.Name)
		out <- histogram(loadDurationDesc, l.LoadTimes.Bounds, l.LoadTimes.Counts, l.LoadTimes.Sum, l.Name)
		out <- histogram(batchKeysDesc, l.BatchSizes.Bounds, l.BatchSizes.Counts, l.BatchSizes.Sum, l.Name)
		for outcome, n := range l.Answers {
			out <- prometheus.MustNewConstMetric(keysDesc, prometheus.CounterValue, float64(n), l.Name, cache.Outcome(outcome).String())
		}
	}
	for outcome, n := range stats.Audits.Outcomes {
		out <- prometheus.MustNewConstMetric(auditsDesc, prometheus.CounterValue, float64(n), cache.AuditOutcome(outcome).String())
	}
	collectSizing(out, stats.Sizing)
	if m.follower != nil {
		m.collectFollower(out, m.follower())
	}
}

func (m *Metrics) collectFollower(out chan<- prometheus.Metric, stats FollowerStats) {
	collect(out, ofFollower(), stats)
	for _, t := range stats.Tables {
		collect(out, ofTable(), t, t.Table)
	}
}

// histogram makes one of the numbers of values in each class; the last has no bound.
func histogram(desc *prometheus.Desc, bounds []float64, classes []uint64, sum float64, labels ...string) prometheus.Metric {
	buckets, n := make(map[float64]uint64, len(bounds)), uint64(0)
	for i, bound := range bounds {
		n += classes[i]
		buckets[bound] = n
	}
	for _, more := range classes[len(bounds):] {
		n += more
	}
	return prometheus.MustNewConstHistogram(desc, n, sum, buckets, labels...)
}

// inSeconds are durations as Prometheus has them.
func inSeconds(durations []time.Duration) []float64 {
	s := make([]float64, len(durations))
	for i, d := range durations {
		s[i] = d.Seconds()
	}
	return s
}

// seconds is a time as Prometheus has it, 0 for none.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixNano()) / 1e9
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
