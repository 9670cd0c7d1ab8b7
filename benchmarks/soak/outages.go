package soak

import (
	"context"
	"sync"
	"time"

	"productcache/internal/mysqltest"
)

// recovery is how long after MySQL is back requests may still fail.
const recovery = 5 * time.Second

// outages ends MySQL and starts it again, by turns: killed, shut down, frozen.
type outages struct {
	server *mysqltest.Server
	period time.Duration

	mu    sync.Mutex // guards all below
	down  bool
	since time.Time // when it came back; zero: it was always there
	count int
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
		o.note(true)
		if err := kind.end(); err != nil {
			return err
		}
		wait(ctx, time.After(min(o.period/5, recovery)))
		if err := kind.restart(); err != nil {
			return err
		}
		o.note(false)
	}
	return nil
}

func (o *outages) note(down bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.down = down
	if down {
		o.count++
	} else {
		o.since = time.Now()
	}
}

// excuse reports whether a request that began then, and has just failed, may have failed.
func (o *outages) excuse(began time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.down || began.Before(o.since.Add(recovery))
}

func (o *outages) number() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count
}
