package tier_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"productcache/internal/faults"
	"productcache/internal/redistest"
	"productcache/internal/tier"
)

func TestMain(m *testing.M) {
	code := m.Run()
	// The library closes connections of an earlier view of a Cluster five seconds later.
	if err := goleak.Find(goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2")); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// database is what all nodes read.
type database struct {
	mu      sync.Mutex // guards all below
	rows    map[string]string
	reads   map[string]int
	bad     error
	arrived chan string   // if set, gets each key when its read has begun
	gate    chan struct{} // if set, a read waits for one receive after it has read
}

func newDatabase(keysAndValues ...string) *database {
	d := &database{rows: map[string]string{}, reads: map[string]int{}}
	for i := 0; i < len(keysAndValues); i += 2 {
		d.rows[keysAndValues[i]] = keysAndValues[i+1]
	}
	return d
}

func (d *database) load(_ context.Context, keys []string) ([]tier.Loaded[string], error) {
	d.mu.Lock()
	var all []tier.Loaded[string]
	for _, key := range keys {
		d.reads[key]++
		value, found := d.rows[key]
		all = append(all, tier.Loaded[string]{Value: value, Found: found})
	}
	arrived, gate, err := d.arrived, d.gate, d.bad
	d.mu.Unlock()
	if arrived != nil {
		for _, key := range keys {
			arrived <- key
		}
	}
	if gate != nil {
		<-gate
	}
	return all, err
}

func (d *database) set(key, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rows[key] = value
}

func (d *database) slow() (arrived chan string, gate chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.arrived, d.gate = make(chan string, 1000), make(chan struct{})
	return d.arrived, d.gate
}

func (d *database) fast() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.arrived, d.gate = nil, nil
}

// expectReads compares how often each key was read.
func (d *database) expectReads(t *testing.T, want map[string]int) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !maps.Equal(d.reads, want) {
		t.Errorf("%v were read, want %v", d.reads, want)
	}
}

// node is one of a fleet.
type node struct {
	*tier.Tier[string]
	t      *testing.T
	lookup *tier.Lookup[string]

	mu         sync.Mutex // guards all below
	purged     []tier.Purge
	distrusted int
}

const (
	lease   = 2 * time.Second
	timeout = 2 * time.Second // tests are not about time
)

// open starts a node, and waits until it is in touch.
func open(t *testing.T, url string, d *database, change ...func(*tier.Options[string])) *node {
	t.Helper()
	n := begin(t, url, d, change...)
	select {
	case <-n.Joined():
	case <-time.After(30 * time.Second):
		t.Fatalf("not in touch: %+v", n.Stats())
	}
	return n
}

func begin(t *testing.T, url string, d *database, change ...func(*tier.Options[string])) *node {
	t.Helper()
	n := &node{t: t, lookup: &tier.Lookup[string]{Name: "products", Version: "1", Load: d.load,
		Ages: func() (time.Duration, time.Duration) { return time.Minute, 10 * time.Second }}}
	o := tier.Options[string]{Servers: tier.Servers{URL: url}, Prefix: "test", Node: "node:0", Timeout: timeout, Lease: lease, Confirm: 5 * time.Second,
		Slots: 4, BatchKeys: 10, LoadTimeout: 10 * time.Second, MaxBytes: 1000,
		Splittable: func(err error) bool { return errors.Is(err, errBadRow) },
		Append:     func(b []byte, v string) []byte { return append(b, v...) },
		Decode:     func(b []byte) (string, error) { return string(b), nil },
		Since:      func(context.Context) time.Time { return time.Time{} },
		Versions: func() map[string]tier.Version {
			return map[string]tier.Version{"products": {Version: "1", Life: time.Minute}}
		},
		Purged: func(p tier.Purge) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.purged = append(n.purged, p)
		},
		Distrust: func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.distrusted++
		},
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	if n.Tier, err = tier.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}

var errBadRow = errors.New("bad row")

func named(name string) func(*tier.Options[string]) {
	return func(o *tier.Options[string]) { o.Node = name }
}

// get asks for keys.
func (n *node) get(keys ...string) []tier.Loaded[string] {
	return n.Load(n.t.Context(), n.lookup, keys)
}

// expect asks for a key and compares its value, and whether it is a copy.
func (n *node) expect(key, value string, copied bool) {
	n.t.Helper()
	r := n.get(key)[0]
	if r.Err != nil || r.Value != value || r.Found != (value != "") || r.Copied != copied {
		n.t.Errorf("%s is %+v, want %q, a copy: %v", key, r, value, copied)
	}
}

// stored waits until so much was stored by the node.
func (n *node) stored(want uint64) {
	n.t.Helper()
	n.eventually(fmt.Sprint(want, " stored"), func(s tier.Stats) bool { return s.Stored >= want })
}

// eventually waits for what nobody tells of.
func (n *node) eventually(what string, holds func(tier.Stats) bool) {
	n.t.Helper()
	for until := time.Now().Add(30 * time.Second); !holds(n.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			n.t.Fatalf("%s: it does not come: %+v", what, n.Stats())
		}
	}
}

// servers are those that most tests are run with.
func servers(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	for name, start := range map[string]func(t *testing.T) string{
		"single":  func(t *testing.T) string { return redistest.Start(t).URL() },
		"cluster": func(t *testing.T) string { return redistest.ClusterURL(redistest.Cluster(t, 3)) },
		"no push": func(t *testing.T) string { return redistest.Start(t).URL() + "?protocol=2&client_cache=0" },
	} {
		t.Run(name, func(t *testing.T) { test(t, start(t)) })
	}
}

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

// newWall stands between a node and Redis.
func newWall(t *testing.T, s *redistest.Server) *faults.Proxy {
	t.Helper()
	wall, err := faults.New(s.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wall.Close() })
	return wall
}
