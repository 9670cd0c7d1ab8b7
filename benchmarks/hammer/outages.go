package hammer

import (
	"context"
	"sync"
	"time"

	"productcache/internal/mysqltest"
)

// recovery is how long after MySQL is back requests may still fail.
const recovery = 5 * time.Second

// outages ends MySQL and starts it again, by turns: shut down, killed.
type outages struct {
	server *mysqltest.Server

	mu    sync.Mutex // guards all below
	down  bool
	since time.Time // when it came back; zero: it was always there
	count int
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
		o.note(true)
		if err := ends[i%len(ends)](); err != nil {
			return err
		}
		if err := o.server.Restart(); err != nil {
			return err
		}
		o.note(false)
	}
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

// away reports whether MySQL is gone at this moment.
func (o *outages) away() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.down
}

func (o *outages) number() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count
}
