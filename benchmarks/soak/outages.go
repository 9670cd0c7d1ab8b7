package soak

import (
	"context"
	"time"

	"productcache/benchmarks/internal/outage"
	"productcache/internal/mysqltest"
)

// outages ends MySQL and starts it again, by turns: killed, shut down, frozen.
type outages struct {
	outage.Log
	server *mysqltest.Server
	period time.Duration
}

func newOutages(s *mysqltest.Server, period time.Duration) *outages {
	return &outages{server: s, period: period}
}

// run goes on until ctx is done, and leaves MySQL running.
func (o *outages) run(ctx context.Context) error {
	kinds := []struct{ end, restart func() error }{
		{o.server.Kill, o.server.Restart},
		{o.server.Stop, o.server.Restart},
		{o.server.Freeze, o.server.Thaw},
	}
	next := time.NewTicker(o.period)
	defer next.Stop()
	for i := 0; wait(ctx, next.C); i++ {
		kind := kinds[i%len(kinds)]
		o.Begin()
		if err := kind.end(); err != nil {
			return err
		}
		wait(ctx, time.After(min(o.period/5, outage.Recovery)))
		if err := kind.restart(); err != nil {
			return err
		}
		o.End()
	}
	return nil
}
