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
	context.Context // the request's; on the plain path it is not there until somebody waits
	deadline        time.Time
	client          *connection // on the plain path; its leaving is looked for while somebody waits

	mu     sync.Mutex // guards all below, and Context on the plain path
	timed  context.Context
	cancel context.CancelFunc
}

func (p *patience) armed() context.Context {
	ctx, first := p.arm()
	if first && p.client != nil {
		_ = p.client.flush() // earlier replies need not wait; an error stays
	}
	return ctx
}

// arm returns the context, and whether this call has made it.
func (p *patience) arm() (_ context.Context, first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if first = p.timed == nil; first {
		if p.client != nil {
			p.Context = p.client.watch()
		}
		p.timed, p.cancel = context.WithDeadline(p.Context, p.deadline)
	}
	return p.timed, first
}

// Deadline is part of context.Context.
func (p *patience) Deadline() (time.Time, bool) { return p.armed().Deadline() }

// Done is part of context.Context.
func (p *patience) Done() <-chan struct{} { return p.armed().Done() }

// Err is part of context.Context.
func (p *patience) Err() error { return p.armed().Err() }

// left reports whether the client is there no more, as far as anybody has looked.
func (p *patience) left() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Context != nil && p.Context.Err() != nil
}

// stop frees the timer, and looks for the client's leaving no more. More calls do nothing.
func (p *patience) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
		p.cancel = nil
		if p.client != nil {
			p.client.unwatch()
		}
	}
}
