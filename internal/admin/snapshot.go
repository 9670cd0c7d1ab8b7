package admin

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// SnapshotStats is what the metrics say of snapshots.
type SnapshotStats struct {
	Interval    time.Duration // between two of them; 0: only when the service stops
	LastSuccess time.Time     // when the last one was whole; zero: none yet
	Took        time.Duration // that one
	Bytes       int64         // of its file
	Entries     int64         // in it
	Errors      uint64        // snapshots that could not be read, or written, or take a purge
	Restored    int64         // entries that came back at the start
	Dropped     []DropStats   // those that did not
}

// DropStats counts entries that did not come back for one reason.
type DropStats struct {
	Reason  string
	Entries int64
}

// WatchSnapshots adds the metrics of snapshots, which are asked for at every
// scrape. It is called once, before the first one.
func (m *Metrics) WatchSnapshots(stats func() SnapshotStats) {
	m.registry.MustRegister(snapshotCollector(stats))
}

func ofSnapshot() []metric[SnapshotStats] {
	type s = SnapshotStats
	return []metric[s]{
		gauge("productcache_snapshot_interval_seconds", "Time between two snapshots: -snapshot-interval; 0: only when the service stops.", func(s s) float64 { return s.Interval.Seconds() }),
		gauge("productcache_snapshot_last_success_timestamp_seconds", "When the last snapshot was written; 0: none since the start.", func(s s) float64 { return seconds(s.LastSuccess) }),
		gauge("productcache_snapshot_duration_seconds", "Time that writing the last snapshot took.", func(s s) float64 { return s.Took.Seconds() }),
		gauge("productcache_snapshot_bytes", "Size of the last snapshot.", func(s s) float64 { return float64(s.Bytes) }),
		gauge("productcache_snapshot_entries", "Entries in the last snapshot.", func(s s) float64 { return float64(s.Entries) }),
		counter("productcache_snapshot_errors_total", "Times that a snapshot could not be opened, loaded or written, or that a purge could not be added to it.", func(s s) float64 { return float64(s.Errors) }),
		gauge("productcache_snapshot_restored_entries", "Entries that came back from the snapshot at the start.", func(s s) float64 { return float64(s.Restored) }),
	}
}

func ofDrop() []metric[DropStats] {
	return []metric[DropStats]{
		gauge("productcache_snapshot_dropped_entries", "Entries of the snapshot that did not come back at the start, by reason.", func(d DropStats) float64 { return float64(d.Entries) }, "reason"),
	}
}

// snapshotCollector is a prometheus.Collector.
type snapshotCollector func() SnapshotStats

// Describe implements prometheus.Collector.
func (c snapshotCollector) Describe(out chan<- *prometheus.Desc) {
	describe(out, ofSnapshot())
	describe(out, ofDrop())
}

// Collect implements prometheus.Collector.
func (c snapshotCollector) Collect(out chan<- prometheus.Metric) {
	stats := c()
	collect(out, ofSnapshot(), stats)
	for _, d := range stats.Dropped {
		collect(out, ofDrop(), d, d.Reason)
	}
}
