package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
)

// Usage is what the real program takes.
type Usage struct {
	Resident                int64
	Live                    int64 // bytes of the heap after a collection, the cache's own left out
	Goroutines, Descriptors int
}

// Usage looks at it. It begins a garbage collection.
func (p *Process) Usage(ctx context.Context) (u Usage, err error) {
	var errs [4]error
	u.Live, errs[0] = p.live(ctx)
	u.Resident, _, errs[1] = p.Memory()
	u.Goroutines, errs[2] = p.Goroutines(ctx)
	u.Descriptors, errs[3] = p.Descriptors()
	return u, errors.Join(errs[:]...)
}

// live returns the bytes of reachable objects but the cache's entries.
func (p *Process) live(ctx context.Context) (int64, error) {
	profile, err := p.admin(ctx, "/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		return 0, err
	}
	_, rest, found := bytes.Cut(profile, []byte("\n# HeapAlloc = "))
	if !found {
		return 0, errors.New("child: the profile of the heap has no HeapAlloc")
	}
	var heap int64
	if _, err := fmt.Fscan(bytes.NewReader(rest), &heap); err != nil {
		return 0, err
	}
	cached, err := p.Metric(ctx, "productcache_cache_bytes")
	return heap - int64(cached), err
}

func (u Usage) String() string {
	const mib = 1 << 20
	return fmt.Sprintf("rss=%.1fMiB live=%.1fMiB goroutines=%d descriptors=%d", float64(u.Resident)/mib, float64(u.Live)/mib, u.Goroutines, u.Descriptors)
}

const (
	// loopDescriptors are those of an event loop, which has a goroutine too. There is one for
	// each processor at most, begun when it is first needed.
	loopDescriptors = 2
	// liveSlack is what the program may keep of buffers, maps and histories that it has come to need.
	liveSlack = 24 << 20

	settleLimit = 30 * time.Second
	settlePause = 100 * time.Millisecond
)

// Settle waits until the real program takes no more than it did when it was idle, but for so many
// pooled connections to MySQL, with a goroutine each, and event loops. What is left behind is an error with
// the stacks of all goroutines.
func (p *Process) Settle(ctx context.Context, idle Usage, pooled int) (now Usage, err error) {
	loops := runtime.GOMAXPROCS(0)
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for {
		if now, err = p.Usage(ctx); err != nil {
			return now, err
		}
		if now.Goroutines <= idle.Goroutines+pooled+loops && now.Descriptors <= idle.Descriptors+pooled+loops*loopDescriptors &&
			now.Live <= idle.Live+liveSlack {
			return now, nil
		}
		select {
		case <-time.After(settlePause):
		case <-ctx.Done():
			stacks, _ := p.Profile(context.WithoutCancel(ctx))
			return now, fmt.Errorf("left behind: %v before, %v after\n%s", idle, now, stacks)
		}
	}
}

// ResetPeak has the most that Memory returns count from now on.
func (p *Process) ResetPeak() error { return os.WriteFile(p.path("clear_refs"), []byte("5"), 0) }
