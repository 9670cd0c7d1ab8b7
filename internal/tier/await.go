package tier

import (
	"context"
	"time"

	"github.com/redis/rueidis"
)

// pollPause is between two questions where Redis does not push.
const pollPause = 20 * time.Millisecond

// await waits for what other nodes have leased. It asks again when Redis says that something has changed, or a lease is over. Who
// is given a lease then, since the holder has failed, reads; and who has waited for two leases reads without one.
func (e *errand[V]) await(ctx context.Context, f findings) {
	if len(f.theirs) == 0 {
		return
	}
	e.counts.waited.Add(uint64(len(f.theirs)))
	w := newWaiter()
	names := e.namesOf(f.theirs)
	e.waiters.add(w, names)
	defer e.waiters.remove(w, names)
	for until := time.Now().Add(2 * e.options.Lease); len(f.theirs) > 0; {
		e.track(ctx, f.theirs, w)
		due := e.pause(ctx, w, f)
		switch {
		case ctx.Err() != nil:
			for _, at := range f.theirs {
				e.loaded[at].Err = context.Cause(ctx)
			}
			return
		case !time.Now().Before(until):
			e.read(ctx, f.theirs, false)
			return
		}
		f = e.again(ctx, f, due)
	}
}

// track has Redis push the changes of keys, and notes those that have changed already.
func (e *errand[V]) track(ctx context.Context, keys []int, w *waiter) {
	c, _, ok := e.touch.in()
	if !ok || !e.touch.pushes.Load() {
		return
	}
	questions := make([]rueidis.CacheableTTL, len(keys))
	for i, at := range keys {
		questions[i] = rueidis.CT(c.B().Get().Key(e.names[at]).Cache(), e.options.Lease)
	}
	asked, cancel := context.WithTimeout(ctx, e.options.Timeout)
	defer cancel()
	for i, r := range c.DoMultiCache(asked, questions...) {
		text, err := r.ToString()
		_ = e.touch.judge(err)
		if _, leased := leaseOf([]byte(text)); !leased {
			w.note(e.names[keys[i]])
		}
	}
}

// pause waits for a change, and returns the keys that are to be asked for again.
func (e *errand[V]) pause(ctx context.Context, w *waiter, f findings) (due []int) {
	wait := f.left + time.Millisecond
	if !e.touch.pushes.Load() {
		wait = min(wait, pollPause)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-w.ready:
		changed := w.take()
		for _, at := range f.theirs {
			if changed[e.names[at]] {
				due = append(due, at)
			}
		}
		return due
	case <-timer.C:
	case <-ctx.Done():
	}
	return f.theirs
}

// again asks for keys anew. What this node is to read itself, it reads at once.
func (e *errand[V]) again(ctx context.Context, f findings, due []int) (open findings) {
	if len(due) == 0 {
		return f
	}
	open = e.ask(ctx, due)
	e.read(ctx, open.ours, true)
	e.read(ctx, open.alone, false)
	asked := make(map[int]bool, len(due))
	for _, at := range due {
		asked[at] = true
	}
	for _, at := range f.theirs {
		if !asked[at] {
			if len(open.theirs) == 0 || f.left < open.left {
				open.left = f.left
			}
			open.theirs = append(open.theirs, at)
		}
	}
	open.ours, open.alone = nil, nil
	return open
}

func (e *errand[V]) namesOf(keys []int) []string {
	names := make([]string, len(keys))
	for i, at := range keys {
		names[i] = e.names[at]
	}
	return names
}
