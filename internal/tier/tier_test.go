package tier_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/internal/redistest"
	"productcache/internal/tier"
)

// TestNodesShareLoads: what one node has loaded, absences too, others take, many keys in one exchange.
func TestNodesShareLoads(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		d := newDatabase("a", "1", "b", "2", "c", "3")
		one, two := open(t, url, d), open(t, url, d)
		one.expect("a", "1", false)
		one.expect("none", "", false)
		one.stored(2)
		two.expect("a", "1", true)
		two.expect("none", "", true)
		before := two.Stats().Exchanges
		results := two.get("a", "b", "none", "c")
		for i, want := range []string{"1", "2", "", "3"} {
			if r := results[i]; r.Err != nil || r.Value != want || r.Found != (want != "") || r.Copied != (i%2 == 0) {
				t.Errorf("%d is %+v, want %q", i, r, want)
			}
		}
		if got := two.Stats().Exchanges - before; got != 1 {
			t.Errorf("%d exchanges for 4 keys, want 1", got)
		}
		d.expectReads(t, map[string]int{"a": 1, "b": 1, "c": 1, "none": 1})
	})
}

// TestAgesCountFromTheLoad, not from the copy.
func TestAgesCountFromTheLoad(t *testing.T) {
	url := redistest.Start(t).URL()
	d := newDatabase("a", "1")
	one, two := open(t, url, d), open(t, url, d)
	arrived, gate := d.slow()
	began := time.Now()
	go func() {
		<-arrived
		time.Sleep(50 * time.Millisecond) // what a load may take
		gate <- struct{}{}
	}()
	one.expect("a", "1", false)
	one.stored(1)
	r := two.get("a")[0]
	if age := time.Since(began) + 2*time.Millisecond; r.Age < 50*time.Millisecond || r.Age > age { // it is rounded up
		t.Errorf("an age of %v, want 50 ms to %v", r.Age, age)
	}
	// A node with shorter lifetimes loads for itself, and a lookup of another version does.
	d.fast()
	two.lookup.Ages = func() (time.Duration, time.Duration) { return 40 * time.Millisecond, 0 }
	two.expect("a", "1", false)
	other := open(t, url, d, version("2"))
	other.lookup.Version = "2"
	other.expect("a", "1", false)
	other.stored(1)
}

// TestOneLoadInTheFleet: of many callers on many nodes, one reads, and all get its value.
func TestOneLoadInTheFleet(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		d := newDatabase("a", "1")
		arrived, gate := d.slow()
		var nodes []*node
		for range 4 {
			nodes = append(nodes, open(t, url, d))
		}
		var callers sync.WaitGroup
		for _, n := range nodes {
			callers.Go(func() {
				if r := n.get("a")[0]; r.Err != nil || r.Value != "1" {
					t.Errorf("got %+v", r)
				}
			})
		}
		<-arrived
		for waiting := uint64(0); waiting < 3; time.Sleep(time.Millisecond) { // nobody tells when they wait
			waiting = 0
			for _, n := range nodes {
				waiting += n.Stats().Waited
			}
		}
		began := time.Now()
		gate <- struct{}{}
		callers.Wait()
		if took := time.Since(began); took > lease/2 {
			t.Errorf("the others have waited %v for a value that was there", took)
		}
		d.expectReads(t, map[string]int{"a": 1})
	})
}

// TestHolderThatDies: who waits for a node that never answers gets the lease once that is over.
func TestHolderThatDies(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		d := newDatabase("a", "1")
		short := func(o *tier.Options[string]) { o.Lease = 300 * time.Millisecond }
		one, two := open(t, url, d, short), open(t, url, d, short)
		arrived, gate := d.slow()
		var holder sync.WaitGroup
		holder.Go(func() { one.get("a") })
		<-arrived
		d.fast()
		two.expect("a", "1", false)
		two.stored(1)
		d.set("a", "2")
		gate <- struct{}{} // too late: its lease is another one's
		holder.Wait()
		one.eventually("not stored", func(s tier.Stats) bool { return s.Unstored == 1 })
		two.expect("a", "1", true)
		d.expectReads(t, map[string]int{"a": 2})
	})
}

// TestFailedLoadGivesItsLeaseBack: the others do not wait until it is over.
func TestFailedLoadGivesItsLeaseBack(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		d := newDatabase("a", "1")
		long := func(o *tier.Options[string]) { o.Lease = time.Hour }
		one, two := open(t, url, d, long), open(t, url, d, long)
		arrived, gate := d.slow()
		d.mu.Lock()
		d.bad = errBadRow
		d.mu.Unlock()
		var callers sync.WaitGroup
		callers.Go(func() {
			if r := one.get("a")[0]; r.Err != errBadRow {
				t.Errorf("got %+v, want %v", r, errBadRow)
			}
		})
		<-arrived
		d.fast()
		callers.Go(func() { two.expect("a", "1", false) })
		two.eventually("waits", func(s tier.Stats) bool { return s.Waited == 1 })
		d.mu.Lock()
		d.bad = nil
		d.mu.Unlock()
		gate <- struct{}{}
		callers.Wait()
	})
}

// TestInvalidationOutrunsAnOldLoad: a load that read before an invalidation is not stored after it, on whichever node, and
// nobody who asks afterwards waits for it.
func TestInvalidationOutrunsAnOldLoad(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		for name, invalidate := range map[string]func(n *node){
			"binlog":     func(n *node) { n.Invalidate("products", []string{"a"}) },
			"binlog all": func(n *node) { n.InvalidateAll("products") }, // and the other one is told so
			"purge": func(n *node) {
				if open := n.Purge(t.Context(), tier.Purge{Lookup: "products", Keys: []string{"a"}}, func() {}); len(open) > 0 {
					t.Errorf("not confirmed by %v", open)
				}
			},
			"purge all": func(n *node) {
				if open := n.Purge(t.Context(), tier.Purge{Lookup: "products", All: true}, func() {}); len(open) > 0 {
					t.Errorf("not confirmed by %v", open)
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				d := newDatabase("a", "old")
				prefix := func(o *tier.Options[string]) { o.Prefix = strings.ReplaceAll(name, " ", "-") }
				one, two := open(t, url, d, prefix), open(t, url, d, prefix)
				arrived, gate := d.slow()
				var slow sync.WaitGroup
				slow.Go(func() { one.expect("a", "old", false) })
				<-arrived
				d.set("a", "new")
				d.fast()
				invalidate(two)
				two.expect("a", "new", false)
				two.stored(1)
				gate <- struct{}{}
				slow.Wait()
				one.eventually("not stored", func(s tier.Stats) bool { return s.Unstored+s.Stored == 1 })
				two.expect("a", "new", true)
				if name == "binlog all" {
					one.InvalidateAll("products") // by its own follower
					one.expect("a", "new", false)
					return
				}
				one.expect("a", "new", true)
			})
		}
	})
}

// in reports whether a node was told of a purge.
func (n *node) in(p tier.Purge) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.purged, func(q tier.Purge) bool { return fmt.Sprint(q) == fmt.Sprint(p) })
}

// TestPurgeIsConfirmedByAll: when it has returned, every node has done it, in any order of nodes; and a node that does not answer is
// named.
func TestPurgeIsConfirmedByAll(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		d := newDatabase("a", "1")
		var nodes []*node
		for i := range 3 {
			nodes = append(nodes, open(t, url, d, named(fmt.Sprint("node ", i)), func(o *tier.Options[string]) { o.Confirm = 30 * time.Second }))
		}
		for i, n := range nodes {
			p := tier.Purge{Lookup: "products", Keys: []string{fmt.Sprint("key", i), "a"}, Remove: i == 1}
			local := false
			if open := n.Purge(t.Context(), p, func() { local = true }); len(open) > 0 || !local {
				t.Errorf("not confirmed by %v; done here: %v", open, local)
			}
			for j, other := range nodes {
				if j != i && !other.in(p) {
					t.Errorf("node %d was not told what node %d was", j, i)
				}
			}
		}
		stuck, done := make(chan struct{}), make(chan struct{})
		open(t, url, d, named("slow"), func(o *tier.Options[string]) {
			o.Purged = func(p tier.Purge) { // those of before it began, too
				if <-stuck; p.All {
					close(done)
				}
			}
		})
		quick := open(t, url, d, named("quick"), func(o *tier.Options[string]) { o.Confirm = 50 * time.Millisecond })
		if open := quick.Purge(t.Context(), tier.Purge{Lookup: "products", All: true}, func() {}); !slices.Contains(open, "slow") {
			t.Errorf("not confirmed by %v, want slow", open)
		}
		close(stuck)
		<-done
	})
}

// TestOddKeysAndValues: long keys, odd ones, and values that are too large to be stored.
func TestOddKeysAndValues(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		large := strings.Repeat("x", 1001)
		d := newDatabase("{tag}", "1", "ключ с пробелом", "2", strings.Repeat("k", 5000), "3", "large", large, "empty", " ", "\x00\xff:*", "4")
		one, two := open(t, url, d), open(t, url, d)
		for key, value := range d.rows {
			one.expect(key, value, false)
		}
		one.stored(5)
		one.eventually("one not stored", func(s tier.Stats) bool { return s.Unstored == 1 })
		for key, value := range d.rows {
			two.expect(key, value, value != large)
		}
	})
}
