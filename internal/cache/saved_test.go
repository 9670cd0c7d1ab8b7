package cache_test

import (
	"strconv"
	"testing"
	"time"

	"productcache/internal/cache"
)

// TestSavedMissesNothingInUse: while the values are walked, those that were given are used, and move behind those that
// were not.
func TestSavedMissesNothingInUse(t *testing.T) {
	for _, eviction := range []cache.Eviction{cache.EvictAdaptive, cache.EvictLRU, cache.Evict2Q, cache.EvictTinyLFU} {
		t.Run(string(eviction), func(t *testing.T) {
			const keys = 2000
			o := newOrigin()
			for i := range keys {
				o.rows[strconv.Itoa(i)] = "v"
			}
			settings := options()
			settings.Eviction = eviction
			c, l := open(t, settings, lifetimes, o.load)
			for i := range keys {
				ask(t, l, strconv.Itoa(i), cache.Miss, "v")
			}
			times := map[string]int{}
			for _, s := range c.Saved(time.Now()) {
				times[s.Key]++
				ask(t, l, s.Key, cache.Hit, "v")
			}
			for i := range keys {
				if n := times[strconv.Itoa(i)]; n != 1 {
					t.Errorf("value %d was saved %d times, want once", i, n)
				}
			}
		})
	}
}
