package store

import (
	"context"
	"sync"
	"time"
)

// A gate stands before every new connection. It is open while connecting
// works. When an attempt fails it closes, and one goroutine goes on trying, in
// growing intervals, until MySQL lets it in; everybody else is turned away at
// once with the last cause.
//
// It begins untried: the first to come sets off the first attempt, and all who
// come while it lasts wait for it.
type gate struct {
	probe func(context.Context) error // connects once
	moved func(movement)              // hears of every change, in order

	stop   context.CancelFunc // ends the prober
	life   context.Context    // of the prober
	prober sync.WaitGroup

	mu      sync.Mutex // guards what follows
	state   gateState
	cause   error         // why it is closed; the last one
	since   time.Time     // when it closed
	ever    bool          // it has been open
	changed chan struct{} // closed at the next change of state or cause
}

type gateState uint8

const (
	untried gateState = iota
	trying            // untried, with the first attempt under way
	open
	shut
)

// A movement is a change that is worth a line in the log: a gate that closes,
// that stays closed for a new reason, or that opens.
type movement struct {
	cause error         // nil: it opened
	first bool          // it opened for the first time
	away  time.Duration // it was closed for so long: since somebody noticed, not since MySQL went
}

func newGate(probe func(context.Context) error, moved func(movement)) *gate {
	g := &gate{probe: probe, moved: moved, changed: make(chan struct{})}
	g.life, g.stop = context.WithCancel(context.Background())
	return g
}

// pass returns nil when a connection may be opened now, and else why not.
func (g *gate) pass(ctx context.Context) error {
	for {
		g.mu.Lock()
		if g.state == untried {
			g.state, g.since = trying, time.Now()
			g.startLocked(0)
		}
		state, cause, changed := g.state, g.cause, g.changed
		g.mu.Unlock()
		switch state {
		case open:
			return nil
		case shut:
			return cause
		}
		if err := g.wait(ctx, changed); err != nil {
			return err
		}
	}
}

func (g *gate) wait(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-g.life.Done():
		return errClosed
	}
}

// fail tells the gate that a connection could not be opened, or that MySQL no
// longer answers on those that are.
func (g *gate) fail(cause error) {
	g.mu.Lock()
	if g.state != open {
		g.mu.Unlock()
		return
	}
	g.since = time.Now()
	g.shutLocked(cause)
	g.mu.Unlock()
	g.moved(movement{cause: cause})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.startLocked(nextPause(0, cause))
}

// watch returns why nobody answers, or nil when somebody does, be it to refuse
// us, and a channel that is closed when that may have changed.
func (g *gate) watch() (changed <-chan struct{}, absence error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == shut && !fromServer(g.cause) {
		return g.changed, g.cause
	}
	return g.changed, nil
}

func (g *gate) reached() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ever
}

func (g *gate) close() {
	g.mu.Lock()
	g.stop() // under the lock: no prober starts after it
	g.mu.Unlock()
	g.prober.Wait()
}

// shutLocked reports whether cause is news.
func (g *gate) shutLocked(cause error) bool {
	news := g.state != shut || complaintOf(cause) != complaintOf(g.cause)
	g.state, g.cause = shut, cause
	g.changedLocked()
	return news
}

func (g *gate) changedLocked() {
	close(g.changed)
	g.changed = make(chan struct{})
}
