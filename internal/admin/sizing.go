package admin

import (
	"github.com/prometheus/client_golang/prometheus"

	"productcache/internal/cache"
)

var sizingDesc = prometheus.NewDesc("productcache_sizing_hit_ratio",
	"Share of keys answered from memory, fresh or stale, with the bounds as they are (now), and as estimated for bounds half and twice as large.", []string{"size"}, nil)

// collectSizing says nothing before anything was asked for.
func collectSizing(out chan<- prometheus.Metric, s cache.Sizing) {
	if s == (cache.Sizing{}) {
		return
	}
	for size, ratio := range map[string]float64{"half": s.Half, "now": s.Now, "double": s.Double} {
		out <- prometheus.MustNewConstMetric(sizingDesc, prometheus.GaugeValue, ratio, size)
	}
}
