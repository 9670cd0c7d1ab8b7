// Package faults lets happen to the real program what a shop's worst day brings, one case after the other, while
// a load with a checker runs, and writes down what clients saw.
//
// Three kinds of cases: faults of the database, its server or the network before it (database.go); the return of MySQL
// to an empty cache that everybody asks (refill.go); and overload from the front (front.go). Each case has a process
// of the program of its own. The load (load.go) is
//
//   - hits: products that are cached and never change, asked for at a fixed rate from an open loop;
//   - misses: products that nobody has asked for before, each once;
//   - changes: products that a writer changes and purges, by the ledger of versions of benchmarks/internal/ledger;
//   - absent products, and several at once.
//
// Every answer is judged (judge.go): right, stale and saying so, refused as it should be, or wrong. A case's findings
// are what was not as expected; report.go writes docs/reliability.md.
//
// A soak (soak.go) has one program live through all of it at random (soakplan.go), and through restarts, reloads, purges and changes of
// its settings (soakevents.go), with the same load but for the latency of hits, and the same judge.
//
// Run and Soak start goroutines for the load and the fault of a case, and wait for all of them before the next. Run asks for the hits
// in a process of its own (hits.go).
package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/internal/mysqltest"
)

// Config of a run.
type Config struct {
	Binary string            // the program
	MySQL  *mysqltest.Server // a MariaDB that nobody else uses
	Folder string            // for catalogs
	Out    io.Writer         // gets a line a case
	Only   string            // parts of the names of the cases to run, with commas between; "": all
	Short  bool              // few keys and little time; nothing is judged by the clock
}

// scale is how much of everything there is.
type scale struct {
	rows, hot        int // in the table, and of them cached
	rate             float64
	before, during   time.Duration
	after            time.Duration
	rounds           int // of each case
	ttl, revalidate  time.Duration
	query, request   time.Duration // limits
	refill           int           // keys that are asked for when MySQL is back
	refillRate       float64
	idle, slow, deaf int  // connections from the front
	flood            int  // different requests of a flood
	tool             bool // slowhttptest opens the slow connections
}

const (
	gcPercent  = 800
	maxConns   = 8
	cacheBytes = 64 << 20
	// recovery is how long after MySQL is back the service may take to be what it was.
	recovery = 5 * time.Second
)

func (c Config) sizes() scale {
	if c.Short {
		return scale{rows: 20_000, hot: 200, rate: 500, before: 200 * time.Millisecond, during: 1200 * time.Millisecond, after: 200 * time.Millisecond, rounds: 1,
			ttl: 400 * time.Millisecond, revalidate: 400 * time.Millisecond, query: 300 * time.Millisecond, request: 800 * time.Millisecond,
			refill: 5000, refillRate: 2000, idle: 500, slow: 100, deaf: 30, flood: 20_000}
	}
	return scale{rows: 200_000, hot: 1000, rate: 2000, before: 6 * time.Second, during: 9 * time.Second, after: 6 * time.Second, rounds: 3,
		ttl: 3500 * time.Millisecond, revalidate: 3500 * time.Millisecond, query: time.Second, request: 2 * time.Second,
		refill: 100_000, refillRate: 5000, idle: 10_000, slow: 5000, deaf: 200, flood: 300_000, tool: true}
}

// arguments are the program's flags.
func (s scale) arguments(catalog string) []string {
	return []string{"-catalog=" + catalog, fmt.Sprint("-cache-bytes=", cacheBytes), fmt.Sprint("-mysql-max-conns=", maxConns),
		fmt.Sprint("-ttl=", s.ttl), fmt.Sprint("-stale-while-revalidate=", s.revalidate), "-stale-if-error=1h", "-negative-ttl=1s",
		fmt.Sprint("-mysql-query-timeout=", s.query), fmt.Sprint("-request-timeout=", s.request), "-audit-rate=0"}
}

// Run runs the cases and returns what there is to say of them. The error says which promises were broken, or what
// kept a case from running.
func Run(ctx context.Context, c Config) (_ *Report, err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent)) // which takes processors from the program
	h, err := openShop(ctx, c.MySQL, c.sizes(), c.Folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.pool.Close()) }()
	r := &Report{}
	for _, part := range []func(context.Context, Config, *shop, *Report) error{runDatabase, runRefill, runFront} {
		if e := part(ctx, c, h, r); e != nil {
			err = errors.Join(err, e)
		}
	}
	return r, errors.Join(err, r.err())
}

// pooled are connections to MySQL that the program may keep: -mysql-max-conns and one more.
const pooled = maxConns + 1

// usageOf looks at an idle program.
func usageOf(ctx context.Context, p *child.Process) (child.Usage, error) {
	u, err := p.Usage(ctx)
	if err != nil {
		err = fmt.Errorf("faults: %w: %s", err, p.Log())
	}
	return u, err
}

// wait returns false if ctx is done first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
