package main

import "slices"

// quantile returns the least of ascending values that a share q of all did not exceed.
func quantile(ascending []float64, q float64) float64 {
	if len(ascending) == 0 {
		return 0
	}
	i := int(q*float64(len(ascending))+0.999999) - 1
	return ascending[min(max(i, 0), len(ascending)-1)]
}

// median sorts a copy; the median of an even number is the mean of the middle two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// ratio returns the median over rounds of one's value divided by the other's in the same round.
func ratio(values, to []float64) float64 {
	var each []float64
	for i := range min(len(values), len(to)) {
		if to[i] > 0 {
			each = append(each, values[i]/to[i])
		}
	}
	return median(each)
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}
