package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"productcache/internal/cache"
)

// fill makes a cache of n values of equal weight, the oldest with key 0, and
// returns the weight of one.
func fill(t testing.TB, o cache.Options[string], n int) (c *cache.Cache[string], l *cache.Lookup[string], each int64) {
	t.Helper()
	c, l = open(t, o, lifetimes, anything(100))
	for i := range n {
		get(t, l, strconv.Itoa(i))
	}
	s := c.Stats()
	if s.Entries != int64(n) {
		t.Fatalf("%d entries after %d loads", s.Entries, n)
	}
	return c, l, s.Weight / s.Entries
}

// limits sets the limits and compares what is held then.
func limits(t *testing.T, c *cache.Cache[string], maxWeight int64, maxEntries int, entries int64) {
	t.Helper()
	if err := c.SetLimits(maxWeight, maxEntries); err != nil {
		t.Fatal(err)
	}
	s := c.Stats()
	if s.Entries != entries || s.MaxWeight != maxWeight || s.MaxEntries != int64(maxEntries) {
		t.Errorf("SetLimits(%d, %d): %d entries of at most %d, %d bytes at most; want %d entries",
			maxWeight, maxEntries, s.Entries, s.MaxEntries, s.MaxWeight, entries)
	}
	if err := c.CheckForTest(); err != nil {
		t.Error(err)
	}
}

// TestSetLimits shrinks and grows, by bytes and by entries: each time exactly
// as many leave as must.
func TestSetLimits(t *testing.T) {
	for _, maxEntryWeight := range []int{16 << 10, 1 << 20} { // many shards, one shard
		o := options()
		o.MaxWeight, o.MaxEntryWeight, o.Eviction = 4<<20, maxEntryWeight, cache.EvictLRU
		c, l, each := fill(t, o, 5000)
		limits(t, c, 4000*each, 0, 4000)
		limits(t, c, 4000*each, 1000, 1000)
		limits(t, c, 500*each+each-1, 1000, 500)
		limits(t, c, 8<<20, 0, 500)
		if evicted := c.Stats().Evictions; evicted != 4500 {
			t.Errorf("%d evictions counted, want 4500", evicted)
		}
		for i := range 10000 {
			get(t, l, "new"+strconv.Itoa(i))
		}
		if s := c.Stats(); s.Entries != 10500 {
			t.Errorf("%d entries in the grown cache, want 10500", s.Entries)
		}
	}
}

// TestSetLimitsEvictsTheOldest: shrinking evicts by the rule.
func TestSetLimitsEvictsTheOldest(t *testing.T) {
	o := options()
	o.MaxEntryWeight, o.Eviction = 1<<18, cache.EvictLRU
	c, l, _ := fill(t, o, 10)
	get(t, l, "0")
	limits(t, c, o.MaxWeight, 3, 3)
	if keys := fmt.Sprint(c.KeysForTest()); keys != "[0 8 9]" {
		t.Errorf("kept are %s, want [0 8 9]", keys)
	}
}

func TestSetLimitsRefuses(t *testing.T) {
	c, _ := open(t, options(), lifetimes, anything(10))
	before := c.Stats()
	for _, bad := range []struct {
		weight  int64
		entries int
	}{{0, 0}, {-1, 0}, {1 << 20, -1}} {
		if err := c.SetLimits(bad.weight, bad.entries); err == nil {
			t.Errorf("SetLimits(%d, %d) = nil", bad.weight, bad.entries)
		}
	}
	if s := c.Stats(); s.MaxWeight != before.MaxWeight || s.MaxEntries != before.MaxEntries {
		t.Errorf("limits are %d, %d now", s.MaxWeight, s.MaxEntries)
	}
}

// TestSetLimitsUnderLoad shrinks and grows while callers hit, miss and purge:
// when SetLimits has returned, the bounds hold, and go on to hold.
func TestSetLimitsUnderLoad(t *testing.T) {
	o := options()
	o.MaxWeight, o.MaxWaiting = 4<<20, 1000
	c, l := open(t, o, lifetimes, anything(200))
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for caller := range 4 {
		random := rand.New(rand.NewPCG(1, uint64(caller)))
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				key := strconv.Itoa(int(random.ExpFloat64() * 4000))
				if _, err := l.Get(context.Background(), key); err != nil {
					t.Errorf("Get: %v", err)
					return
				}
				if random.IntN(100) == 0 {
					l.Purge(cache.PurgeRemove, key)
				}
			}
		})
	}
	for _, to := range []int64{1 << 20, 4 << 20, 256 << 10, 2 << 20, 64 << 10, 4 << 20} {
		for s := c.Stats(); s.Weight < min(s.MaxWeight, 1<<20)*3/4; s = c.Stats() { // it fills
			runtime.Gosched()
		}
		if err := c.SetLimits(to, 0); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if s := c.Stats(); s.Weight > to {
				t.Fatalf("%d bytes held of %d", s.Weight, to)
			}
		}
	}
	close(stop)
	callers.Wait()
}
