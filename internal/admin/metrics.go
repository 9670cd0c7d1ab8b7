package admin

import (
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"productcache/internal/cache"
)

// DatabaseStats is what the metrics say of MySQL.
type DatabaseStats struct {
	Up        bool   // the last try to reach it worked
	Queries   uint64 // sent
	Errors    uint64 // of them failed
	Abandoned int    // queries given up that still run in the server
}

// Metrics is all that Prometheus can ask for. Every metric is defined in this file.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	cache    func() cache.Stats
	database func() DatabaseStats

	mu       sync.RWMutex // guards children
	children map[labels]child
}

// labels are what a request is counted under; child the metrics resolved for them.
type labels struct {
	lookup, outcome string
	status          int
}

type child struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

// NewMetrics registers all metrics. cacheStats and databaseStats are asked at
// every scrape.
func NewMetrics(version string, cacheStats func() cache.Stats, databaseStats func() DatabaseStats) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "productcache_http_requests_total",
			Help: "Requests to the public API, by lookup, outcome (hit, stale, stale-error, negative, miss, collapsed, error) and status.",
		}, []string{"lookup", "outcome", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "productcache_http_request_duration_seconds",
			Help:    "Time from a request's headers read to its answer written, by lookup and outcome.",
			Buckets: []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"lookup", "outcome"}),
		cache:    cacheStats,
		database: databaseStats,
		children: make(map[labels]child),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "productcache_build_info",
		Help:        "1, with the versions of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.duration, build, m,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Observe counts one request to the public API.
func (m *Metrics) Observe(lookup, outcome string, status int, took time.Duration) {
	at := labels{lookup, outcome, status}
	m.mu.RLock()
	c, ok := m.children[at]
	m.mu.RUnlock()
	if !ok {
		c = child{
			requests: m.requests.WithLabelValues(lookup, outcome, strconv.Itoa(status)),
			duration: m.duration.WithLabelValues(lookup, outcome),
		}
		m.mu.Lock()
		m.children[at] = c
		m.mu.Unlock()
	}
	c.requests.Inc()
	c.duration.Observe(took.Seconds())
}
