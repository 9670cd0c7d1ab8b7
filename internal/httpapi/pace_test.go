package httpapi

import (
	"slices"
	"testing"
	"time"
)

// TestPace tells what the loops do in intervals of 50 ms, and how many are to serve after each.
func TestPace(t *testing.T) {
	type interval struct {
		rate float64 // requests a second
		busy float64 // loops
		want int
	}
	repeat := func(n int, i interval) []interval { return slices.Repeat([]interval{i}, n) }
	// A trial of a second loop that gains too little takes two intervals.
	fails := []interval{{100, 0.95, 2}, {50, 2, 2}, {110, 2, 1}}
	for name, story := range map[string][]interval{
		"one is enough":      repeat(100, interval{100, 0.8, 1}),
		"two pay":            {{100, 0.95, 2}, {50, 2, 2}, {116, 2, 2}, {180, 1.9, 2}},
		"and then no longer": {{100, 0.95, 2}, {50, 2, 2}, {116, 2, 2}, {90, 0.71, 2}, {80, 0.69, 1}, {80, 0.69, 1}},
		"at most two":        append([]interval{{100, 0.95, 2}, {50, 2, 2}, {116, 2, 2}}, repeat(50, interval{200, 2, 2})...),
		"rests after failure": slices.Concat(fails, repeat(19, interval{100, 0.95, 1}),
			fails, repeat(39, interval{100, 0.95, 1}), fails[:1]),
		"traffic ends during the trial": {{100, 0.95, 2}, {0, 0, 2}, {0, 0, 1}, {0, 0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPace(2)
			var now time.Duration
			var served, busy float64
			for i, step := range story {
				now += paceInterval
				served += step.rate * 1000 * paceInterval.Seconds()
				busy += step.busy * float64(paceInterval)
				if got := p.judge(now, work{time.Duration(busy), uint64(served)}); got != step.want {
					t.Fatalf("interval %d (%+v): %d loops", i+1, step, got)
				}
			}
		})
	}
}

// TestPaceRestsLongerEachTime, up to a minute; a trial that succeeds ends that.
func TestPaceRestsLongerEachTime(t *testing.T) {
	p := newPace(2)
	var now, last time.Duration
	var rests []time.Duration
	served := 0.0
	for len(rests) < 9 {
		before := p.loops
		now += paceInterval
		served += 1000
		if p.judge(now, work{now * 2, uint64(served)}); p.loops > before {
			rests = append(rests, (now - last).Round(time.Second))
		} else if p.loops < before {
			last = now
		}
	}
	s := time.Second
	if want := []time.Duration{0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s}; !slices.Equal(rests, want) {
		t.Errorf("rests %v, want %v", rests, want)
	}
}
