package admin

import "github.com/prometheus/client_golang/prometheus"

// newReloads makes the metrics of reloads, each outcome at 0: an alert on the
// first failure needs a zero before it.
func newReloads() (reloads *prometheus.CounterVec, last prometheus.Gauge) {
	reloads = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "productcache_config_reloads_total",
		Help: "Times that catalog, token and certificate were read again, by result: success or failure.",
	}, []string{"result"})
	reloads.WithLabelValues("success")
	reloads.WithLabelValues("failure")
	return reloads, prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "productcache_config_last_reload_success_timestamp_seconds",
		Help: "When they were read again last with success; 0: not since the start.",
	})
}

// ObserveReload counts a reload.
func (m *Metrics) ObserveReload(success bool) {
	if !success {
		m.reloads.WithLabelValues("failure").Inc()
		return
	}
	m.reloads.WithLabelValues("success").Inc()
	m.reloaded.SetToCurrentTime()
}
