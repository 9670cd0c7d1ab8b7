package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

func TestCollectorPercentFor(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 400}, {1 << 20, 400}, {6 << 20, 400}, {12 << 20, 200}, {24 << 20, 100}, {96 << 20, 25}, {120 << 20, 20}, {1 << 40, 20}} {
		if got := collectorPercentFor(c.live); got != c.want {
			t.Errorf("collectorPercentFor(%d) = %d, want %d", c.live, got, c.want)
		}
	}
}

// TestCollectorFollowsTheHeap lets the heap grow and shrink: after each collection the percentage in force
// is that for what lives.
func TestCollectorFollowsTheHeap(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	(&collector{ctx: ctx}).adjust()
	ballast := make([]byte, 200<<20)
	waitForGCPercent(t, func(percent uint64) bool { return percent == collectorPercent })
	runtime.KeepAlive(ballast)
	ballast = nil
	waitForGCPercent(t, func(percent uint64) bool { return percent > 2*collectorPercent })
}

// waitForGCPercent collects until the percentage in force is as wanted.
func waitForGCPercent(t *testing.T, wanted func(uint64) bool) {
	t.Helper()
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	for metrics.Read(s); !wanted(s[0].Value.Uint64()); metrics.Read(s) {
		if t.Context().Err() != nil {
			t.Fatalf("GOGC is %d", s[0].Value.Uint64())
		}
		runtime.GC()
	}
}
