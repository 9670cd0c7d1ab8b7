package tier_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"productcache/internal/faults"
	"productcache/internal/redistest"
	"productcache/internal/tier"
)

// gated has a node wait for the gate before it does a purge.
func gated(arrived chan<- tier.Purge, gate <-chan struct{}) func(o *tier.Options[string]) {
	return func(o *tier.Options[string]) {
		told := o.Purged
		o.Purged = func(p tier.Purge) {
			arrived <- p
			<-gate
			told(p)
		}
	}
}

// knows waits until a node has seen so many others.
func (n *node) knows(others int) {
	n.t.Helper()
	n.eventually("knows the others", func(tier.Stats) bool { return len(n.Members()) == others })
}

// toldOrDistrusts waits until a node was told of a purge, or has made everything stale.
func (n *node) toldOrDistrusts(p tier.Purge) {
	n.t.Helper()
	n.eventually("told of "+p.Keys[0], func(s tier.Stats) bool { return n.in(p) || s.Distrusted > 0 })
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
	wall, err := faults.New(s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer wall.Close()
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

// TestBegunAlone: a node that has served before it reached Redis is told of what was purged meanwhile.
func TestBegunAlone(t *testing.T) {
	s := redistest.Start(t)
	wall, err := faults.New(s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer wall.Close()
	wall.Lead("")
	d := newDatabase("a", "old")
	one := open(t, s.URL(), d, named("one"))
	two := begin(t, "redis://"+wall.Addr(), d, named("two"))
	two.expect("a", "old", false) // and whoever uses it keeps that
	d.set("a", "new")
	if open := one.Purge(t.Context(), purge("a"), func() {}); len(open) > 0 {
		t.Errorf("not confirmed by %v", open)
	}
	wall.Lead(s.Address())
	two.toldOrDistrusts(purge("a"))
}

// TestPurgeTakesAllVersions: a purge takes away what was stored by nodes with another catalog, though none of them runs any more.
func TestPurgeTakesAllVersions(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "old")
	one := open(t, s.URL(), d)
	other := open(t, s.URL(), d, version("2"))
	other.lookup.Version = "2"
	other.expect("a", "old", false)
	other.stored(1)
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.set("a", "new")
	if open := one.Purge(t.Context(), purge("a"), func() {}); len(open) > 0 {
		t.Errorf("not confirmed by %v", open)
	}
	again := open(t, s.URL(), d, version("2"))
	again.lookup.Version = "2"
	again.expect("a", "new", false)
}

func version(v string) func(*tier.Options[string]) {
	return func(o *tier.Options[string]) {
		o.Versions = func() map[string]tier.Version {
			return map[string]tier.Version{"products": {Version: v, Life: time.Minute}}
		}
	}
}

// TestUnknownVersion: values of a version that others have not heard of yet are not shared, until they have.
func TestUnknownVersion(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "1")
	one := open(t, s.URL(), d, version("1"))
	one.lookup.Version = "2"
	one.expect("a", "1", false)
	if st := one.Stats(); st.Away != 1 {
		t.Errorf("%+v, want that Redis was not asked", st)
	}
}

// TestExpiredVersion: a version that nobody has used for longer than its values live is forgotten.
func TestExpiredVersion(t *testing.T) {
	s := redistest.Start(t)
	s.Do("HSET", "{test}:epochs", "products@0", fmt.Sprint(time.Now().Add(-2*time.Hour).UnixMilli()), "products@9", fmt.Sprint(time.Now().Add(time.Hour).UnixMilli()))
	n := open(t, s.URL(), newDatabase())
	n.eventually("forgotten", func(tier.Stats) bool { return !strings.Contains(s.Do("HKEYS", "{test}:epochs"), "products@0") })
	if fields := s.Do("HKEYS", "{test}:epochs"); !strings.Contains(fields, "products@9") || !strings.Contains(fields, "products@1") {
		t.Errorf("%s, want 9 and 1", fields)
	}
}

// TestFollowedByAnotherVersion: what a node with another catalog has invalidated by the binlog is not enough for this one.
func TestFollowedByAnotherVersion(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "old")
	followed := func(o *tier.Options[string]) { o.Followed = func() string { return "5" } }
	one := open(t, s.URL(), d, followed)
	other := open(t, s.URL(), d, version("2"), followed)
	other.lookup.Version = "2"
	other.expect("a", "old", false)
	other.stored(1)
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.set("a", "new") // which in the first one's catalog changes nothing
	one.eventually("its place is known", func(tier.Stats) bool {
		return strings.Contains(s.Do("HVALS", "{test}:nodes"), `"followed":"5"`)
	})
	again := open(t, s.URL(), d, version("2"), followed)
	again.lookup.Version = "2"
	again.BeginFollowing("products", "5")
	again.eventually("in use", func(s tier.Stats) bool { return s.Usable })
	again.expect("a", "new", false)
}

// lines is a log.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// TestSameName: two nodes that go by one name say so.
func TestSameName(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase()
	log := make(lines, 1000)
	open(t, s.URL(), d, named("one"), func(o *tier.Options[string]) { o.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	open(t, s.URL(), d, named("one"))
	for {
		select {
		case line := <-log:
			if strings.Contains(line, "same name") {
				return
			}
		case <-time.After(30 * time.Second):
			t.Fatal("no warning")
		}
	}
}

// TestSpelling: a node that spells a key otherwise takes away what stands under its own spelling.
func TestSpelling(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("foo", "old")
	one := open(t, s.URL(), d)
	two := open(t, s.URL(), d, named("two"), version("2"), func(o *tier.Options[string]) {
		o.Spelling = func(_ string, keys []string) []string { return []string{strings.ToLower(keys[0])} }
	})
	two.lookup.Version = "2"
	one.knows(1)
	two.expect("foo", "old", false)
	two.stored(1)
	d.set("foo", "new")
	if open := one.Purge(t.Context(), purge("Foo"), func() {}); len(open) > 0 {
		t.Errorf("not confirmed by %v", open)
	}
	two.expect("foo", "new", false)
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

// TestSnapshotAndOldCopy: a node whose snapshot is older than a purge does not trust it where Redis has come back without that purge,
// whoever finds that out.
func TestSnapshotAndOldCopy(t *testing.T) {
	for _, alone := range []bool{false, true} {
		t.Run(fmt.Sprint("alone=", alone), func(t *testing.T) {
			s := redistest.Start(t)
			d := newDatabase()
			one := open(t, s.URL(), d, named("one"))
			s.Do("DEL", "{test}:purges")
			s.Do("XADD", "{test}:purges", "1-0", "m", `{"node":"greeting"}`) // the stream is old
			s.Do("SAVE")
			saved := time.Now()
			if open := one.Purge(t.Context(), purge("a"), func() {}); len(open) > 0 {
				t.Errorf("not confirmed by %v", open)
			}
			if alone {
				if err := one.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			s.Kill()
			if !alone {
				one.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
			}
			s.Run()
			if !alone {
				one.eventually("in use", func(s tier.Stats) bool { return s.Usable })
			}
			two := open(t, s.URL(), d, named("two"), func(o *tier.Options[string]) {
				o.Since = func(context.Context) time.Time { return saved }
			})
			two.toldOrDistrusts(purge("a"))
		})
	}
}

// TestTakeover: a replica that has missed invalidations takes over while its master, and the nodes' connections to both, stay.
func TestTakeover(t *testing.T) {
	t.Parallel() // it waits for servers
	servers := redistest.Replicated(t, 3, 1)
	d := newDatabase()
	var keys []string
	for i := range 60 {
		keys = append(keys, fmt.Sprint(i))
		d.set(keys[i], "old")
	}
	for _, m := range servers { // all know of the replicas
		for strings.Count(m.Do("CLUSTER", "SLOTS"), "127.0.0.1") < len(servers) {
		}
	}
	url := redistest.ClusterURL(servers)
	one, two := open(t, url, d, named("one")), open(t, url, d, named("two"))
	one.knows(1)
	one.get(keys...)
	one.stored(60)
	two.get(keys...)
	for _, r := range servers[3:] {
		r.Do("CONFIG", "SET", "masterauth", "wrong")
	}
	for _, m := range servers[:3] {
		m.Do("CLIENT", "KILL", "TYPE", "replica")
	}
	for _, r := range servers[3:] {
		for !strings.Contains(r.Do("INFO", "replication"), "master_link_status:down") {
		}
	}
	for _, key := range keys {
		d.set(key, "new")
	}
	all := purge("")
	all.Keys = keys
	if open := one.Purge(t.Context(), all, func() {}); len(open) > 0 {
		t.Errorf("not confirmed by %v", open)
	}
	epochs := func() string { return servers[0].Do("-c", "HGET", "{test}:epochs", "*") }
	before := epochs()
	servers[3].Do("CLUSTER", "FAILOVER", "TAKEOVER")
	right := func() {
		for _, n := range []*node{one, two} {
			for i, r := range n.get(keys...) {
				if r.Err != nil || r.Value != "new" {
					t.Fatalf("%s: %d is %+v, want new", n.Stats().Trouble, i, r)
				}
			}
		}
	}
	for epochs() == before || !one.Stats().Usable || !two.Stats().Usable {
		right()
	}
	right()
}

// TestDeadReplica: a replica that dies costs nobody anything.
func TestDeadReplica(t *testing.T) {
	t.Parallel() // it waits for servers
	servers := redistest.Replicated(t, 3, 1)
	for _, m := range servers {
		for strings.Count(m.Do("CLUSTER", "SLOTS"), "127.0.0.1") < len(servers) {
		}
	}
	d := newDatabase("a", "1")
	n := open(t, redistest.ClusterURL(servers), d)
	n.expect("a", "1", false)
	n.stored(1)
	servers[4].Kill()
	for looks := 0; looks < 100 || !strings.Contains(servers[0].Do("CLUSTER", "NODES"), "slave,fail "); looks++ {
		n.expect("a", "1", true)
	}
}
