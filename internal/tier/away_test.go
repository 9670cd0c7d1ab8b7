package tier_test

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/internal/redistest"
	"productcache/internal/tier"
)

func purge(key string) tier.Purge {
	return tier.Purge{Lookup: "products", Keys: []string{key}}
}

// TestAloneWithoutRedis: a node that never reached it, or has lost it, loads for itself, and says so.
func TestAloneWithoutRedis(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "1", "b", "2")
	n := open(t, s.URL(), d)
	n.expect("a", "1", false)
	n.stored(1)
	s.Kill()
	n.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
	n.expect("a", "1", false)
	n.expect("b", "2", false)
	late := begin(t, s.URL(), d)
	late.expect("a", "1", false)
	if open := n.Purge(t.Context(), purge("a"), func() {}); len(open) != 1 || open[0] != tier.SecondTier {
		t.Errorf("not confirmed by %v, want %s", open, tier.SecondTier)
	}
	if st := n.Stats(); st.Away < 2 {
		t.Errorf("%+v, want 2 keys that it could not be asked for", st)
	}
	n.eventually("it says why", func(s tier.Stats) bool { return s.Trouble != "" })
	s.Run()
	for _, of := range []*node{n, late} {
		of.eventually("in touch again", func(s tier.Stats) bool { return s.Usable })
	}
	n.expect("b", "2", false)
	n.stored(2)
	late.expect("b", "2", true)
}

// TestSlowRedisIsNotWaitedFor: a load waits as long as Options.Timeout for a server that has stopped, a few times, and then not at all.
func TestSlowRedisIsNotWaitedFor(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "1")
	n := open(t, s.URL(), d, func(o *tier.Options[string]) { o.Timeout = 50 * time.Millisecond })
	n.expect("a", "1", false)
	s.Stop()
	defer s.Continue()
	for range 3 {
		began := time.Now()
		n.expect("a", "1", false)
		if took := time.Since(began); took > time.Second { // the machine may be slow, not that slow
			t.Errorf("%v for a load", took)
		}
	}
	n.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
	before := n.Stats().Exchanges
	for range 100 {
		n.expect("a", "1", false)
	}
	if got := n.Stats().Exchanges; got != before {
		t.Errorf("it was asked %d times more", got-before)
	}
	s.Continue()
	n.eventually("in touch again", func(s tier.Stats) bool { return s.Usable })
}

// TestInvalidationsWhileAway are done before anything is read from Redis again.
func TestInvalidationsWhileAway(t *testing.T) {
	for _, many := range []int{1, 20_000} {
		t.Run(fmt.Sprint(many), func(t *testing.T) {
			s := redistest.Start(t)
			d := newDatabase("a", "old")
			n := open(t, s.URL(), d)
			n.expect("a", "old", false)
			n.stored(1)
			s.Stop()
			d.set("a", "new")
			for i := range many - 1 {
				n.Invalidate("products", []string{fmt.Sprint("other", i)})
			}
			n.Invalidate("products", []string{"a"})
			n.expect("a", "new", false)
			s.Continue()
			n.eventually("in touch again", func(s tier.Stats) bool { return s.Usable })
			other := open(t, s.URL(), d)
			other.expect("a", "new", false)
		})
	}
}

// TestRestartedFromAnOldCopy: what a server has read from its disk may have missed invalidations, and is not trusted.
func TestRestartedFromAnOldCopy(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "old")
	one, two := open(t, s.URL(), d), open(t, s.URL(), d)
	one.expect("a", "old", false)
	one.stored(1)
	s.Do("SAVE")
	d.set("a", "new")
	one.Invalidate("products", []string{"a"})
	two.Invalidate("products", []string{"a"})
	s.Kill()
	one.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
	two.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
	s.Run()
	if got := s.Do("DBSIZE"); got == "0" {
		t.Fatal("the server has read nothing from its disk")
	}
	for _, of := range []*node{one, two} {
		of.eventually("in touch again", func(s tier.Stats) bool { return s.Usable })
	}
	one.expect("a", "new", false)
	one.stored(2)
	// The other one may have to be told of the epoch yet.
	two.eventually("told", func(tier.Stats) bool { return two.get("a")[0].Copied })
	two.expect("a", "new", true)
	if s := one.Stats(); s.Distrusted != 0 {
		t.Errorf("memory was made stale, though no purge was missed")
	}
}

// openStuck starts a node that hangs on the first purge that it hears of, until it is let go on.
func openStuck(t *testing.T, url string, d *database) (slow *node, unstick func()) {
	t.Helper()
	stuck := make(chan struct{})
	slow = open(t, url, d, named("slow"), func(o *tier.Options[string]) {
		told := o.Purged
		o.Purged = func(p tier.Purge) { <-stuck; told(p) }
	})
	return slow, func() { close(stuck) }
}

// TestPurgeThatWasLost: a purge that Redis lost before another node has read it is sent again.
func TestPurgeThatWasLost(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "1")
	slow, unstick := openStuck(t, s.URL(), d)
	n := open(t, s.URL(), d, named("quick"), func(o *tier.Options[string]) { o.Confirm = 100 * time.Millisecond })
	n.Purge(t.Context(), purge("first"), func() {}) // which the slow one hangs on
	if open := n.Purge(t.Context(), purge("a"), func() {}); len(open) != 1 || open[0] != "slow" {
		t.Errorf("not confirmed by %v, want slow", open)
	}
	s.Kill()
	n.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
	s.Run()
	unstick()
	slow.eventually("told", func(tier.Stats) bool { return slow.in(purge("a")) })
}

// TestMissedPurges: who cannot be told any more, since the node that has purged is gone together with what it has said, makes
// everything stale.
func TestMissedPurges(t *testing.T) {
	t.Parallel() // it waits for servers
	s := redistest.Start(t)
	d := newDatabase("a", "1")
	slow, unstick := openStuck(t, s.URL(), d)
	gone := open(t, s.URL(), d, named("gone"), func(o *tier.Options[string]) { o.Confirm = 100 * time.Millisecond })
	slow.eventually("knows the other", func(s tier.Stats) bool { return len(s.Nodes) == 1 })
	gone.Purge(t.Context(), purge("first"), func() {})
	gone.Purge(t.Context(), purge("a"), func() {})
	s.Kill()
	slow.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
	if err := gone.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Run()
	unstick()
	slow.eventually("distrusts", func(s tier.Stats) bool { return s.Distrusted == 1 })
	slow.mu.Lock()
	defer slow.mu.Unlock()
	if slow.distrusted != 1 {
		t.Errorf("memory was made stale %d times, want once", slow.distrusted)
	}
}

// TestFullRedis: it can be read and told of invalidations, and what it does not take in is loaded by each node.
func TestFullRedis(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "old", "b", "2")
	one, two := open(t, s.URL(), d), open(t, s.URL(), d)
	one.expect("a", "old", false)
	one.stored(1)
	s.Do("CONFIG", "SET", "maxmemory-policy", "noeviction")
	s.Do("CONFIG", "SET", "maxmemory", "1")
	two.expect("a", "old", true)
	one.expect("b", "2", false)
	two.expect("b", "2", false)
	d.set("a", "new")
	one.Invalidate("products", []string{"a"})
	two.expect("a", "new", false)
	if open := one.Purge(t.Context(), purge("a"), func() {}); len(open) == 0 {
		t.Error("a purge is confirmed that nobody can be told of")
	}
	s.Do("CONFIG", "SET", "maxmemory", "0")
	one.eventually("in use again", func(s tier.Stats) bool { return s.Usable })
	two.eventually("told", func(tier.Stats) bool { return two.in(purge("a")) })
}

// TestBeginFollowing: a node that begins to follow trusts the tier if another one has followed up to there, and else has it begin anew.
func TestBeginFollowing(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "1")
	at := make(chan string, 1)
	at <- "5"
	followed := func() string { x := <-at; at <- x; return x }
	one := open(t, s.URL(), d, func(o *tier.Options[string]) { o.Followed = followed })
	two := open(t, s.URL(), d, func(o *tier.Options[string]) { o.Followed = func() string { return "" } })
	one.expect("a", "1", false)
	one.stored(1)
	one.eventually("its place is known", func(tier.Stats) bool { return strings.Contains(s.Do("HVALS", "{test}:nodes"), `"followed":"5"`) })
	two.BeginFollowing("products", "5")
	two.eventually("in use", func(s tier.Stats) bool { return s.Usable })
	two.expect("a", "1", true)
	two.BeginFollowing("products", "6") // which the first one comes to later
	<-at
	at <- "6"
	two.eventually("in use", func(s tier.Stats) bool { return s.Usable })
	two.expect("a", "1", true)
	two.BeginFollowing("products", "7") // which it never comes to
	two.eventually("in use", func(s tier.Stats) bool { return s.Usable })
	two.expect("a", "1", false)
	d.set("a", "2")
	one.BeginFollowing("products", "7") // neither of two that begin at the same time knows
	two.BeginFollowing("products", "7")
	for _, n := range []*node{one, two} {
		n.eventually("in use", func(s tier.Stats) bool { return s.Usable })
	}
	two.eventually("told", func(tier.Stats) bool { return two.get("a")[0].Value == "2" })
}

// TestPartitionedNode: who is cut off works alone, is named by purges, and does what it has missed before it uses Redis again.
func TestPartitionedNode(t *testing.T) {
	s := redistest.Start(t)
	wall := newWall(t, s)
	d := newDatabase("a", "old")
	inside := open(t, s.URL(), d, named("inside"), func(o *tier.Options[string]) { o.Confirm = 200 * time.Millisecond })
	cut := open(t, "redis://"+wall.Addr(), d, named("cut"), func(o *tier.Options[string]) { o.Timeout = 50 * time.Millisecond })
	inside.expect("a", "old", false)
	inside.stored(1)
	cut.expect("a", "old", true)
	wall.Lead("") // nobody gets through any more
	wall.Cut()
	cut.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
	d.set("a", "new")
	if open := inside.Purge(t.Context(), purge("a"), func() {}); len(open) != 1 || open[0] != "cut" {
		t.Errorf("not confirmed by %v, want cut", open)
	}
	inside.expect("a", "new", false)
	cut.expect("a", "new", false) // from MySQL
	if cut.in(purge("a")) {
		t.Error("it has heard of a purge through the wall")
	}
	wall.Lead(s.Address())
	cut.eventually("told", func(tier.Stats) bool { return cut.in(purge("a")) })
	cut.eventually("in use", func(s tier.Stats) bool { return s.Usable })
	cut.expect("a", "new", true)
}

// TestTLS: rediss:// is TLS.
func TestTLS(t *testing.T) {
	folder := t.TempDir()
	if out, err := exec.Command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
		"-keyout", folder+"/key.pem", "-out", folder+"/cert.pem").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	redistest.Start(t, "--tls-port", fmt.Sprint(port), "--tls-cert-file", folder+"/cert.pem", "--tls-key-file", folder+"/key.pem", "--tls-auth-clients", "no")
	d := newDatabase("a", "1")
	address := fmt.Sprintf("rediss://127.0.0.1:%d", port)
	stranger := begin(t, address, d) // the certificate is nobody's
	one, two := open(t, address+"?skip_verify=true", d), open(t, address+"?skip_verify=true", d)
	one.expect("a", "1", false)
	one.stored(1)
	two.expect("a", "1", true)
	stranger.eventually("refused", func(s tier.Stats) bool { return strings.Contains(s.Trouble, "certificate") })
	stranger.expect("a", "1", false)
}

// TestBeatsDisturbNobody: a load that lasts, and who waits for it, go on while nodes say that they are there.
func TestBeatsDisturbNobody(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "1")
	long := func(o *tier.Options[string]) { o.Lease = time.Minute }
	one, two := open(t, s.URL(), d, long), open(t, s.URL(), d, long)
	arrived, gate := d.slow()
	var callers sync.WaitGroup
	callers.Go(func() { one.expect("a", "1", false) })
	<-arrived
	callers.Go(func() { two.expect("a", "1", true) })
	two.eventually("waits", func(s tier.Stats) bool { return s.Waited == 1 })
	for beats := map[string]bool{}; len(beats) < 4; { // each has a number of its own
		for beat := range strings.Lines(s.Do("HVALS", "{test}:nodes")) {
			beats[beat] = true
		}
	}
	gate <- struct{}{}
	callers.Wait()
	d.expectReads(t, map[string]int{"a": 1})
}
