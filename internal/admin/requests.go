package admin

import (
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// durations are the upper bounds of the classes that requests' durations are counted in.
var durations = [...]time.Duration{
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, // nanoseconds
	1e6, 25e5, 5e6, 10e6, 25e6, 50e6, 100e6, 250e6, 500e6,
	1e9, 25e8, 5e9, 10e9,
}

// labels are what a request is counted under.
type labels struct {
	lookup, outcome string
	status          int
}

// requests counts requests by their labels. Counting is on the path of every
// hit: it takes no lock, and two atomic additions that cores seldom share. That
// is why it is not a prometheus.HistogramVec.
type requests struct {
	counts atomic.Pointer[map[labels]*durationCounts] // replaced, never changed
	adding sync.Mutex                                 // held to replace counts
}

// durationCounts is a histogram in parts that are added up when it is read.
type durationCounts [8]durationStripe

type durationStripe struct {
	classes     [len(durations) + 1]atomic.Uint64
	nanoseconds atomic.Uint64
	_           [64]byte // apart from the next one's cache lines
}

func newRequests() *requests {
	r := new(requests)
	r.counts.Store(new(map[labels]*durationCounts))
	return r
}

func (r *requests) count(at labels, took time.Duration) {
	c := (*r.counts.Load())[at]
	if c == nil {
		c = r.add(at)
	}
	// The last digits of a duration are as good as random.
	s := &c[uint(took)%uint(len(c))]
	s.classes[class(took)].Add(1)
	s.nanoseconds.Add(uint64(took))
}

// class is found from the short end, where hits are.
func class(took time.Duration) int {
	for i, bound := range durations {
		if took <= bound {
			return i
		}
	}
	return len(durations)
}

func (r *requests) add(at labels) *durationCounts {
	r.adding.Lock()
	defer r.adding.Unlock()
	before := *r.counts.Load()
	if c := before[at]; c != nil {
		return c
	}
	after := maps.Clone(before)
	if after == nil {
		after = make(map[labels]*durationCounts)
	}
	c := new(durationCounts)
	after[at] = c
	r.counts.Store(&after)
	return c
}

// durationSum is a histogram read, its parts added up.
type durationSum struct {
	classes [len(durations) + 1]uint64
	took    time.Duration // of all together
}

func (d *durationSum) count() (n uint64) {
	for _, c := range d.classes {
		n += c
	}
	return n
}

func (d *durationSum) add(c *durationCounts) {
	for i := range c {
		for at := range d.classes {
			d.classes[at] += c[i].classes[at].Load()
		}
		d.took += time.Duration(c[i].nanoseconds.Load())
	}
}

// collect sends the number of requests by all labels, and their durations by all
// but the status.
func (r *requests) collect(out chan<- prometheus.Metric) {
	all := map[labels]*durationSum{}
	for at, c := range *r.counts.Load() {
		var one durationSum
		one.add(c)
		out <- prometheus.MustNewConstMetric(requestsDesc, prometheus.CounterValue, float64(one.count()), at.lookup, at.outcome, strconv.Itoa(at.status))
		at.status = 0
		if all[at] == nil {
			all[at] = new(durationSum)
		}
		for i, n := range one.classes {
			all[at].classes[i] += n
		}
		all[at].took += one.took
	}
	for at, d := range all {
		out <- histogram(requestDurationDesc, inSeconds(durations[:]), d.classes[:], d.took.Seconds(), at.lookup, at.outcome)
	}
}
