package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"productcache/internal/cache"
	"productcache/internal/racetest"
)

var evictions = []cache.Eviction{cache.EvictAdaptive, cache.EvictLRU, cache.Evict2Q, cache.EvictTinyLFU}

// replay asks for keys in their order and returns the share of hits in percent.
func replay(t *testing.T, eviction cache.Eviction, room int, keys []string) float64 {
	t.Helper()
	o := options()
	o.MaxWeight, o.MaxEntries, o.Eviction = 1<<30, room, eviction
	c, l := open(t, o, lifetimes, anything(10))
	hits := 0
	for _, key := range keys {
		if get(t, l, key).Outcome == cache.Hit {
			hits++
		}
	}
	if err := c.CheckForTest(); err != nil {
		t.Error(err)
	}
	return 100 * float64(hits) / float64(len(keys))
}

// TestEvictionSequence: what a cache of four keeps, by each fixed rule.
func TestEvictionSequence(t *testing.T) {
	for _, tt := range []struct {
		eviction cache.Eviction
		asked    string
		kept     string
	}{
		{cache.EvictLRU, "abcdaef", "adef"},
		{cache.EvictLRU, "abcdaabefgh", "efgh"},
		{cache.Evict2Q, "abcdaabbefgh", "abch"}, // each newcomer leaves before what was asked for twice
		{cache.EvictTinyLFU, "aabbccdefgh", "abch"},
		{cache.EvictTinyLFU, "aabbccdddefe", "bcde"}, // the window keeps its place
	} {
		o := options()
		o.MaxEntries, o.Eviction = 4, tt.eviction
		c, l := open(t, o, lifetimes, anything(10))
		for _, key := range tt.asked {
			get(t, l, string(key))
		}
		if kept := strings.Join(c.KeysForTest(), ""); kept != tt.kept {
			t.Errorf("%s, asked for %s: keeps %s, want %s", tt.eviction, tt.asked, kept, tt.kept)
		}
	}
}

// TestRefreshKeepsTheRank: what was asked for often and is loaded anew does not
// leave like a newcomer.
func TestRefreshKeepsTheRank(t *testing.T) {
	o := options()
	o.MaxEntries, o.Eviction = 4, cache.Evict2Q
	c, l := open(t, o, lifetimes, anything(10))
	for _, key := range "aabbccde" {
		get(t, l, string(key))
	}
	l.Purge(cache.PurgeStale, "a", "b")
	for _, key := range "abfgh" {
		get(t, l, string(key))
	}
	if kept := strings.Join(c.KeysForTest(), ""); kept != "abch" {
		t.Errorf("keeps %s, want abch", kept)
	}
}

// TestScanKeepsTheHotSet: every rule but LRU keeps most of what is asked for
// again and again while ten times the cache's room passes by once.
func TestScanKeepsTheHotSet(t *testing.T) {
	for _, eviction := range evictions {
		o := options()
		o.MaxEntries, o.Eviction = 200, eviction
		_, l := open(t, o, lifetimes, anything(10))
		for range 10 {
			for i := range 100 {
				get(t, l, fmt.Sprint("hot", i))
			}
		}
		for i := range 2000 {
			get(t, l, fmt.Sprint("once", i))
		}
		hot := 0
		for i := range 100 {
			if get(t, l, fmt.Sprint("hot", i)).Outcome == cache.Hit {
				hot++
			}
		}
		if eviction == cache.EvictLRU && hot > 0 || eviction != cache.EvictLRU && hot < 80 {
			t.Errorf("%s: %d of 100 are left", eviction, hot)
		}
	}
}

// TestHitRatio on requests of which some follow a skew, some walk over all keys.
func TestHitRatio(t *testing.T) {
	racetest.Skip(t)
	random := rand.New(rand.NewPCG(1, 2))
	skewed := rand.NewZipf(random, 1.1, 10, 9999)
	var keys []string
	for i := range 60_000 {
		if i%4 == 0 {
			keys = append(keys, fmt.Sprint(i/4%10_000))
		} else {
			keys = append(keys, fmt.Sprint(skewed.Uint64()))
		}
	}
	for _, room := range []int{100, 500, 2000} {
		lru := replay(t, cache.EvictLRU, room, keys)
		adaptive := replay(t, cache.EvictAdaptive, room, keys)
		if adaptive < lru+4 {
			t.Errorf("room for %d: %.1f %% hit, by LRU %.1f; want 4 more", room, adaptive, lru)
		}
	}
}

// shopTrace returns real requests, where they are at hand.
func shopTrace(t *testing.T) []string {
	t.Helper()
	file := os.Getenv("PRODUCTCACHE_BENCH_TRACE")
	if !strings.HasSuffix(file, ".xz") {
		t.Skip("PRODUCTCACHE_BENCH_TRACE names no trace compressed by xz")
	}
	text, err := exec.CommandContext(context.Background(), "xz", "-dc", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// TestHitRatioOfAShop replays real requests, where they are at hand.
func TestHitRatioOfAShop(t *testing.T) {
	racetest.Skip(t)
	keys := shopTrace(t)
	distinct := map[string]bool{}
	for _, key := range keys {
		distinct[key] = true
	}
	for _, percent := range []int{1, 5, 10, 20} {
		room := len(distinct) * percent / 100
		lru, adaptive := replay(t, cache.EvictLRU, room, keys), replay(t, cache.EvictAdaptive, room, keys)
		t.Logf("room for %d %%: %.2f %% hit, by LRU %.2f", percent, adaptive, lru)
		if adaptive < lru+1 {
			t.Errorf("room for %d %%: %.2f %% hit, by LRU %.2f; want 1 more", percent, adaptive, lru)
		}
	}
}
