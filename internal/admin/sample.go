package admin

import (
	"time"

	"productcache/internal/cache"
)

// sample is all numbers at one moment, counted from the start.
type sample struct {
	at       time.Time
	cache    cache.Stats
	database DatabaseStats
	follower FollowerStats // zero if nothing is followed
	resident float64       // bytes of the process in memory; 0: unknown
	requests latencies
}

// latencies are how many requests took how long.
type latencies struct {
	bounds []float64 // seconds, ascending
	counts []uint64  // of requests up to each bound
	total  uint64
}

// sample takes one. Requests come from the registry, by their metric's name, so
// that what is shown is what Prometheus gets.
func (m *Metrics) sample() sample {
	s := sample{at: time.Now(), cache: m.cache(), database: m.database()}
	if m.follower != nil {
		s.follower = m.follower()
	}
	families, _ := m.registry.Gather() // what cannot be had is missing, as at a scrape, which reports it
	for _, family := range families {
		switch family.GetName() {
		case "process_resident_memory_bytes":
			s.resident = family.GetMetric()[0].GetGauge().GetValue()
		case "productcache_http_request_duration_seconds":
			for _, metric := range family.GetMetric() {
				h := metric.GetHistogram()
				s.requests.total += h.GetSampleCount()
				for i, bucket := range h.GetBucket() {
					if i == len(s.requests.counts) {
						s.requests.bounds = append(s.requests.bounds, bucket.GetUpperBound())
						s.requests.counts = append(s.requests.counts, 0)
					}
					s.requests.counts[i] += bucket.GetCumulativeCount()
				}
			}
		}
	}
	return s
}

// keys sums the answers for keys, those of them that are hits, and those that
// came out of memory.
func (s *sample) keys() (all, hits uint64) {
	for _, l := range s.cache.Lookups {
		of := keysOf(l)
		all += of.all
		hits += of.hits
	}
	return all, hits
}

// failures are the keys that got no answer.
func (s *sample) failures() (n uint64) {
	for _, l := range s.cache.Lookups {
		n += l.Refused + l.Failed
	}
	return n
}

// tally of a lookup's answers.
type tally struct {
	all      uint64
	hits     uint64 // fresh, or stale with a refresh under way
	values   uint64 // out of memory: these, and those that were served since MySQL fails
	absences uint64 // out of memory
}

func keysOf(l cache.LookupStats) (t tally) {
	for _, n := range l.Answers {
		t.all += n
	}
	t.hits = l.Answers[cache.Hit] + l.Answers[cache.Stale]
	t.values = t.hits + l.Answers[cache.StaleError]
	t.absences = l.Answers[cache.Negative]
	return t
}

// saved is how many queries these answers would have been: a load's of its own
// for each key, but one where no row is found.
func (t tally) saved(queriesPerLoad int) uint64 {
	return t.values*uint64(queriesPerLoad) + t.absences
}

// uncached is how many queries all these requests would have been, each by itself. A miss that found no row is counted as one that found it.
func (t tally) uncached(queriesPerLoad int) uint64 {
	return (t.all-t.absences)*uint64(queriesPerLoad) + t.absences
}

// since is how many came after an earlier moment.
func (d latencies) since(before latencies) latencies {
	after := latencies{bounds: d.bounds, total: d.total - before.total}
	for i, n := range d.counts {
		if i < len(before.counts) {
			n -= before.counts[i]
		}
		after.counts = append(after.counts, n)
	}
	return after
}

// quantile estimates in seconds how long the share q of all requests took at
// most: between two bounds requests are taken to be spread evenly. It is nil
// where there was no request; what took longer than the last bound counts as it.
func (d latencies) quantile(q float64) *float64 {
	if d.total == 0 {
		return nil
	}
	rank, lower, below := q*float64(d.total), 0.0, 0.0
	for i, bound := range d.bounds {
		if n := float64(d.counts[i]); n >= rank {
			return new(lower + (bound-lower)*(rank-below)/(n-below))
		}
		lower, below = bound, float64(d.counts[i])
	}
	return new(lower)
}

// ratio is nil of nothing.
func ratio(part, whole uint64) *float64 {
	if whole == 0 {
		return nil
	}
	return new(float64(part) / float64(whole))
}
