package hammer

import (
	"context"
	"time"

	"productcache/benchmarks/internal/outage"
	"productcache/internal/mysqltest"
)

// outages ends MySQL and starts it again, by turns: shut down, killed.
type outages struct {
	outage.Log
	server *mysqltest.Server
}

// period is how often MySQL goes away: every minute, and twice in a short run.
func period(d time.Duration) time.Duration { return min(time.Minute, d/3) }

// run returns when MySQL was there for so long, or ctx is done. It leaves MySQL running.
func (o *outages) run(ctx context.Context, d time.Duration) error {
	ends := []func() error{o.server.Stop, o.server.Kill}
	for i, left := 0, d; ; i++ {
		up := min(left, period(d))
		left -= up
		if !wait(ctx, time.After(up)) || left < time.Millisecond {
			return nil
		}
		o.Begin()
		if err := ends[i%len(ends)](); err != nil {
			return err
		}
		if err := o.server.Restart(); err != nil {
			return err
		}
		o.End()
	}
}
