package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"productcache/internal/cache"
	"productcache/internal/racetest"
)

// anything finds a value of the given size for every key.
func anything(size int) cache.LoadFunc[string] {
	return func(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
		loaded := make([]cache.Loaded[string], len(keys))
		for i := range keys {
			loaded[i] = cache.Loaded[string]{Value: strings.Repeat("x", size), Found: true}
		}
		return loaded, nil
	}
}

func nothing(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
	return make([]cache.Loaded[string], len(keys)), nil
}

func get(t testing.TB, l *cache.Lookup[string], key string) cache.Answer[string] {
	t.Helper()
	a, err := l.Get(context.Background(), key)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	return a
}

// TestWeightStaysInItsBound under ever new keys from several callers, looked at
// all the while.
func TestWeightStaysInItsBound(t *testing.T) {
	c, l := open(t, options(), lifetimes, anything(1000))
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 3000 {
				get(t, l, fmt.Sprint(g, "-", i))
				if s := c.Stats(); s.Weight > 1<<20 {
					t.Errorf("weight = %d, want at most %d", s.Weight, 1<<20)
					return
				}
			}
		})
	}
	wg.Wait()
	s := c.Stats()
	if s.Weight < (1<<20)*95/100 {
		t.Errorf("weight = %d, want it near its bound of %d", s.Weight, 1<<20)
	}
	if s.Entries+int64(s.Evictions) != 12000 || s.Entries != s.Lookups[0].Entries || s.Weight != s.Lookups[0].Weight {
		t.Errorf("stats do not add up: %+v", s)
	}
}

func TestEntriesStayInTheirBound(t *testing.T) {
	for i, bound := range []int{1, 10, 1000, 1, 10, 1000, 1, 10, 1000, 1, 10, 1000} {
		o := options()
		o.MaxEntries, o.Eviction = bound, evictions[i/3]
		c, l := open(t, o, lifetimes, anything(10))
		for i := range 3 * bound {
			get(t, l, fmt.Sprint(i))
			if s := c.Stats(); s.Entries > int64(bound) {
				t.Fatalf("%d entries, want at most %d", s.Entries, bound)
			}
		}
		if s := c.Stats(); s.Entries != int64(bound) {
			t.Errorf("%d entries, want %d", s.Entries, bound)
		}
	}
}

// TestOldestIsEvicted: a small cache evicts exactly the least recently used key.
func TestOldestIsEvicted(t *testing.T) {
	o := options()
	o.Eviction = cache.EvictLRU
	o.MaxEntries = 3
	_, l := open(t, o, lifetimes, anything(10))
	for _, key := range []string{"a", "b", "c", "a", "d"} {
		get(t, l, key)
	}
	for key, want := range map[string]cache.Outcome{"a": cache.Hit, "c": cache.Hit, "d": cache.Hit} {
		if a := get(t, l, key); a.Outcome != want {
			t.Errorf("Get(%s) = %v, want %v", key, a.Outcome, want)
		}
	}
	if a := get(t, l, "b"); a.Outcome != cache.Miss {
		t.Errorf("Get(b) = %v, want %v", a.Outcome, cache.Miss)
	}
}

// TestTooLargeIsServedNotStored, and what was known before is outdated.
func TestTooLargeIsServedNotStored(t *testing.T) {
	size := 100
	load := func(ctx context.Context, keys []string) ([]cache.Loaded[string], error) {
		return anything(size)(ctx, keys)
	}
	c, l := open(t, options(), lifetimes, load)
	get(t, l, "42")
	size = 1<<14 + 1
	l.Purge(cache.PurgeStale, "42")
	for range 2 {
		if a := get(t, l, "42"); a.Outcome != cache.Miss || a.Stored || len(a.Value) != size {
			t.Errorf("Get = %v, stored %v, %d bytes; want a miss, not stored, %d", a.Outcome, a.Stored, len(a.Value), size)
		}
	}
	if s := c.Stats(); s.Entries != 0 || s.Weight != 0 {
		t.Errorf("%d entries of %d bytes, want none", s.Entries, s.Weight)
	}
}

// TestAbsencesNeverEvictValues: random absent ids fill their own place only.
func TestAbsencesNeverEvictValues(t *testing.T) {
	load := func(ctx context.Context, keys []string) ([]cache.Loaded[string], error) {
		if strings.HasPrefix(keys[0], "absent") {
			return nothing(ctx, keys)
		}
		return anything(1000)(ctx, keys)
	}
	o := options()
	o.MaxEntries = 500
	c, l := open(t, o, lifetimes, load)
	for i := range 500 {
		get(t, l, fmt.Sprint(i))
	}
	for i := range 5000 {
		get(t, l, fmt.Sprint("absent", i))
		get(t, l, fmt.Sprint("absent", strings.Repeat("y", 900), i))
	}
	s := c.Stats()
	if s.Entries != 500 || s.Evictions != 0 {
		t.Errorf("%d values, %d evicted; want 500, 0", s.Entries, s.Evictions)
	}
	if s.Negatives > 100 || s.Negatives < 20 {
		t.Errorf("%d negatives, want at most 100 and not none", s.Negatives)
	}
}

func TestNoNegativesAreRememberedWithoutRoom(t *testing.T) {
	o := options()
	o.MaxNegatives = 0
	c, l := open(t, o, lifetimes, nothing)
	if a := get(t, l, "7"); a.Found || a.Stored {
		t.Errorf("found, stored = %v, %v; want false", a.Found, a.Stored)
	}
	if n := c.Stats().Negatives; n != 0 {
		t.Errorf("%d negatives, want 0", n)
	}
}

// TestWeightIsHonest compares what the cache counts with what the heap grew by.
func TestWeightIsHonest(t *testing.T) {
	racetest.Skip(t)
	for _, entries := range []int{15_000, 16_500, 20_000, 27_000} { // maps and lists are between half and nearly full
		o := options()
		o.Weigh = func(v string) int { return len(v) + 16 } // two words in the entry instead of one
		o.MaxWeight = 1 << 30
		load := func(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
			loaded := make([]cache.Loaded[string], len(keys))
			for i := range keys {
				loaded[i] = cache.Loaded[string]{Value: strings.Repeat("x", 512), Found: true}
			}
			return loaded, nil
		}
		c, l := open(t, o, lifetimes, load)
		c.StopSizingForTest() // it takes a fixed part of the bound
		before := heap()
		for i := range entries {
			get(t, l, fmt.Sprintf("%d", 1_000_000+i))
		}
		grown, counted := heap()-before, c.Stats().Weight
		if ratio := float64(grown) / float64(counted); ratio > 1.01 || ratio < 0.92 {
			t.Errorf("%d entries: the heap grew by %d bytes, %d counted: ratio %.3f, want 0.92 to 1.01", entries, grown, counted, ratio)
		}
		runtime.KeepAlive(c)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestHitAllocatesNothing is the hit path's budget.
func TestHitAllocatesNothing(t *testing.T) {
	for _, eviction := range evictions {
		t.Run(string(eviction), func(t *testing.T) { hitAllocatesNothing(t, eviction) })
	}
}

func hitAllocatesNothing(t *testing.T, eviction cache.Eviction) {
	o := options()
	o.Eviction = eviction
	_, l := open(t, o, lifetimes, anything(100))
	keys := []string{"1", "2", "3"}
	for _, key := range keys {
		get(t, l, key)
	}
	results := make([]cache.Result[string], 0, len(keys))
	ctx := context.Background()
	if n := testing.AllocsPerRun(1000, func() { _, _ = l.Get(ctx, "2") }); n != 0 {
		t.Errorf("Get allocates %v times, want 0", n)
	}
	if n := testing.AllocsPerRun(1000, func() { results = l.GetMany(ctx, keys, results[:0]) }); n != 0 {
		t.Errorf("GetMany allocates %v times, want 0", n)
	}
	all := func([]cache.Result[string]) bool { return true }
	if n := testing.AllocsPerRun(1000, func() {
		_, _ = l.TryGet("2")
		results, _ = l.TryGetMany(keys, results[:0], all)
	}); n != 0 {
		t.Errorf("TryGet and TryGetMany allocate %v times, want 0", n)
	}
}

// TestAgainstANaiveMap runs random operations, one after the other, against a
// map that never evicts: an answer is the map's, whatever the cache remembers.
func TestAgainstANaiveMap(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		o := newOrigin()
		opts := options()
		opts.MaxEntries, opts.MaxNegatives = 1+random.IntN(20), random.IntN(20)
		opts.Eviction = evictions[seed%uint64(len(evictions))]
		c, l := open(t, opts, lifetimes, o.load)
		naive := map[string]string{}
		for step := range 3000 {
			key := fmt.Sprint(random.IntN(30))
			switch random.IntN(8) {
			case 0:
				naive[key] = fmt.Sprint(step)
				o.set(key, naive[key])
				l.Purge(cache.PurgeMode(random.IntN(2)), key)
			case 1:
				delete(naive, key)
				o.remove(key)
				l.Purge(cache.PurgeMode(random.IntN(2)), key)
			case 2:
				if random.IntN(50) == 0 {
					l.PurgeAll(cache.PurgeMode(random.IntN(2)))
				}
			case 3:
				a, err := c.Audit(context.Background(), equal)
				if err != nil || a.Outcome == cache.AuditDifferent || a.Outcome == cache.AuditSuperseded {
					t.Fatalf("seed %d, step %d: Audit = %+v, %v", seed, step, a, err)
				}
				if want, found := naive[a.Key]; a.Outcome == cache.AuditSame && (a.Cached != want || !found) {
					t.Fatalf("seed %d, step %d: Audit found %s = %q; want %q, %v", seed, step, a.Key, a.Cached, want, found)
				}
			default:
				a := get(t, l, key)
				if want, found := naive[key]; a.Value != want || a.Found != found {
					t.Fatalf("seed %d, step %d: Get(%s) = %q, %v; want %q, %v", seed, step, key, a.Value, a.Found, want, found)
				}
			}
			if err := c.CheckForTest(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
	}
}

func TestOptionsValidate(t *testing.T) {
	for name, breakIt := range map[string]func(*cache.Options[string]){
		"MaxWeight must be positive":      func(o *cache.Options[string]) { o.MaxWeight = 0 },
		"MaxEntryWeight must be positive": func(o *cache.Options[string]) { o.MaxEntryWeight = 0 },
		"Concurrency must be positive":    func(o *cache.Options[string]) { o.Concurrency = 0 },
		"BatchKeys must be positive":      func(o *cache.Options[string]) { o.BatchKeys = 0 },
		"MaxWaiting must be positive":     func(o *cache.Options[string]) { o.MaxWaiting = -1 },
		"LoadTimeout must be positive":    func(o *cache.Options[string]) { o.LoadTimeout = 0 },
		"must not be negative":            func(o *cache.Options[string]) { o.MaxNegatives = -1 },
		"below 2 GiB":                     func(o *cache.Options[string]) { o.MaxEntryWeight = 1 << 31 },
		"eviction must be":                func(o *cache.Options[string]) { o.Eviction = "fifo" },
		"Weigh is required":               func(o *cache.Options[string]) { o.Weigh = nil },
	} {
		o := options()
		breakIt(&o)
		if _, err := cache.New(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("New = %v, want %q", err, name)
		}
	}
	c, _ := open(t, options(), lifetimes, nothing)
	if _, err := c.NewLookup("x", cache.Lifetimes{TTL: -1}, nothing); err == nil {
		t.Error("NewLookup with a negative TTL = nil error, want one")
	}
}
