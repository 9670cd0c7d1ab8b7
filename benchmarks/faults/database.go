package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"productcache/benchmarks/peers/load"
)

// runDatabase runs the faults of the database.
func runDatabase(ctx context.Context, c Config, h *shop, report *Report) error {
	for _, f := range databaseFaults() {
		if !c.wants(f.name) || c.Short && !f.short {
			continue
		}
		row, err := runRounds(ctx, c, h, f)
		if err != nil {
			return err
		}
		report.Database = append(report.Database, row)
	}
	if !c.wants(fullDiskName) || c.Short {
		return nil
	}
	return runFullDisk(ctx, c, report)
}

func (c Config) wants(name string) bool { return wants(c.Only, name) }

// wants reports whether one of some parts, with commas between them, is in a name.
func wants(parts, name string) bool {
	return slices.ContainsFunc(strings.Split(parts, ","), func(part string) bool { return strings.Contains(name, part) })
}

// runRounds runs the rounds of a fault. One that breaks off is a finding: the others, and other faults, are worth it nevertheless.
func runRounds(ctx context.Context, c Config, h *shop, f fault) (row FaultRow, err error) {
	var rounds []FaultRow
	for range h.scale.rounds {
		began := time.Now()
		row, err := runFault(ctx, c, h, f)
		switch {
		case ctx.Err() != nil:
			return row, err
		case err != nil:
			row.Name, row.Text = f.name, f.text
			row.miss("it broke off: %v", err)
		}
		rounds = append(rounds, row)
		fmt.Fprintf(c.Out, "%v\n    in %v\n", row, time.Since(began).Round(time.Millisecond))
	}
	row = overFaults(rounds)
	if !c.Short && row.Ratio() > mostSlowdown {
		row.miss("p99 of hits is %.1f times its normal, want at most %v", row.Ratio(), mostSlowdown)
	}
	return row, nil
}

// runFault lets a fault happen while the load runs.
func runFault(ctx context.Context, c Config, h *shop, f fault) (row FaultRow, err error) {
	r, err := newRig(ctx, c, h)
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	loading, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { r.others(loading) })
	running.Go(func() { r.watch.run(loading, h) })
	results, err := r.phasesOf(ctx, f)
	stop()
	running.Wait()
	if err != nil {
		return row, err
	}
	r.comesBack(ctx, true)
	if err := r.burst(ctx); err != nil {
		return row, err
	}
	row, err = r.faultRow(f, results)
	if err != nil {
		return row, err
	}
	r.client.CloseIdleConnections()
	if _, err := r.program().Settle(ctx, r.idle, pooled); err != nil {
		r.findings.note("%v", err)
	}
	if n := r.watch.most.Load(); n > maxConns {
		r.findings.note("%d queries at once in MySQL, want at most %d", n, maxConns)
	}
	row.Findings = append(row.Findings, r.findings.all()...)
	return row, nil
}

// outcome is what the hits were like before, during and after a fault, and what it cost MySQL.
type outcome struct {
	hits    [phases]load.Result
	queries float64
}

// phasesOf runs the hits before, during and after the fault.
func (r *rig) phasesOf(ctx context.Context, f fault) (o outcome, err error) {
	if o.hits[before], err = r.hits(ctx, r.scale.before, 1); err != nil {
		return o, err
	}
	queries, err := r.program().Metric(ctx, "productcache_mysql_queries_total")
	if err != nil {
		return o, err
	}
	r.begin(during, &r.tallies[during])
	faulty, over := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- f.happen(faulty, r) }()
	o.hits[during], err = r.hits(ctx, r.scale.during, 2)
	over()
	if err != nil {
		return o, errors.Join(err, <-ended)
	}
	queries2, err := r.program().Metric(ctx, "productcache_mysql_queries_total")
	o.queries = queries2 - queries
	if err := errors.Join(err, <-ended); err != nil {
		return o, err
	}
	r.back.Store(time.Now().UnixNano())
	r.begin(after, &r.tallies[after])
	o.hits[after], err = r.hits(ctx, r.scale.after, 3)
	return o, err
}

// comesBack waits until a new product is answered and, where the load has ended, nothing is under way. In a short run that is
// not judged by the clock.
func (r *rig) comesBack(ctx context.Context, ended bool) {
	ctx, cancel := context.WithTimeout(ctx, comeBackLimit)
	defer cancel()
	for {
		a, err := r.get(ctx, productPath(r.unasked()))
		flying, err2 := r.program().Metric(ctx, "productcache_load_keys_in_flight")
		if errors.Join(err, err2) == nil && a.status == 200 && (flying == 0 || !ended) {
			return
		}
		if !wait(ctx, lookPause) {
			r.findings.note("no new product %v after MySQL was back: %d %v", comeBackLimit, a.status, err)
			return
		}
	}
}

// comeBackLimit is how long it may take at most on any machine until all is as it was.
const comeBackLimit = 30 * time.Second

func (r *rig) faultRow(f fault, o outcome) (row FaultRow, err error) {
	_, peak, err := r.program().Memory()
	row = FaultRow{Name: f.name, Text: f.text, Slowdown: Slowdown{Before: o.hits[before].Quantile(0.99), During: o.hits[during].Quantile(0.99)},
		Hits: r.tallies[during].counts(ofHits), Others: r.tallies[during].counts(ofOthers),
		Queries: int64(o.queries), AtOnce: r.watch.most.Load(), Peak: peak, Recovered: r.recovered()}
	if peak > memoryBound {
		row.miss("peak memory %d bytes, want at most %d", peak, int64(memoryBound))
	}
	if r.Short {
		return row, err
	}
	if row.Recovered > recovery {
		row.miss("recovered after %v, want at most %v", row.Recovered, recovery)
	}
	return row, err
}

const (
	// mostSlowdown of hits, in the 99th percentile, by a fault of the database.
	mostSlowdown = 1.5
	// memoryBound of a program with cacheBytes, whatever MySQL does.
	memoryBound = cacheBytes*135/100 + 96<<20
)
