package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"productcache/benchmarks/peers/load"
)

// runFront runs the cases of overload from the front.
func runFront(ctx context.Context, c Config, h *shop, report *Report) error {
	for _, o := range overloads(h.scale) {
		if !c.wants(o.name) {
			continue
		}
		var rounds []FrontRow
		for range h.scale.rounds {
			began := time.Now()
			row, err := runOverload(ctx, c, h, o)
			switch {
			case ctx.Err() != nil:
				return err
			case err != nil:
				row.Name, row.Text = o.name, o.text
				row.miss("it broke off: %v", err)
			}
			rounds = append(rounds, row)
			fmt.Fprintf(c.Out, "%v\n    in %v\n", row, time.Since(began).Round(time.Millisecond))
		}
		row := overFront(rounds)
		if !c.Short && row.Ratio() > mostCrowding {
			row.miss("p99 of hits is %.1f times its normal, want at most %v where there are processors enough", row.Ratio(), mostCrowding)
		}
		report.Front = append(report.Front, row)
	}
	return nil
}

// runOverload has well-behaved clients ask for hits while others do not behave.
func runOverload(ctx context.Context, c Config, h *shop, o overload) (row FrontRow, err error) {
	r, err := newRig(ctx, c, h)
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	watching, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { r.watch.run(watching, h) })
	defer func() { stop(); running.Wait() }()
	if row, err = r.overloaded(ctx, o); err != nil {
		return row, err
	}
	if _, err := r.program().Settle(ctx, r.idle, pooled); err != nil {
		r.findings.note("%v", err)
	}
	row.AtOnce = r.watch.most.Load()
	if row.AtOnce > maxConns {
		row.miss("%d queries at once, want at most %d", row.AtOnce, maxConns)
	}
	row.Findings = append(row.Findings, r.findings.all()...)
	return row, nil
}

// overloaded measures the hits before and during an overload.
func (r *rig) overloaded(ctx context.Context, o overload) (row FrontRow, err error) {
	var hits [2]load.Result
	if hits[before], err = r.hits(ctx, r.scale.before, 1); err != nil {
		return row, err
	}
	queries, err := r.program().Metric(ctx, "productcache_mysql_queries_total")
	if err != nil {
		return row, err
	}
	loading, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	var d deed
	go func() { ended <- o.happen(loading, r, &d, ready) }()
	select {
	case <-ready:
	case err := <-ended:
		return row, errors.Join(err, errors.New("it ended before it had begun"))
	}
	r.begin(during, &r.tallies[during])
	began := time.Now()
	done := d.requests.Load()
	cpu, err := r.program().CPU()
	if err != nil {
		return row, err
	}
	hits[during], err = r.hits(ctx, r.scale.during, 2)
	took := time.Since(began)
	cpu2, err2 := r.program().CPU()
	row.Rate = float64(d.requests.Load()-done) / took.Seconds()
	stop()
	if err := errors.Join(err, err2, <-ended); err != nil {
		return row, err
	}
	queries2, err := r.program().Metric(ctx, "productcache_mysql_queries_total")
	if err != nil {
		return row, err
	}
	_, peak, err := r.program().Memory()
	row.Name, row.Text = o.name, o.text
	row.Before, row.During = hits[before].Quantile(0.99), hits[during].Quantile(0.99)
	row.Hits, row.Refused, row.Queries, row.Peak = r.tallies[during].counts(ofHits), d.refused.Load(), int64(queries2-queries), peak
	row.CPU = float64(cpu2-cpu) / float64(took)
	row.judge(o)
	return row, err
}

// mostCrowding of hits, in the 99th percentile, by other clients.
const mostCrowding = 3

func (row *FrontRow) judge(o overload) {
	bound := int64(memoryBound + o.connections*o.each)
	if row.Peak > bound {
		row.miss("peak memory %d bytes, want at most %d", row.Peak, bound)
	}
}
