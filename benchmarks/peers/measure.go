package main

import (
	"context"
	"fmt"
	"time"

	"productcache/benchmarks/peers/load"
)

// measured is what one round found of one server in one case. Costs and rates are of one work: a
// request, or a page.
type measured struct {
	round  int
	server string
	kind   *kind
	driver string // of the peak: wrk or own

	peak     float64       // works per second, as many as it can
	peakCPU  time.Duration // of the server, per work
	fixedCPU time.Duration // the same at the fixed rate
	p50, p99 time.Duration // latencies at the fixed rate, from when the work was due
	p999     time.Duration
	products int64 // served, at the peak and at the fixed rate
	behind   int64 // misses: next to none, or it is no cache that was measured
}

// measureAll drives every server through every case, in every round in another order.
func (b *bench) measureAll(ctx context.Context, out *report) error {
	for round := range b.rounds {
		for _, k := range allCases() {
			if !b.wantsCase(k.name) {
				continue
			}
			for i := range b.servers {
				s := b.servers[(i+round)%len(b.servers)]
				if _, address := s.at(k.unix); address == "" {
					continue
				}
				w := k.work(b, s)
				if w == nil {
					continue
				}
				m, err := b.measure(ctx, s, k, w)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", s.name, k.name, err)
				}
				m.round = round + 1
				out.add(m)
			}
		}
	}
	return nil
}

// measure drives one server through one case: at its peak and at the fixed rate.
func (b *bench) measure(ctx context.Context, s *server, k *kind, w *work) (*measured, error) {
	m := &measured{server: s.name, kind: k, driver: "own"}
	before, err := s.misses(ctx)
	if err != nil {
		return nil, err
	}
	if m.peakCPU, err = s.cost(func() (int, error) { return b.atPeak(ctx, s, k, w, m) }); err != nil {
		return nil, err
	}
	if m.fixedCPU, err = s.cost(func() (int, error) { return b.atRate(ctx, s, k, w, m) }); err != nil {
		return nil, err
	}
	after, err := s.misses(ctx)
	m.behind = after - before
	return m, err
}

// misses counts what a cache has asked of what is behind it.
func (s *server) misses(ctx context.Context) (int64, error) {
	if s.behind == nil {
		return 0, nil
	}
	return s.behind(ctx)
}

// cost returns the time on processors that a server spent on each of the works that drive reports.
func (s *server) cost(drive func() (works int, err error)) (time.Duration, error) {
	pids, err := tree(s.pid)
	if err != nil {
		return 0, err
	}
	before, err := cpu(pids)
	if err != nil {
		return 0, err
	}
	works, err := drive()
	if err != nil {
		return 0, err
	}
	after, err := cpu(pids)
	return (after - before) / time.Duration(max(works, 1)), err
}

func (b *bench) atPeak(ctx context.Context, s *server, k *kind, w *work, m *measured) (works int, err error) {
	var elapsed time.Duration
	if k.wrk && s.behind != nil {
		m.driver = "wrk"
		works, elapsed, err = b.runWrk(ctx, s, k, w)
		works /= k.units // wrk counts answers
	} else {
		var r load.Result
		r, err = load.Run(ctx, b.load(s, k, w, 0))
		works, elapsed = r.Done, r.Elapsed
	}
	if err == nil {
		m.peak = float64(works) / elapsed.Seconds()
		m.products += int64(works * k.units)
	}
	return works, err
}

func (b *bench) atRate(ctx context.Context, s *server, k *kind, w *work, m *measured) (works int, err error) {
	r, err := load.Run(ctx, b.load(s, k, w, b.rate/float64(k.units)))
	m.products += int64(r.Done * k.units)
	m.p50, m.p99, m.p999 = r.Quantile(0.5), r.Quantile(0.99), r.Quantile(0.999)
	return r.Done, err
}

func (b *bench) load(s *server, k *kind, w *work, rate float64) load.Options {
	network, address := s.at(k.unix)
	return load.Options{Network: network, Address: address, Connections: connections, Work: w.units, Answer: w.answer,
		Duration: b.duration, Rate: rate, Seed: seed}
}
