package tier_test

import (
	"fmt"
	"strings"
	"testing"

	"productcache/internal/redistest"
	"productcache/internal/tier"
)

// TestReplicaIsNotUsed: a replica that this node is connected to is not used.
func TestReplicaIsNotUsed(t *testing.T) {
	s, master := redistest.Start(t), redistest.Start(t)
	d := newDatabase("a", "old")
	n := open(t, s.URL(), d)
	n.expect("a", "old", false)
	n.stored(1)
	host, port := "127.0.0.1", master.Address()[len("127.0.0.1:"):]
	s.Do("REPLICAOF", host, port)
	d.set("a", "new")
	n.Invalidate("products", []string{"a"})
	n.expect("a", "new", false)
	n.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
	s.Do("REPLICAOF", "NO", "ONE")
	n.eventually("in use again", func(s tier.Stats) bool { return s.Usable })
	n.expect("a", "new", false)
}

// TestFailover: a master of a Cluster dies, and its replica takes over. Nodes go on meanwhile, and what the replica may not have been
// told is not trusted.
func TestFailover(t *testing.T) {
	t.Parallel() // it waits for servers
	servers := redistest.Replicated(t, 3, 1)
	d := newDatabase()
	var keys []string
	for i := range 60 { // some of them on each master
		keys = append(keys, fmt.Sprint(i))
		d.set(keys[i], "old")
	}
	url := redistest.ClusterURL(servers)
	one, two := open(t, url, d), open(t, url, d)
	one.get(keys...)
	one.stored(60)
	for i, r := range two.get(keys...) {
		if r.Value != "old" || !r.Copied {
			t.Errorf("%d is %+v, want that it is copied", i, r)
		}
	}
	servers[0].Kill()
	for _, key := range keys {
		d.set(key, "new")
	}
	for _, n := range []*node{one, two} {
		n.Invalidate("products", keys)
		n.eventually("alone", func(s tier.Stats) bool { return !s.Usable || s.Failures > 0 })
	}
	right := func() {
		for _, n := range []*node{one, two} {
			for i, r := range n.get(keys...) {
				if r.Err != nil || r.Value != "new" {
					t.Fatalf("%d is %+v, want new", i, r)
				}
			}
		}
	}
	right()
	for _, n := range []*node{one, two} {
		n.eventually("in use again", func(s tier.Stats) bool { right(); return s.Usable })
	}
	right()
}

// awaitReplicas waits until all servers of a Cluster know of its replicas.
func awaitReplicas(servers []*redistest.Server) {
	for _, s := range servers {
		for strings.Count(s.Do("CLUSTER", "SLOTS"), "127.0.0.1") < len(servers) {
		}
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
	awaitReplicas(servers)
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
	awaitReplicas(servers)
	d := newDatabase("a", "1")
	n := open(t, redistest.ClusterURL(servers), d)
	n.expect("a", "1", false)
	n.stored(1)
	servers[4].Kill()
	for looks := 0; looks < 100 || !strings.Contains(servers[0].Do("CLUSTER", "NODES"), "slave,fail "); looks++ {
		n.expect("a", "1", true)
	}
}
