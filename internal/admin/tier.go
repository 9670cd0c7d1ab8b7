package admin

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TierStats is what the metrics and the console say of the second tier. Counts are since the start.
type TierStats struct {
	Usable      bool          `json:"usable"`
	Trouble     string        `json:"trouble,omitempty"` // why it is not usable; or what was the matter last
	Nodes       []string      `json:"nodes"`             // the other ones of the fleet
	Hits        uint64        `json:"hits"`
	Absences    uint64        `json:"absences"`
	Waited      uint64        `json:"waited"`
	Loaded      uint64        `json:"loaded"`
	Away        uint64        `json:"away"`
	Stored      uint64        `json:"stored"`
	Unstored    uint64        `json:"unstored"`
	Broken      uint64        `json:"broken"`
	Invalidated uint64        `json:"invalidated"`
	Heard       uint64        `json:"heard"`
	Distrusted  uint64        `json:"distrusted"`
	Failures    uint64        `json:"failures"`
	Exchanges   uint64        `json:"exchanges"`
	Waiting     time.Duration `json:"-"` // for all exchanges together
}

// tierStats is the tier's part of what the console shows.
type tierStats struct {
	TierStats
	HitRatio *float64 `json:"hit_ratio"`             // of the keys that were asked for; null: none were
	Exchange float64  `json:"exchange_mean_seconds"` // 0: there was none
}

func ofTierStats(s TierStats) *tierStats {
	if s.Nodes == nil {
		s.Nodes = []string{}
	}
	of := &tierStats{TierStats: s, HitRatio: ratio(s.Hits+s.Absences, s.Hits+s.Absences+s.Loaded)}
	if s.Exchanges > 0 {
		of.Exchange = s.Waiting.Seconds() / float64(s.Exchanges)
	}
	return of
}

// WatchTier adds the metrics of the second tier, which are asked for at every scrape. It is called once, before the first one.
func (m *Metrics) WatchTier(stats func() TierStats) {
	m.tier = stats
	m.registry.MustRegister(tierCollector(stats))
}

func ofTier() []metric[TierStats] {
	type s = TierStats
	return []metric[s]{
		gauge("productcache_tier_up", "1 while the second tier is used, 0 while this node works alone.", func(s s) float64 { return truth(s.Usable) }),
		gauge("productcache_tier_nodes", "Other nodes that are known.", func(s s) float64 { return float64(len(s.Nodes)) }),
		counter("productcache_tier_hits_total", "Keys that memory missed and the second tier had.", func(s s) float64 { return float64(s.Hits) }),
		counter("productcache_tier_absences_total", "Keys without a row that the second tier remembered.", func(s s) float64 { return float64(s.Absences) }),
		counter("productcache_tier_waited_total", "Keys that another node was loading, and that were waited for.", func(s s) float64 { return float64(s.Waited) }),
		counter("productcache_tier_loaded_total", "Keys that memory missed and this node has read from MySQL.", func(s s) float64 { return float64(s.Loaded) }),
		counter("productcache_tier_away_total", "Keys that the second tier could not be asked for, or gave no answer in time.", func(s s) float64 { return float64(s.Away) }),
		counter("productcache_tier_stored_total", "Keys that this node has stored in the second tier.", func(s s) float64 { return float64(s.Stored) }),
		counter("productcache_tier_unstored_total", "Keys that this node has read under a lease, but that were not stored: invalidated meanwhile, or the second tier is full or away.", func(s s) float64 { return float64(s.Unstored) }),
		counter("productcache_tier_broken_total", "Values of the second tier that were not what they should be.", func(s s) float64 { return float64(s.Broken) }),
		counter("productcache_tier_invalidated_total", "Keys, and whole lookups, that this node has invalidated in the second tier.", func(s s) float64 { return float64(s.Invalidated) }),
		counter("productcache_tier_purges_heard_total", "Purges of other nodes that were done here.", func(s s) float64 { return float64(s.Heard) }),
		counter("productcache_tier_distrusted_total", "Times that all in memory was made stale, since purges of other nodes may have been missed.", func(s s) float64 { return float64(s.Distrusted) }),
		counter("productcache_tier_failures_total", "Exchanges with the second tier that failed.", func(s s) float64 { return float64(s.Failures) }),
		counter("productcache_tier_exchanges_total", "Exchanges with the second tier that loads have waited for.", func(s s) float64 { return float64(s.Exchanges) }),
		counter("productcache_tier_exchange_seconds_total", "Time of those together.", func(s s) float64 { return s.Waiting.Seconds() }),
	}
}

// tierCollector is a prometheus.Collector.
type tierCollector func() TierStats

// Describe implements prometheus.Collector.
func (c tierCollector) Describe(out chan<- *prometheus.Desc) { describe(out, ofTier()) }

// Collect implements prometheus.Collector.
func (c tierCollector) Collect(out chan<- prometheus.Metric) { collect(out, ofTier(), c()) }
