package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
	"productcache/internal/racetest"
)

// unequal loads values of up to 2000 bytes, always as long for one key, or what of it
// is before a slash.
func unequal(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
	loaded := make([]cache.Loaded[string], len(keys))
	for i, key := range keys {
		n := 0
		id, _, _ := strings.Cut(key, "/")
		for _, c := range []byte(id) {
			n = (n*31 + int(c)) % 2000
		}
		loaded[i] = cache.Loaded[string]{Value: strings.Repeat("x", n), Found: true}
	}
	return loaded, nil
}

// long are lifetimes that do not end in a replay.
var long = cache.Lifetimes{TTL: 1000 * time.Hour}

// sampleNames returns names for keys, by which each is as early in the cache's sample
// as the seed has it, to a 64th of all keys: the hash of a cache differs from run to
// run, and with it how well its sample stands for all keys.
func sampleNames(l *cache.Lookup[string], seed uint64, keys []string) []string {
	random := rand.New(rand.NewPCG(seed, 0))
	names, of := make([]string, len(keys)), make(map[string]string)
	for i, key := range keys {
		if of[key] == "" {
			want := random.IntN(64)
			for n := 0; of[key] == "" || l.SampledForTest(of[key], 64) != want; n++ {
				of[key] = fmt.Sprint(key, "/", n)
			}
		}
		names[i] = of[key]
	}
	return names
}

// replaySized asks for keys, ten a second as a shop does, reads the sizing now
// and then, and returns what it says at the end. The seed chooses the sample.
func replaySized(t *testing.T, o cache.Options[string], miniatures int64, seed uint64, keys []string) (s cache.Sizing) {
	synctest.Test(t, func(t *testing.T) {
		c, l := open(t, o, long, unequal)
		c.SizingBytesForTest(miniatures)
		for i, key := range sampleNames(l, seed, keys) {
			get(t, l, key)
			if i%10 == 9 {
				time.Sleep(time.Second)
			}
			if i%150 == 149 {
				c.Sizing()
			}
		}
		s = c.Sizing()
		rate, ghosts, limit := c.SampleForTest()
		if ghosts > limit {
			t.Errorf("%d entries in miniatures, %d at most", ghosts, limit)
		}
		t.Logf("%d bytes, %d entries at most: half %.2f, now %.2f, double %.2f, by %d entries, one of %.1f",
			o.MaxWeight, o.MaxEntries, 100*s.Half, 100*s.Now, 100*s.Double, s.Sampled, rate)
	})
	return s
}

// expectNear compares shares, in points.
func expectNear(t *testing.T, what string, said, is, within float64) {
	t.Helper()
	if off := 100 * (said - is); off < -within || off > within {
		t.Errorf("%s: said %.2f %%, is %.2f %%", what, 100*said, 100*is)
	}
}

// TestSizing: where all keys are in the sample, the advice is what caches of half
// and double the room do.
func TestSizing(t *testing.T) {
	racetest.Skip(t)
	random := rand.New(rand.NewPCG(1, 2))
	skewed := rand.NewZipf(random, 1.1, 10, 4999)
	var keys []string
	for range 20_000 {
		keys = append(keys, fmt.Sprint(skewed.Uint64()))
	}
	for _, bound := range []struct {
		name string
		set  func(o *cache.Options[string], size int)
	}{
		{"entries", func(o *cache.Options[string], size int) { o.MaxEntries, o.MaxWeight = 50*size, 1<<30 }},
		{"bytes", func(o *cache.Options[string], size int) { o.MaxWeight, o.MaxEntryWeight = int64(60_000*size), 1<<16 }},
	} {
		var is [5]cache.Sizing
		for _, size := range []int{1, 2, 4} {
			o := options()
			o.Eviction = cache.EvictLRU
			bound.set(&o, size)
			is[size] = replaySized(t, o, 1<<20, 1, keys)
		}
		expectNear(t, bound.name+", half", is[2].Half, is[1].Now, 0.01)
		expectNear(t, bound.name+", double", is[2].Double, is[4].Now, 0.01)
		if is[4].Now < is[1].Now+0.05 {
			t.Errorf("%s: the sizes hit %.2f and %.2f: they show nothing", bound.name, is[1].Now, is[4].Now)
		}
	}
}

// TestSizingOfAShop replays real requests, where they are at hand, to caches of
// which miniatures of all keys would be too large. They have the room for them that
// a cache of 200 MiB has. The advice is within two points of what caches of the
// other size do, each the mean of two samples.
func TestSizingOfAShop(t *testing.T) {
	racetest.Skip(t)
	keys := shopTrace(t)
	for _, eviction := range []cache.Eviction{cache.EvictAdaptive, cache.EvictLRU} {
		var mean [9]cache.Sizing // by MiB
		for _, size := range []int{2, 4, 8} {
			for seed := range uint64(2) {
				o := options()
				o.MaxWeight, o.Eviction = int64(size)<<20, eviction
				s := replaySized(t, o, 2<<20, seed, keys)
				mean[size].Half += s.Half / 2
				mean[size].Now += s.Now / 2
				mean[size].Double += s.Double / 2
			}
		}
		for _, size := range []int{2, 4} {
			expectNear(t, fmt.Sprintf("%s, %d MiB, double", eviction, size), mean[size].Double, mean[2*size].Now, 2)
			expectNear(t, fmt.Sprintf("%s, %d MiB, half", eviction, 2*size), mean[2*size].Half, mean[size].Now, 2)
		}
	}
}

// TestSizingKnowsLifetimes: what has expired, or was purged, would be loaded again
// by a cache of any size.
func TestSizingKnowsLifetimes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after func(l *cache.Lookup[string], key string)
		gain  bool
	}{
		{"expired", func(*cache.Lookup[string], string) { time.Sleep(2 * time.Minute) }, false},
		{"purged", func(l *cache.Lookup[string], key string) { l.Purge(cache.PurgeStale, key) }, false},
		{"all purged", func(l *cache.Lookup[string], _ string) { l.PurgeAll(cache.PurgeStale) }, false},
		{"kept", func(*cache.Lookup[string], string) {}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := options()
			o.MaxEntries, o.Eviction = 10, cache.EvictLRU
			c, l := open(t, o, lifetimes, anything(10))
			for range 10 {
				for i := range 15 { // a loop, too long by half
					key := fmt.Sprint(i)
					get(t, l, key)
					tt.after(l, key)
				}
			}
			s := c.Sizing()
			if s.Now != 0 || s.Half != 0 || (s.Double == 0.9) != tt.gain || !tt.gain && s.Double != 0 {
				t.Errorf("%s: %+v", tt.name, s)
			}
		})
	}
}

// TestSizingForgetsOtherBounds, and what nobody asked for any more.
func TestSizingForgetsOtherBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := open(t, options(), long, anything(10))
		if s := c.Sizing(); s != (cache.Sizing{}) {
			t.Errorf("before anything was asked for: %+v", s)
		}
		get(t, l, "a")
		get(t, l, "a")
		if s := c.Sizing(); s.Now != 0.5 || s.Half != 0.5 || s.Double != 0.5 || s.Sampled != 1 {
			t.Errorf("after a miss and a hit: %+v", s)
		}
		time.Sleep(24 * time.Hour)
		get(t, l, "a")
		if s := c.Sizing(); s.Now < 0.999 {
			t.Errorf("a day later: %+v", s)
		}
		if err := c.SetLimits(2<<20, 0); err != nil {
			t.Fatal(err)
		}
		if s := c.Sizing(); s != (cache.Sizing{}) {
			t.Errorf("with other bounds, before anything was asked for: %+v", s)
		}
		get(t, l, "b")
		if s := c.Sizing(); s.Now != 0 {
			t.Errorf("with other bounds: %+v", s)
		}
	})
}

// TestSizingSparesABusyCache: where so many keys are asked for that simulating
// all of them would take too long, it stops by itself, and goes on with fewer.
func TestSizingSparesABusyCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.MaxEntries = 200
		c, l := open(t, o, long, anything(10))
		busy := func() {
			for i := range 4096 {
				if get(t, l, fmt.Sprint(i%100)); i%100 == 99 {
					time.Sleep(500 * time.Microsecond) // 200,000 a second
				}
			}
		}
		busy()
		if _, ghosts, _ := c.SampleForTest(); ghosts != 300 {
			t.Fatalf("%d entries in miniatures, want all three times", ghosts)
		}
		c.Sizing()
		rate, ghosts, _ := c.SampleForTest()
		if rate < 50 || rate > 65 || ghosts > 60 {
			t.Errorf("one of %.1f is simulated, %d entries; want one of 50 to 65", rate, ghosts)
		}
		for range 3 { // quiet again
			for i := range 2048 {
				get(t, l, fmt.Sprint(i%100))
				time.Sleep(time.Second)
			}
			c.Sizing()
		}
		if rate, _, _ := c.SampleForTest(); rate != 1 {
			t.Errorf("one of %.1f is simulated of a quiet cache, want every one", rate)
		}
	})
}
