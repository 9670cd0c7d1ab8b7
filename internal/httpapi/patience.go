package httpapi

import (
	"context"
	"sync"
	"time"
)

// patience is the context of a request's waits: it ends with the request, or at
// the deadline. The timer is started by the first who waits, since an answer
// from memory needs none.
type patience struct {
	context.Context // the request's
	deadline        time.Time

	mu     sync.Mutex // guards all below
	timed  context.Context
	cancel context.CancelFunc
}

func (p *patience) armed() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timed == nil {
		p.timed, p.cancel = context.WithDeadline(p.Context, p.deadline)
	}
	return p.timed
}

// Deadline is part of context.Context.
func (p *patience) Deadline() (time.Time, bool) { return p.armed().Deadline() }

// Done is part of context.Context.
func (p *patience) Done() <-chan struct{} { return p.armed().Done() }

// Err is part of context.Context.
func (p *patience) Err() error { return p.armed().Err() }

// stop frees the timer.
func (p *patience) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
	}
}
