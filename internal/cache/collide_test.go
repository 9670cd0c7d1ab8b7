package cache

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestKeysOfOneHash: whoever comes later takes the place, and neither gets what
// is the other's.
func TestKeysOfOneHash(t *testing.T) {
	c, err := New(Options[string]{MaxWeight: 1 << 20, MaxEntryWeight: 1 << 10, MaxNegatives: 10, Concurrency: 1, BatchKeys: 1,
		MaxWaiting: 1, LoadTimeout: time.Second, Weigh: func(v string) int { return len(v) }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	lt := Lifetimes{TTL: time.Hour, NegativeTTL: time.Hour}
	l, _ := c.NewLookup("a", lt, nil)
	other, _ := c.NewLookup("b", lt, nil)
	const hash = 42
	s := l.shard(hash)
	put := func(l *Lookup[string], key string, found bool) {
		e := newEntry(l, key, Loaded[string]{Value: key, Found: found}, 0, 0)
		if !c.makeRoom(0, c.weight(e), found) || !s.store(l, hash, e, s.generation(l, hash)) {
			t.Fatalf("%s was not stored", key)
		}
		if err := c.CheckForTest(); err != nil && strings.Contains(err.Error(), "counted") {
			t.Fatal(err)
		}
	}
	known := func(l *Lookup[string], key string) bool {
		a, v, _ := s.look(l, key, hash, 1)
		_, stale := s.lookStale(l, key, hash, 1, true)
		if v == serve && a.Found && (a.Value != key || !stale) {
			t.Errorf("key %s has the value %q", key, a.Value)
		}
		return v == serve
	}
	for i, step := range []struct {
		do   func()
		keys [3]bool // a of l, b of l, a of other
	}{
		{func() { put(l, "a", true) }, [3]bool{true, false, false}},
		{func() { put(l, "b", true) }, [3]bool{false, true, false}},
		{func() { put(other, "a", true) }, [3]bool{false, false, true}},
		{func() { s.invalidate(l, "a", hash, 1, ByPurge, PurgeRemove) }, [3]bool{false, false, true}},
		{func() { s.forget(l, "a", hash, 1, s.generation(l, hash)) }, [3]bool{false, false, true}},
		{func() { put(l, "b", false) }, [3]bool{false, true, false}},
		{func() { put(l, "a", false) }, [3]bool{true, false, false}},
		{func() { s.invalidate(l, "b", hash, 1, ByPurge, PurgeRemove) }, [3]bool{true, false, false}},
		{func() { put(other, "a", true) }, [3]bool{false, false, true}},
	} {
		step.do()
		if got := [3]bool{known(l, "a"), known(l, "b"), known(other, "a")}; got != step.keys {
			t.Errorf("step %d: known = %v, want %v", i, got, step.keys)
		}
	}
	if n := l.usedByValues.entries.Load() + l.usedByAbsences.entries.Load(); n != 0 {
		t.Errorf("%d entries are counted for a lookup that has none", n)
	}
}

// TestLongKeys are held like others, up to a bound.
func TestLongKeys(t *testing.T) {
	c, err := New(Options[string]{MaxWeight: 1 << 22, MaxEntryWeight: 1 << 10, Concurrency: 1, BatchKeys: 1, MaxWaiting: 1,
		LoadTimeout: time.Second, Weigh: func(string) int { return 100 }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	l, _ := c.NewLookup("a", Lifetimes{TTL: time.Hour}, func(_ context.Context, keys []string) ([]Loaded[string], error) {
		return []Loaded[string]{{Value: keys[0], Found: true}}, nil
	})
	for _, n := range []int{0, 1, 24, maxKey - 1, maxKey, maxKey + 1, 5000, mostKey, mostKey + 1} {
		key := strings.Repeat("k", n)
		for i, want := range []Outcome{Miss, Hit} {
			if n > mostKey {
				want = Miss
			}
			a, err := l.Get(context.Background(), key)
			if err != nil || a.Outcome != want || a.Value != key || a.Stored != (want == Miss && n <= mostKey) {
				t.Errorf("key of %d bytes, %d: %v, %v, stored %v; want %v", n, i, a.Outcome, err, a.Stored, want)
			}
		}
	}
	if err := c.CheckForTest(); err != nil {
		t.Error(err)
	}
}
