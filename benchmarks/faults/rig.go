package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/benchmarks/internal/outage"
	"productcache/internal/faults"
)

// rig is what a case has: a program of its own, and a proxy between it and MySQL.
type rig struct {
	Config
	*shop
	arguments []string // of the program
	running   atomic.Pointer[child.Process]
	proxy     *faults.Proxy
	client    *http.Client
	bodies    map[string]int // what the hot products are answered with, and their ids
	idle      child.Usage    // of the program, with its cache warm
	watch     watch
	away      outage.Log     // when the program was, on purpose: in a soak alone
	fair      faults.Weather // when there is no other
	emptied   atomic.Bool    // the cache was, on purpose: the hot products may be refused until MySQL is back
	copies    sync.Map       // of ids to copied: what clients keep of products that change

	phase    atomic.Int32          // of the case
	counting atomic.Pointer[tally] // of the phase
	tallies  [phases]tally
	findings findings
	back     atomic.Int64 // when MySQL was back, in Unix nanoseconds
	lastBad  atomic.Int64 // when an answer was last refused, or stale since MySQL fails
}

const (
	before = iota
	during
	after
	phases
)

// newRig starts a program, with more arguments, before a server that rests but in a short run, whose cache has the hot products and nothing else.
func newRig(ctx context.Context, c Config, h *shop, more ...string) (r *rig, err error) {
	r = &rig{Config: c, shop: h, client: newClient(), bodies: make(map[string]int), arguments: append(h.scale.arguments(h.catalog), more...)}
	r.begin(before, &r.tallies[before])
	if !c.Short { // whose latencies nobody looks at
		if err = h.quiet(ctx); err != nil {
			return nil, err
		}
	}
	if r.proxy, err = faults.New(h.server.Addr()); err != nil {
		return nil, err
	}
	if err = r.start(ctx); err != nil {
		return nil, errors.Join(err, r.proxy.Close())
	}
	if err = r.warm(ctx); err == nil {
		r.client.CloseIdleConnections()
		r.idle, err = usageOf(ctx, r.program())
	}
	if err == nil {
		err = r.program().ResetPeak()
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// start starts the program.
func (r *rig) start(ctx context.Context) error {
	p, err := child.Productcache(ctx, r.Binary, r.dsn(r.proxy.Addr()), r.arguments...)
	if err == nil {
		r.running.Store(p)
	}
	return err
}

// program is the process of the program. In a soak it is another one after a restart.
func (r *rig) program() *child.Process { return r.running.Load() }

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 0}, Timeout: 30 * time.Second}
}

func (r *rig) close() error {
	r.client.CloseIdleConnections()
	return errors.Join(r.program().Stop(), r.proxy.Close())
}

// warm has the hot products cached, and notes their bodies.
func (r *rig) warm(ctx context.Context) error {
	for id := 1; id <= r.scale.hot; id++ {
		a, err := r.get(ctx, productPath(id))
		if err == nil {
			err = checkBody(a, id)
		}
		if err != nil {
			return fmt.Errorf("faults: warming up: product %d: %w", id, err)
		}
		r.bodies[string(a.body)] = id
	}
	return nil
}

// begin begins a phase, whose answers a tally counts.
func (r *rig) begin(phase int32, t *tally) {
	r.phase.Store(phase)
	r.counting.Store(t)
}

// tally of the phase at hand.
func (r *rig) tally() *tally { return r.counting.Load() }

// bad notes that an answer shows that MySQL fails.
func (r *rig) bad() { r.lastBad.Store(time.Now().UnixNano()) }

// recovered returns how long after MySQL's return there was the last answer that showed that it had been away.
func (r *rig) recovered() time.Duration {
	return max(0, time.Duration(r.lastBad.Load()-r.back.Load()))
}

// watch looks at MySQL while a case runs.
type watch struct {
	most    atomic.Int64 // queries at once
	resting atomic.Bool  // those of two programs would be counted as one's
}

// run samples until ctx is done. A server that does not answer is not asked again for a while.
func (w *watch) run(ctx context.Context, h *shop) {
	for wait(ctx, lookPause) {
		look, cancel := context.WithTimeout(ctx, time.Second)
		n, err := h.atOnce(look)
		cancel()
		if err == nil && !w.resting.Load() && int64(n) > w.most.Load() {
			w.most.Store(int64(n))
		}
	}
}

// tally counts answers, by whether they are to hits or to others, and by verdict.
type tally struct{ n [2][verdicts]atomic.Int64 }

const (
	ofHits = iota
	ofOthers
)

// verdict is what an answer is worth.
type verdict int

const (
	right verdict = iota
	stale
	refused // 503 or 504, with all that belongs to it
	wrong
	away // no answer: the program is gone on purpose
	verdicts
)

func (t *tally) count(of int, v verdict) { t.n[of][v].Add(1) }

func (t *tally) counts(of int) (c counts) {
	for v := range c {
		c[v] = t.n[of][v].Load()
	}
	return c
}

// counts are answers by verdict.
type counts [verdicts]int64

func (c *counts) add(more counts) {
	for v, n := range more {
		c[v] += n
	}
}

// String leaves out who was away: that is counted in a soak alone.
func (c counts) String() string {
	return fmt.Sprintf("%d, %d, %d, %d", c[right], c[stale], c[refused], c[wrong])
}

// mostTexts is how many findings of a case, or of a part of a soak, are kept.
const mostTexts = 8

// findings are what was not as it should be.
type findings struct {
	mu    sync.Mutex // guards all below
	count int
	texts []string
	kept  int    // of the part at hand
	part  string // what texts begin with
}

// in says which part of a soak what follows belongs to.
func (f *findings) in(part string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept, f.part = 0, part+": "
}

func (f *findings) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.kept < mostTexts {
		f.kept++
		f.texts = append(f.texts, f.part+fmt.Sprintf(format, args...))
	}
}

func (f *findings) number() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

func (f *findings) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.count - len(f.texts); n > 0 {
		return append(f.texts[:len(f.texts):len(f.texts)], fmt.Sprintf("%d more", n))
	}
	return f.texts
}
