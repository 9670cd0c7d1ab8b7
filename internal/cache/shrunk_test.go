package cache_test

import (
	"runtime"
	"testing"

	"productcache/internal/racetest"
)

// TestShrunkMemory: what a cache keeps of its time as a large one is little.
func TestShrunkMemory(t *testing.T) {
	racetest.Skip(t)
	before := heap()
	o := options()
	o.MaxWeight, o.MaxEntryWeight = 256<<20, 16<<10
	c, _, each := fill(t, o, 100_000)
	c.StopSizingForTest() // it takes a part of its own
	full := heap() - before
	limits(t, c, 1000*each, 0, 1000)
	if left := heap() - before; left > full/10 {
		t.Errorf("%d bytes are left of %d, with 1 entry of 100", left, full)
	}
	runtime.KeepAlive(c)
}
