package cache

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestGhostBytes holds ghostBytes against the heap, where tables are just full and
// where they have just grown.
func TestGhostBytes(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	fixed := new(atomic.Pointer[plan])
	fixed.Store(balanced)
	for _, p := range []*atomic.Pointer[plan]{fixed, nil} {
		for _, n := range []int64{1000, 1030, 2060, 3000, 4100} {
			before := heap()
			m := newMiniature(p)
			for i := range 3 * n {
				m.use(use{hash: scatter(uint64(i)), weight: 1}, room{weight: n})
			}
			if each := (heap() - before) / n; each > ghostBytes {
				t.Errorf("%d entries take %d bytes each, more than %d", n, each, ghostBytes)
			}
			runtime.KeepAlive(m)
		}
	}
}

// BenchmarkMiniatures is the use of a key that is in the sample, of which there may
// be mostUses a second.
func BenchmarkMiniatures(b *testing.B) {
	var values budget
	values.limit(400*500, 0)
	z := newSizing(&values, nil)
	z.most, z.least = 1<<40, 1<<20 // nothing stops it
	lt := &Lifetimes{TTL: time.Hour}
	i := uint64(0)
	for b.Loop() {
		i++
		z.use(scatter(scatter(i)%8000), 500, 0, lt, instant(i*1e6))
	}
	if z.limit.Load() == 0 {
		b.Error("the simulation has stopped: what was measured is not a use")
	}
}
