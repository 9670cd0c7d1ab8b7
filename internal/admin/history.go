package admin

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"productcache/internal/problem"
)

const (
	historyStep = 5 * time.Second
	historySize = int(time.Hour / historyStep) // points
	recentSteps = 12                           // of the points, for the rates of /api/stats
)

// point is what happened in one step. Rates are per second.
type point struct {
	at       int64 // its end, in milliseconds since 1970
	requests float64
	keys     float64
	hitRatio *float64
	failures float64 // keys without an answer
	loads    float64
	queries  float64
	p50, p99 *float64 // seconds
	bytes    int64
	evicted  float64
	mysqlUp  bool
	lag      *float64 // seconds; nil while nothing is followed
}

// history is the last hour, in fixed memory.
type history struct {
	mu     sync.Mutex // guards all below
	points [historySize]point
	n      int                     // all there were
	recent [recentSteps + 1]sample // the latest
}

// Record takes a sample every five seconds, for what the console shows of the
// last hour, until ctx is done.
func (m *Metrics) Record(ctx context.Context) {
	tick := time.NewTicker(historyStep)
	defer tick.Stop()
	for {
		m.history.add(m.sample(), m.follower != nil)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// add makes a point of a sample and the one before it; the first gives none.
func (h *history) add(s sample, follows bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	copy(h.recent[1:], h.recent[:])
	h.recent[0] = s
	before := &h.recent[1]
	if before.at.IsZero() {
		return
	}
	r := between(before, &s)
	p := point{at: s.at.UnixMilli(), requests: r.Requests, keys: r.Keys, hitRatio: r.HitRatio, failures: r.Failures,
		loads: r.Loads, queries: r.Queries, p50: r.P50, p99: r.P99, bytes: s.cache.Weight, evicted: r.Evictions, mysqlUp: s.database.Up}
	if follows && s.follower.Following {
		p.lag = new(s.follower.Lag.Seconds())
	}
	h.points[h.n%historySize] = p
	h.n++
}

// since returns the points after an instant, the oldest first.
func (h *history) since(at int64) (points []point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := max(0, h.n-historySize); i < h.n; i++ {
		if p := h.points[i%historySize]; p.at > at {
			points = append(points, p)
		}
	}
	return points
}

// until returns the rates of the last minute, or as much of it as there is, up
// to s; nil where there is nothing before it.
func (h *history) until(s *sample) *rates {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.recent) - 1; i >= 0; i-- {
		if before := &h.recent[i]; !before.at.IsZero() && s.at.Sub(before.at) >= time.Second {
			return new(between(before, s))
		}
	}
	return nil
}

// rates are numbers per second of the time between two samples.
type rates struct {
	Seconds   float64  `json:"seconds"` // the time
	Requests  float64  `json:"requests_per_second"`
	Keys      float64  `json:"keys_per_second"`
	Failures  float64  `json:"failures_per_second"` // keys without an answer
	Loads     float64  `json:"loads_per_second"`
	Queries   float64  `json:"queries_per_second"`
	Evictions float64  `json:"evictions_per_second"`
	HitRatio  *float64 `json:"hit_ratio"`
	P50       *float64 `json:"p50_seconds"`
	P99       *float64 `json:"p99_seconds"`
}

func between(before, after *sample) rates {
	seconds := after.at.Sub(before.at).Seconds()
	rate := func(before, after uint64) float64 { return float64(after-before) / seconds }
	requests := after.requests.since(before.requests)
	keys, hits := before.keys()
	keysNow, hitsNow := after.keys()
	return rates{
		Seconds:   seconds,
		Requests:  rate(0, requests.total),
		Keys:      rate(keys, keysNow),
		Failures:  rate(before.failures(), after.failures()),
		Loads:     rate(before.cache.Loads, after.cache.Loads),
		Queries:   rate(before.database.Queries, after.database.Queries),
		Evictions: rate(before.cache.Evictions, after.cache.Evictions),
		HitRatio:  ratio(hitsNow-hits, keysNow-keys),
		P50:       requests.quantile(0.5),
		P99:       requests.quantile(0.99),
	}
}

// columns are points as the console plots them: one array for each number.
type columns struct {
	Step      float64    `json:"step_seconds"`
	At        []int64    `json:"at"` // milliseconds since 1970
	Requests  []float64  `json:"requests_per_second"`
	Keys      []float64  `json:"keys_per_second"`
	HitRatio  []*float64 `json:"hit_ratio"`
	Failures  []float64  `json:"failures_per_second"`
	Loads     []float64  `json:"loads_per_second"`
	Queries   []float64  `json:"queries_per_second"`
	P50       []*float64 `json:"p50_seconds"`
	P99       []*float64 `json:"p99_seconds"`
	Bytes     []int64    `json:"bytes"`
	Evictions []float64  `json:"evictions_per_second"`
	MySQLUp   []bool     `json:"mysql_up"`
	Lag       []*float64 `json:"lag_seconds"`
}

func tabulate(points []point) columns {
	c := columns{Step: historyStep.Seconds(), At: []int64{}}
	for _, p := range points {
		c.At = append(c.At, p.at)
		c.Requests = append(c.Requests, p.requests)
		c.Keys = append(c.Keys, p.keys)
		c.HitRatio = append(c.HitRatio, p.hitRatio)
		c.Failures = append(c.Failures, p.failures)
		c.Loads = append(c.Loads, p.loads)
		c.Queries = append(c.Queries, p.queries)
		c.P50 = append(c.P50, p.p50)
		c.P99 = append(c.P99, p.p99)
		c.Bytes = append(c.Bytes, p.bytes)
		c.Evictions = append(c.Evictions, p.evicted)
		c.MySQLUp = append(c.MySQLUp, p.mysqlUp)
		c.Lag = append(c.Lag, p.lag)
	}
	return c
}

// past answers with the points of the last hour, or those after ?since=.
func (h *handler) past(w http.ResponseWriter, r *http.Request) {
	since := int64(0)
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = strconv.ParseInt(text, 10, 64); err != nil {
			problem.New(http.StatusBadRequest, "bad-since", "The query is not understood", "since is a whole number: milliseconds since 1970.").Write(w)
			return
		}
	}
	writeJSON(w, http.StatusOK, tabulate(h.Metrics.history.since(since)))
}
