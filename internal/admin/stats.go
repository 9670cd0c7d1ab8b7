package admin

import (
	"net/http"
	"time"

	"productcache/internal/cache"
)

// statsResponse is the body of GET /api/stats. Counts are since the start;
// ratios are null of nothing.
type statsResponse struct {
	Version  string    `json:"version"`
	Now      time.Time `json:"now"`
	Uptime   float64   `json:"uptime_seconds"`
	NotReady []string  `json:"not_ready"` // why; none: it is
	Changes  string    `json:"changes"`   // "open": by anybody here; "token": with the token; "refused"
	Requests uint64    `json:"requests"`
	Recent   *rates    `json:"recent"` // of the last minute; null at first

	Keys     map[string]uint64 `json:"keys"` // answered, by outcome
	HitRatio *float64          `json:"hit_ratio"`
	Refused  uint64            `json:"refused"` // keys, since too many were waiting
	Failed   uint64            `json:"failed"`  // keys whose load failed, with nothing stale to serve
	Queries  queriesStats      `json:"queries"`

	Memory  memoryStats   `json:"memory"`
	Sizing  *sizingStats  `json:"sizing"` // null before anything was asked for
	Loads   loadStats     `json:"loads"`
	MySQL   mysqlStats    `json:"mysql"`
	Binlog  *binlogStats  `json:"binlog"` // null: not followed
	Tier    *tierStats    `json:"tier"`   // null: there is none
	Audits  auditStats    `json:"audits"`
	Lookups []lookupStats `json:"lookups"`
}

// queriesStats is what MySQL was spared. Sent counts all that it had, audits included. Saved counts answers out of memory, as
// the queries of a load for that key alone; that loads are shared and batched, and a second tier, is not counted there.
type queriesStats struct {
	Sent         uint64 `json:"sent"`
	Saved        uint64 `json:"saved"`
	WithoutCache uint64 `json:"without_cache"` // those of a load for each key that was asked for, alone
}

type memoryStats struct {
	Bytes      int64   `json:"bytes"`
	MaxBytes   int64   `json:"max_bytes"`
	Entries    int64   `json:"entries"`
	MaxEntries int64   `json:"max_entries"` // 0: no bound
	Negatives  int64   `json:"negatives"`
	Evictions  uint64  `json:"evictions"`
	Process    float64 `json:"process_bytes"` // of the whole process; 0: unknown
}

// sizingStats are shares of keys answered from memory, with the bounds as they
// are, and as estimated for bounds half and twice as large.
type sizingStats struct {
	Half   float64 `json:"half"`
	Now    float64 `json:"now"`
	Double float64 `json:"double"`
}

func ofSizing(s cache.Sizing) *sizingStats {
	if s == (cache.Sizing{}) {
		return nil
	}
	return &sizingStats{s.Half, s.Now, s.Double}
}

type loadStats struct {
	Batches   uint64 `json:"batches"`
	Keys      uint64 `json:"keys"`
	Errors    uint64 `json:"errors"`
	BusySlots int    `json:"busy_slots"`
	InFlight  int    `json:"keys_in_flight"`
	Waiters   int    `json:"waiters"`
}

type mysqlStats struct {
	Up        bool   `json:"up"`
	Failing   bool   `json:"failing"` // the last load has failed
	Errors    uint64 `json:"errors"`
	Abandoned int    `json:"abandoned"`
}

type binlogStats struct {
	Following      bool       `json:"following"`
	Lag            float64    `json:"lag_seconds"`
	LastEvent      *time.Time `json:"last_event"` // null: none
	Transactions   uint64     `json:"transactions"`
	Invalidated    uint64     `json:"invalidated_keys"`
	InvalidatedAll uint64     `json:"invalidated_lookups"`
	Gaps           uint64     `json:"gaps"`
	Disconnects    uint64     `json:"disconnects"`
}

type auditStats struct {
	Stale        uint64  `json:"stale"`
	MaxStaleness float64 `json:"max_staleness_seconds"`
}

type lookupStats struct {
	Name           string            `json:"name"`
	Entries        int64             `json:"entries"`
	Bytes          int64             `json:"bytes"`
	Negatives      int64             `json:"negatives"`
	Keys           map[string]uint64 `json:"keys"`
	HitRatio       *float64          `json:"hit_ratio"`
	Refused        uint64            `json:"refused"`
	Failed         uint64            `json:"failed"`
	QueriesPerLoad int               `json:"queries_per_load"`
	QueriesSaved   uint64            `json:"queries_saved"`

	uncached uint64
}

// stats answers with the numbers of this moment.
func (h *handler) stats(w http.ResponseWriter, r *http.Request) {
	s := h.Metrics.sample()
	body := statsResponse{
		Version:  h.Metrics.version,
		Now:      s.at,
		Uptime:   s.at.Sub(h.Metrics.began).Seconds(),
		NotReady: append([]string{}, h.Ready()...),
		Changes:  h.changes(r),
		Requests: s.requests.total,
		Recent:   h.Metrics.history.until(&s),
		Keys:     map[string]uint64{},
		Memory: memoryStats{s.cache.Weight, s.cache.MaxWeight, s.cache.Entries, s.cache.MaxEntries,
			s.cache.Negatives, s.cache.Evictions, s.resident},
		Sizing:  ofSizing(s.cache.Sizing),
		Loads:   loadStats{s.cache.Loads, s.cache.LoadedKeys, s.cache.LoadErrors, s.cache.BusySlots, s.cache.InFlight, s.cache.Waiting},
		MySQL:   mysqlStats{s.database.Up, s.cache.Failing, s.database.Errors, s.database.Abandoned},
		Audits:  auditStats{s.cache.Audits.Stale, s.cache.Audits.MaxStaleness.Seconds()},
		Lookups: []lookupStats{},
	}
	if h.Metrics.follower != nil {
		body.Binlog = ofBinlog(s.follower)
	}
	if h.Metrics.tier != nil {
		body.Tier = ofTierStats(h.Metrics.tier())
	}
	body.Queries.Sent = s.database.Queries
	for _, l := range s.cache.Lookups {
		body.add(h.ofOneLookup(l))
	}
	all, hits := s.keys()
	body.HitRatio = ratio(hits, all)
	writeJSON(w, http.StatusOK, body)
}

// add puts a lookup in, and into the sums.
func (b *statsResponse) add(l lookupStats) {
	b.Lookups = append(b.Lookups, l)
	for outcome, n := range l.Keys {
		b.Keys[outcome] += n
	}
	b.Refused += l.Refused
	b.Failed += l.Failed
	b.Queries.Saved += l.QueriesSaved
	b.Queries.WithoutCache += l.uncached
}

func (h *handler) ofOneLookup(l cache.LookupStats) lookupStats {
	t, queries := keysOf(l), 1
	if served, ok := h.Lookup(l.Name); ok {
		queries = max(1, served.Queries)
	}
	of := lookupStats{Name: l.Name, Entries: l.Entries, Bytes: l.Weight, Negatives: l.Negatives, Keys: map[string]uint64{},
		HitRatio: ratio(t.hits, t.all), Refused: l.Refused, Failed: l.Failed,
		QueriesPerLoad: queries, QueriesSaved: t.saved(queries), uncached: t.uncached(queries)}
	for outcome, n := range l.Answers {
		of.Keys[cache.Outcome(outcome).String()] = n
	}
	return of
}

func ofBinlog(f FollowerStats) *binlogStats {
	b := &binlogStats{f.Following, f.Lag.Seconds(), nil, f.Transactions, f.Invalidated, f.InvalidatedAll, f.Gaps, f.Disconnects}
	if !f.LastEvent.IsZero() {
		b.LastEvent = &f.LastEvent
	}
	return b
}

// changes says what mayChange would ask of whoever makes a request like r.
func (h *handler) changes(r *http.Request) string {
	switch {
	case h.Token() != "":
		return "token"
	case isLocal(r):
		return "open"
	}
	return "refused"
}
