package cache_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

// BenchmarkSizing asks for skewed keys of a full cache, by one caller: what the
// simulation costs beside the hits and loads that it sees. Without it nothing is in
// the sample.
func BenchmarkSizing(b *testing.B) {
	for _, simulated := range []bool{false, true} {
		b.Run("simulated="+strconv.FormatBool(simulated), func(b *testing.B) {
			o := options()
			o.MaxWeight = 64 << 20
			c, l := open(b, o, long, anything(500))
			random := rand.New(rand.NewPCG(1, 2))
			skewed := rand.NewZipf(random, 1.05, 10, 999_999)
			keys := make([]string, 1<<20)
			for i := range keys {
				keys[i] = strconv.FormatUint(skewed.Uint64(), 10)
			}
			for _, key := range keys[:200_000] {
				get(b, l, key)
			}
			if c.Sizing(); !simulated {
				c.StopSizingForTest()
			}
			i := 0
			for b.Loop() {
				get(b, l, keys[i%len(keys)])
				i++
			}
			rate, ghosts, _ := c.SampleForTest()
			b.ReportMetric(rate, "keys/sample")
			b.ReportMetric(float64(ghosts), "ghosts")
		})
	}
}
