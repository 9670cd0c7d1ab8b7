// Package load is a generator of load that tells the truth about a server that stalls: requests
// have times at which they are due, drawn before the run, and latency is counted from there. The
// sender never waits for an answer before it sends what is due on another connection; where all
// connections are busy the request waits, as a user would, and the wait counts.
//
// Run works on one thread with epoll and raw system calls, since timers and wake-ups of goroutines
// are coarser than the answers of the servers that it measures. It starts no goroutine but that
// one, and waits for it.
package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"time"
)

// Work is what is asked as one: steps that are sent one after the other over one connection, each
// when the one before has been answered. A step may hold several requests (pipelining).
type Work struct {
	Steps   [][]byte
	Answers int // to each step
}

// Options of a run. All fields are required but Rate, Seed, Nice and Collects.
type Options struct {
	Network, Address string // as net.Dial takes them
	Connections      int
	Work             []Work        // in turn, again from the start after the last
	Answer           Answer        // finds the end of an answer
	Duration         time.Duration // within which work is due
	Rate             float64       // works per second, due at random times; 0: each connection is always busy
	Seed             uint64        // of the random times
	Nice             int           // how far the generator's thread yields to other work, 1 to 19, or as root goes before it, -1 to -20
	Collects         bool          // the garbage collector does not rest meanwhile: where several Runs go on at once
}

// Result of a run.
type Result struct {
	Done    int           // works answered
	Elapsed time.Duration // until the last answer
	// Latency of each work, ascending: from when it was due to the end of its last answer.
	Latency []time.Duration
}

// grace is how long after Duration answers may come.
const grace = 20 * time.Second

// Run sends work and returns when all of it is answered. Any answer that Options.Answer refuses is
// an error, and so is a lost connection. The garbage collector rests meanwhile, unless Options.Collects.
func Run(ctx context.Context, o Options) (Result, error) {
	if len(o.Work) == 0 || o.Connections <= 0 {
		return Result{}, errors.New("load: no work or no connections")
	}
	loop, err := open(o)
	if err != nil {
		return Result{}, err
	}
	defer loop.close()
	if !o.Collects {
		runtime.GC()
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread and its fine timers end here
		fineTimers()
		if o.Nice != 0 {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, o.Nice) // of this thread alone
		}
		done <- loop.run(ctx, o)
	}()
	if err := <-done; err != nil {
		return Result{}, fmt.Errorf("load: %s %s: %w", o.Network, o.Address, err)
	}
	slices.Sort(loop.latency)
	return Result{Done: len(loop.latency), Elapsed: loop.elapsed, Latency: loop.latency}, nil
}

// Quantile returns the least latency that a share q of all works did not exceed, exactly.
func (r Result) Quantile(q float64) time.Duration {
	if len(r.Latency) == 0 {
		return 0
	}
	i := int(q*float64(len(r.Latency))+0.999999) - 1
	return r.Latency[min(max(i, 0), len(r.Latency)-1)]
}

// schedule draws the times at which work is due: as of many callers who do not know each other, with
// exponential gaps. The same seed gives the same times.
func schedule(o Options) (due []time.Duration) {
	r := rand.New(rand.NewPCG(o.Seed, 1))
	mean := float64(time.Second) / o.Rate
	for at := r.ExpFloat64() * mean; at < float64(o.Duration); at += r.ExpFloat64() * mean {
		due = append(due, time.Duration(at))
	}
	return due
}
