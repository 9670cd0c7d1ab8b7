package load

import (
	"context"
	"errors"
	"time"
)

// loop is the state of a run; only its thread touches it.
type loop struct {
	poll        poller
	connections []*connection
	idle        []*connection // first in, first out, so that all of them are used
	work        []Work
	next        int // of all works begun
	start       time.Time
	elapsed     time.Duration
	latency     []time.Duration
}

func open(o Options) (*loop, error) {
	l := &loop{work: o.Work, latency: make([]time.Duration, 0, 1<<20)}
	if err := l.poll.open(); err != nil {
		return nil, err
	}
	for i := range o.Connections {
		c, err := dial(o)
		if err == nil {
			l.connections = append(l.connections, c)
			err = l.poll.add(c.fd, int32(i))
		}
		if err != nil {
			l.close()
			return nil, err
		}
	}
	l.idle = append(make([]*connection, 0, 2*o.Connections), l.connections...)
	return l, nil
}

func (l *loop) close() {
	for _, c := range l.connections {
		c.close()
	}
	l.poll.close()
}

func (l *loop) run(ctx context.Context, o Options) error {
	l.start = time.Now()
	var due []time.Duration
	begin := func() (wait time.Duration, err error) { return l.keepBusy(o.Duration) }
	if o.Rate > 0 {
		due = schedule(o)
		begin = func() (time.Duration, error) { return l.beginDue(due) }
	}
	for l.elapsed = 0; ; l.elapsed = time.Since(l.start) {
		wait, err := begin()
		switch {
		case err != nil:
			return err
		case wait < 0 && len(l.idle) == len(l.connections):
			return nil
		case l.elapsed > o.Duration+grace:
			return errors.New("answers are missing at the end")
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if err := l.await(wait); err != nil {
			return err
		}
	}
}

// longestWait is between two looks at the time when nothing comes.
const longestWait = 100 * time.Millisecond

// beginDue begins what is due, as far as connections are idle, and returns the time until something
// is due for an idle one. It is negative when nothing will be due any more.
func (l *loop) beginDue(due []time.Duration) (time.Duration, error) {
	for l.next < len(due) && len(l.idle) > 0 {
		if wait := due[l.next] - time.Since(l.start); wait > 0 {
			return wait, nil
		}
		if err := l.begin(due[l.next]); err != nil {
			return 0, err
		}
	}
	if l.next == len(due) {
		return -1, nil
	}
	return longestWait, nil
}

// keepBusy begins work on every idle connection until the end of the duration.
func (l *loop) keepBusy(duration time.Duration) (time.Duration, error) {
	for len(l.idle) > 0 {
		now := time.Since(l.start)
		if now >= duration {
			return -1, nil
		}
		if err := l.begin(now); err != nil {
			return 0, err
		}
	}
	return longestWait, nil
}

// begin sends the next work over the connection that was idle for longest.
func (l *loop) begin(due time.Duration) error {
	c := l.idle[0]
	l.idle = l.idle[:copy(l.idle, l.idle[1:])]
	work := &l.work[l.next%len(l.work)]
	l.next++
	return c.begin(work, due)
}

// await takes in what has come, and waits for it at most as long as wait.
func (l *loop) await(wait time.Duration) error {
	if wait < 0 || wait > longestWait {
		wait = longestWait
	}
	ready, err := l.poll.wait(wait)
	for _, i := range ready {
		c := l.connections[i]
		finished, e := c.receive()
		if finished {
			l.latency = append(l.latency, time.Since(l.start)-c.due)
			l.idle = append(l.idle, c)
		}
		err = errors.Join(err, e)
	}
	return err
}
