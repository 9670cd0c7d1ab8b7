package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"productcache/benchmarks/peers/load"
)

const refillName = "refill"

// runRefill has everybody ask an empty cache when MySQL is back.
func runRefill(ctx context.Context, c Config, h *shop, report *Report) (err error) {
	if !c.wants(refillName) {
		return nil
	}
	r, err := newRig(ctx, c, h, "-cache-bytes=512MiB", "-ttl=1h", "-max-waiting=50000")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { r.watch.run(watching, h) })
	row, err := r.refill(ctx)
	stop()
	watch.Wait()
	if err != nil {
		return fmt.Errorf("faults: %s: %w", refillName, err)
	}
	row.AtOnce = r.watch.most.Load()
	row.judge(r)
	report.Refill = append(report.Refill, row)
	fmt.Fprintln(c.Out, row)
	return nil
}

// refillConnections are enough for all that may have to wait.
const refillConnections = 512

// refill asks for products at random while MySQL is away, and goes on when it is back.
func (r *rig) refill(ctx context.Context) (row RefillRow, err error) {
	awayFor, backFor := r.scale.before/2, 2*r.scale.during
	keys := r.refillKeys(awayFor + 2*backFor)
	r.proxy.Lead("")
	if err := errors.Join(r.server.Kill(), r.server.Restart(), r.exec(ctx, "SET GLOBAL userstat = ON")); err != nil {
		return row, err
	}
	r.begin(during, &r.tallies[during])
	away, err := r.refillRun(ctx, keys, awayFor)
	if err != nil {
		return row, err
	}
	keys = keys[away.Done:]
	r.begin(after, &r.tallies[after])
	if err := r.exec(ctx, "FLUSH USER_STATISTICS"); err != nil {
		return row, err
	}
	r.back.Store(time.Now().UnixNano())
	r.proxy.Lead(r.server.Addr())
	back, err := r.refillRun(ctx, keys, backFor)
	if err != nil {
		return row, err
	}
	distinct := map[int]bool{}
	for _, id := range keys[:back.Done] {
		distinct[id] = true
	}
	row = RefillRow{Keys: r.scale.refill, Rate: r.scale.refillRate, Requests: back.Done, Distinct: len(distinct), Answers: r.tallies[after].counts(ofOthers),
		Median: back.Quantile(0.5), P99: back.Quantile(0.99), Recovered: r.recovered()}
	// A new connection asks for a row of its own.
	err = r.pool.QueryRowContext(ctx, "SELECT ROWS_SENT - TOTAL_CONNECTIONS, SELECT_COMMANDS - TOTAL_CONNECTIONS FROM information_schema.USER_STATISTICS WHERE USER = ?", reader).Scan(&row.Read, &row.Queries)
	if err != nil {
		return row, err
	}
	_, row.Peak, err = r.program().Memory()
	return row, err
}

// refillKeys draws products for as long as that.
func (r *rig) refillKeys(duration time.Duration) (keys []int) {
	chance := rand.New(rand.NewPCG(2, 0))
	for range int(r.scale.refillRate * duration.Seconds()) {
		keys = append(keys, r.scale.rows-chance.IntN(r.scale.refill))
	}
	return keys
}

// refillRun asks for products at the rate of the refill.
func (r *rig) refillRun(ctx context.Context, keys []int, duration time.Duration) (load.Result, error) {
	work := make([]load.Work, len(keys))
	for i, id := range keys {
		work[i] = load.Work{Steps: [][]byte{[]byte("GET " + productPath(id) + " HTTP/1.1\r\nHost: shop\r\n\r\n")}, Answers: 1}
	}
	var texts atomic.Int64
	return load.Run(ctx, load.Options{Network: "tcp", Address: r.program().Address("listen"), Connections: refillConnections, Work: work,
		Duration: duration, Rate: r.scale.refillRate, Seed: 4, Collects: true,
		Answer: load.Judged(func(a load.Reply) error {
			v := wrong
			switch {
			case a.Status == 200:
				v = right
			case isRefusal(a.Status) && bytes.Contains(a.Header, []byte("\r\nRetry-After: ")):
				v = refused
				r.bad()
			case texts.Add(1) <= mostTexts:
				r.findings.note("%d: %.300s", a.Status, a.Body)
			}
			r.tally().count(ofOthers, v)
			return nil
		})})
}

func (row *RefillRow) judge(r *rig) {
	row.Findings = r.findings.all()
	if row.Read > row.Distinct {
		row.miss("MySQL sent %d rows for %d products", row.Read, row.Distinct)
	}
	if row.AtOnce > maxConns {
		row.miss("%d queries at once, want at most %d", row.AtOnce, maxConns)
	}
	if row.Recovered > recovery && !r.Short {
		row.miss("the last refusal %v after MySQL was back, want at most %v", row.Recovered, recovery)
	}
}
