package soak

import (
	"context"
	"fmt"
	"time"

	"productcache/benchmarks/internal/child"
)

// Memory may differ by so much between the second quarter of a run and its last: the collector's rhythm, and
// more waiting requests in one outage than in another.
const (
	mostGrowth  = 1.2
	growthSlack = 8 << 20
)

// watch prints a line a minute, and compares memory early and late.
func (s *soak) watch(ctx context.Context) error {
	began := time.Now()
	look, line := time.NewTicker(s.Duration/100), time.NewTicker(period(s.Duration))
	defer look.Stop()
	defer line.Stop()
	var early, late int64
	for {
		select {
		case <-look.C:
			now, _, err := s.program.Memory()
			if err != nil {
				return fmt.Errorf("the program has ended: %w: %s", err, s.program.Log())
			}
			switch 4 * time.Since(began) / s.Duration {
			case 1:
				early = max(early, now)
			case 3:
				late = max(late, now)
			}
		case <-line.C:
			s.print(ctx, time.Since(began))
		case <-ctx.Done():
			s.print(context.WithoutCancel(ctx), time.Since(began))
			fmt.Fprintf(s.Out, "memory: rss at most %.1f MiB early, %.1f MiB late\n", float64(early)/(1<<20), float64(late)/(1<<20))
			if float64(late) > mostGrowth*float64(early)+growthSlack {
				s.findings.note("memory grew from %d to %d bytes", early, late)
			}
			return nil
		}
	}
}

func (s *soak) print(ctx context.Context, at time.Duration) {
	u, err := s.program.Usage(ctx)
	if err != nil {
		s.findings.add(ctx, "usage: %v", err)
		return
	}
	fmt.Fprintf(s.Out, "%v: %v outages=%d %v findings=%d\n", at.Round(time.Second), &s.counts, s.outages.Count(), u, s.findings.number())
}

// settle waits until the program takes no more than it did idle at first, but for connections that it
// keeps, and event loops.
func (s *soak) settle(ctx context.Context, idle child.Usage) error {
	now, err := s.program.Settle(ctx, idle, pooled)
	if err == nil {
		fmt.Fprintf(s.Out, "idle: %v before, %v after\n", idle, now)
	}
	return err
}

// pooled are connections to MySQL that the program may keep: -mysql-max-conns and one more.
const pooled = 8 + 1
