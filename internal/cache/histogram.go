package cache

import "slices"

// A Histogram counts values by their size.
type Histogram struct {
	Bounds []float64 // the largest value of each class but the last, ascending; shared, not to be changed
	Counts []uint64  // of values by class, one more than Bounds
	Sum    float64   // of all values
}

// Classes of the histograms of LookupStats: seconds, and keys.
var (
	loadTimeBounds  = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	batchSizeBounds = []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}
)

func newHistogram(bounds []float64) Histogram {
	return Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
}

func (h *Histogram) add(value float64) {
	at, _ := slices.BinarySearch(h.Bounds, value)
	h.Counts[at]++
	h.Sum += value
}

func (h *Histogram) clone() Histogram {
	return Histogram{Bounds: h.Bounds, Counts: slices.Clone(h.Counts), Sum: h.Sum}
}
