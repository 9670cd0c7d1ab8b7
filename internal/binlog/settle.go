package binlog

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"productcache/internal/catalog"
)

// unsettled is what was invalidated at its commit, and has to be once more when
// the commit is visible.
type unsettled struct {
	effects  effects
	upTo     position
	server   *server
	received time.Time // when the last transaction in it was read
	commit   time.Time // of the last transaction, by our clock; zero: not known
	era      uint64    // of upTo: see status.era
	parts    int       // how many were put together, as status.open counts them
	caughtUp bool      // all that was in the binlog when the follower began is in it, or before
}

// pending hands what is unsettled from the reader to the settler.
type pending struct {
	mu   sync.Mutex // guards next
	next *unsettled // nil: nothing
}

func (p *pending) add(u unsettled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next != nil {
		p.next.effects.add(u.effects)
		u.effects = p.next.effects
		u.parts += p.next.parts
		u.caughtUp = u.caughtUp || p.next.caughtUp
	}
	p.next = &u
}

func (p *pending) take() *unsettled {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.next
	p.next = nil
	return u
}

// apply invalidates what a transaction changed, and leaves the rest to the
// settler. u's effects are not the caller's any more.
func (f *Follower) apply(u unsettled) {
	u.era, u.parts = f.status.current(), 1
	f.invalidate(u.effects)
	f.pending.add(u)
	select {
	case f.wake <- struct{}{}:
	default: // it is awake, and will find this
	}
}

// settle invalidates once more what apply has, when the commits are visible,
// until ctx is done.
func (f *Follower) settle(ctx context.Context) {
	h := &horizon{endpoint: f.o.Endpoint}
	defer h.close()
	for {
		select {
		case <-f.wake:
		case <-ctx.Done():
			return
		}
		u := f.pending.take()
		if u == nil {
			continue
		}
		h.await(ctx, u.server, u.upTo, u.received)
		f.search(ctx, u.effects)
		if ctx.Err() != nil {
			return
		}
		f.invalidate(u.effects)
		f.status.applied(u)
		if u.caughtUp {
			f.caughtUp()
		}
	}
}

// search runs the find queries, and replaces what they look for by the keys that
// they find. Where one fails, the whole lookup goes stale.
func (f *Follower) search(ctx context.Context, e effects) {
	for l, one := range e {
		for r, s := range one.searches {
			keys, err := f.o.Database.Find(ctx, l, r.change, s.keyType(), slices.Collect(maps.Keys(s.values)))
			if err != nil && ctx.Err() == nil {
				f.o.Logger.Warn("cannot find what a change makes stale: the whole lookup is", "lookup", l.Name,
					"table", r.change.Table, "error", err)
			}
			if err != nil {
				e.addAll(l)
				break
			}
			for _, key := range keys {
				e.addCanonical(l, key)
			}
		}
	}
}

func (s *search) keyType() catalog.KeyType {
	if s.numeric {
		return catalog.Integer
	}
	return catalog.String
}

// invalidate tells the sink.
func (f *Follower) invalidate(e effects) {
	for l, one := range e {
		if one.all {
			f.status.invalidatedAll()
			f.o.Sink.InvalidateAll(l)
			continue
		}
		if len(one.keys) > 0 {
			f.status.invalidated(len(one.keys))
			f.o.Sink.Invalidate(l, slices.Collect(maps.Keys(one.keys)))
		}
	}
}
