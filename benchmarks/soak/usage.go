package soak

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// usage is what the program takes.
type usage struct {
	resident                int64
	goroutines, descriptors int
}

func (s *soak) usage(ctx context.Context) (u usage, err error) {
	var errs [3]error
	u.resident, _, errs[0] = s.program.Memory()
	u.goroutines, errs[1] = s.program.Goroutines(ctx)
	u.descriptors, errs[2] = s.program.Descriptors()
	return u, errors.Join(errs[:]...)
}

func (u usage) String() string {
	return fmt.Sprintf("rss=%.1fMiB goroutines=%d descriptors=%d", float64(u.resident)/(1<<20), u.goroutines, u.descriptors)
}

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
	u, err := s.usage(ctx)
	if err != nil {
		s.findings.add(ctx, "usage: %v", err)
		return
	}
	fmt.Fprintf(s.Out, "%v: %v outages=%d %v findings=%d\n", at.Round(time.Second), &s.counts, s.outages.Count(), u, s.findings.number())
}

const (
	// Connections to MySQL that the program may keep, with a goroutine each: -mysql-max-conns and one more.
	pooled = 8 + 1
	// loopDescriptors are those of an event loop, which has a goroutine too. There is one for
	// each processor at most, begun when it is first needed.
	loopDescriptors = 2
	// settleLimit is how long the program may take to come to rest.
	settleLimit = 30 * time.Second
	settlePause = 100 * time.Millisecond
)

// settle waits until the program takes no more than it did idle at first, but for connections that it
// keeps, and event loops.
func (s *soak) settle(ctx context.Context, idle usage) error {
	loops := runtime.GOMAXPROCS(0)
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for {
		now, err := s.usage(ctx)
		if err != nil {
			return err
		}
		if now.goroutines <= idle.goroutines+pooled+loops && now.descriptors <= idle.descriptors+pooled+loops*loopDescriptors {
			fmt.Fprintf(s.Out, "idle: %v before, %v after\n", idle, now)
			return nil
		}
		if !wait(ctx, time.After(settlePause)) {
			stacks, _ := s.program.Profile(context.WithoutCancel(ctx))
			s.findings.note("left behind: %v before, %v after\n%s", idle, now, stacks)
			return nil
		}
	}
}
