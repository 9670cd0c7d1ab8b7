package tier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"productcache/internal/redistest"
	"productcache/internal/tier"
)

// TestEvictingRedis: with any policy, what Redis has evicted is loaded again, and a purge holds.
func TestEvictingRedis(t *testing.T) {
	for _, policy := range []string{"allkeys-lru", "allkeys-random", "volatile-ttl"} {
		t.Run(policy, func(t *testing.T) {
			s := redistest.Start(t, "--maxmemory", "3mb", "--maxmemory-policy", policy)
			d := newDatabase()
			for i := range 3000 {
				d.rows[fmt.Sprint(i)] = strings.Repeat(fmt.Sprint(i, " "), 100)
			}
			one, two := open(t, s.URL(), d), open(t, s.URL(), d)
			for i := range 3000 {
				key := fmt.Sprint(i)
				n := []*node{one, two}[i%2]
				if r := n.get(key)[0]; r.Err != nil || r.Value != d.rows[key] {
					t.Fatalf("%s is %+v", key, r)
				}
			}
			if s.Count("evicted_keys") == 0 {
				t.Error("nothing was evicted")
			}
			for i := range 50 {
				key := fmt.Sprint(i)
				one.get(key)
				d.set(key, "new")
				if open := one.Purge(t.Context(), purge(key), func() {}); len(open) > 0 {
					t.Logf("not confirmed by %v: what they say was evicted", open)
					continue
				}
				if r := two.get(key)[0]; r.Err != nil || r.Value != "new" {
					t.Errorf("%s is %.20q, %v, after a purge", key, r.Value, r.Err)
				}
			}
		})
	}
}

// TestEvictedEpochs: that Redis forgets what it likes costs loads, and no more.
func TestEvictedEpochs(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "old")
	one, two := open(t, s.URL(), d), open(t, s.URL(), d)
	one.expect("a", "old", false)
	one.stored(1)
	s.Do("DEL", "{test}:epochs")
	d.set("a", "new")
	two.Invalidate("products", []string{"a"}) // finds that there are others
	two.expect("a", "new", false)
	two.stored(1)
	one.Invalidate("products", []string{"a"})
	one.expect("a", "new", false)
	s.Do("FLUSHALL")
	d.set("a", "newer")
	if open := two.Purge(t.Context(), purge("a"), func() {}); len(open) > 0 {
		t.Logf("not confirmed by %v, which is true for a moment", open)
	}
	one.eventually("told", func(tier.Stats) bool { return one.in(purge("a")) })
	one.expect("a", "newer", false)
}

// rounds has a node store a value, which is changed and purged then, again and again: the node must never answer with the one from before.
func (n *node) rounds(d *database, many int, forget func(), purge func(round int)) {
	n.t.Helper()
	for i := range many {
		forget()
		d.set("a", fmt.Sprint("old", i))
		n.get("a")
		n.stored(uint64(2*i + 1))
		d.set("a", fmt.Sprint("new", i))
		purge(i)
		if r := n.get("a")[0]; r.Value != fmt.Sprint("new", i) {
			n.t.Errorf("%+v after a purge", r)
		}
		n.stored(uint64(2*i + 2))
	}
}

// TestPurgeInOtherEpochs: where Redis has evicted the epochs, a purge that others have confirmed holds on them, though they have used
// another epoch until then.
func TestPurgeInOtherEpochs(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase()
	one, two := open(t, s.URL(), d), open(t, s.URL(), d)
	forget := func() { one.Purge(t.Context(), purge("a"), func() {}) }
	two.rounds(d, 20, forget, func(int) {
		s.Do("DEL", "{test}:epochs")
		one.Invalidate("products", []string{"other"}) // which begins an epoch
		if open := one.Purge(t.Context(), purge("a"), func() {}); len(open) > 0 {
			t.Errorf("not confirmed by %v", open)
		}
	})
}

// TestPurgeInANewEpoch: where another node has begun an epoch and nobody has said so yet, a purge that it has done in that is not done
// in the old one.
func TestPurgeInANewEpoch(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase()
	n := open(t, s.URL(), d)
	forget := func() { n.Invalidate("products", []string{"a"}) }
	n.rounds(d, 5, forget, func(i int) {
		all := strings.TrimSpace(s.Do("HGET", "{test}:epochs", "*"))
		s.Do("HSET", "{test}:epochs", "products", fmt.Sprint(i))
		s.Do("XADD", "{test}:purges", "*", "m", fmt.Sprintf(`{"node":"other","sequence":%d,"epoch":"%s.%d","purge":{"lookup":"products","keys":["a%d"]}}`, i+1, all, i, i))
		n.eventually("told", func(tier.Stats) bool { return n.in(purge(fmt.Sprint("a", i))) })
	})
}

// TestEvictedList: where Redis has evicted the list of nodes, a purge is not called done before those have done it that were on it.
func TestEvictedList(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase()
	arrived, gate := make(chan struct{}), make(chan struct{})
	one := open(t, s.URL(), d, func(o *tier.Options[string]) { o.Confirm = 100 * time.Millisecond })
	two := open(t, s.URL(), d, named("two"), func(o *tier.Options[string]) {
		o.Purged = func(tier.Purge) { arrived <- struct{}{}; <-gate }
	})
	one.eventually("knows the other", func(tier.Stats) bool { return len(one.Members()) == 1 })
	for range 10 {
		s.Do("DEL", "{test}:nodes")
		if open := one.Purge(t.Context(), purge("a"), func() {}); !slices.Contains(open, "two") {
			t.Errorf("not confirmed by %v, want two", open)
		}
		<-arrived
		gate <- struct{}{}
	}
	two.eventually("on the list again", func(tier.Stats) bool { return strings.Contains(s.Do("HVALS", "{test}:nodes"), `"two"`) })
}

// TestEvictedListOfStrangers: where the list was evicted before a node was seen, a purge is not called done by all.
func TestEvictedListOfStrangers(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase()
	arrived, gate := make(chan tier.Purge, 10), make(chan struct{})
	one := open(t, s.URL(), d, named("one"), func(o *tier.Options[string]) { o.Confirm = 50 * time.Millisecond })
	open(t, s.URL(), d, named("two"), gated(arrived, gate))
	defer close(gate)
	s.Do("DEL", "{test}:nodes")
	if open := one.Purge(t.Context(), purge("a"), func() {}); len(open) == 0 {
		t.Error("a purge is confirmed that a node has not done")
	}
}

// TestEvictedStream: a purge whose message is evicted before another node has read it is not confirmed by what it reads afterwards,
// before it has made everything stale.
func TestEvictedStream(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase()
	arrived, gate := make(chan tier.Purge, 10), make(chan struct{}, 10)
	one := open(t, s.URL(), d, named("one"))
	two := open(t, s.URL(), d, named("two"), gated(arrived, gate))
	one.knows(1)
	confirmed := map[string]chan []string{}
	begin := func(key string) {
		open := make(chan []string, 1)
		confirmed[key] = open
		go func() { open <- one.Purge(t.Context(), purge(key), func() {}) }()
	}
	said := func(key string) {
		for !strings.Contains(s.Do("XRANGE", "{test}:purges", "-", "+"), `"`+key+`"`) {
		}
	}
	begin("first")
	<-arrived // two does not read meanwhile
	begin("lost")
	said("lost")
	s.Do("DEL", "{test}:purges")
	begin("next")
	said("next")
	for range 2 {
		gate <- struct{}{}
	}
	if open := <-confirmed["lost"]; len(open) == 0 && two.Stats().Distrusted == 0 {
		t.Error("a purge is confirmed by a node that was not told of it")
	}
	two.toldOrDistrusts(purge("lost"))
	<-confirmed["first"]
	<-confirmed["next"]
}

// TestTrimmedStream: a node that was away for longer than messages are kept makes everything stale.
func TestTrimmedStream(t *testing.T) {
	s := redistest.Start(t)
	wall := newWall(t, s)
	d := newDatabase()
	one := open(t, s.URL(), d, named("one"), func(o *tier.Options[string]) { o.Confirm = 50 * time.Millisecond })
	two := open(t, "redis://"+wall.Addr(), d, named("two"), func(o *tier.Options[string]) { o.Timeout = 50 * time.Millisecond })
	one.knows(1)
	two.knows(1)
	wall.Lead("")
	wall.Cut()
	two.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
	for i := range 5 {
		one.Purge(t.Context(), purge(fmt.Sprint("x", i)), func() {})
	}
	s.Do("XTRIM", "{test}:purges", "MAXLEN", "1")
	wall.Lead(s.Address())
	two.eventually("distrusts", func(s tier.Stats) bool { return s.Distrusted > 0 })
}
