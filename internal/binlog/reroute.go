package binlog

import (
	"context"
	"slices"
	"sync"

	"productcache/internal/catalog"
)

// subject is the lookups that are followed, and the attempt to do so.
type subject struct {
	mu        sync.Mutex // guards all below
	lookups   []*catalog.Lookup
	newcomers []*catalog.Lookup  // changes of which may have been missed until an attempt begins with them
	joining   bool               // newcomers have not gone stale yet, were it that an attempt has begun with them
	cut       context.CancelFunc // ends the attempt at hand
}

// Reroute has f follow other lookups, from where it is: nothing that changes
// meanwhile is missed. Those of them that were not followed before, or by other
// tables, are named in newcomers: they go stale as a whole when f follows them.
// Their names may be those of lookups that they replace.
func (f *Follower) Reroute(lookups, newcomers []*catalog.Lookup) {
	s := &f.subject
	s.mu.Lock()
	defer s.mu.Unlock()
	// A newcomer that no attempt has begun with is one still, under its name.
	waiting := slices.DeleteFunc(slices.Clone(lookups), func(l *catalog.Lookup) bool {
		return !slices.ContainsFunc(s.newcomers, func(n *catalog.Lookup) bool { return n.Name == l.Name })
	})
	s.lookups, s.newcomers = lookups, append(waiting, newcomers...)
	s.joining = s.joining || len(s.newcomers) > 0
	if s.cut != nil {
		s.cut()
	}
}

// lookups returns those that are followed.
func (f *Follower) lookups() []*catalog.Lookup {
	f.subject.mu.Lock()
	defer f.subject.mu.Unlock()
	return f.subject.lookups
}

// attempt returns a context for one attempt to follow. It ends when there are
// other lookups.
func (f *Follower) attempt(ctx context.Context) (context.Context, context.CancelFunc) {
	f.subject.mu.Lock()
	defer f.subject.mu.Unlock()
	ctx, f.subject.cut = context.WithCancel(ctx)
	return ctx, f.subject.cut
}

// newcomers returns, once, those that an attempt has begun with: an attempt
// that is cut off does not know them.
func (f *Follower) newcomers(attempt context.Context) effects {
	s := &f.subject
	s.mu.Lock()
	defer s.mu.Unlock()
	if attempt.Err() != nil {
		return nil
	}
	stale := effects{}
	for _, l := range s.newcomers {
		stale.addAll(l)
	}
	s.newcomers = nil
	return stale
}

// joined says that the newcomers that were returned last have gone stale.
func (f *Follower) joined() {
	s := &f.subject
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joining = len(s.newcomers) > 0
}

// complete reports whether nothing before is missing of any lookup.
func (f *Follower) complete() bool {
	f.subject.mu.Lock()
	defer f.subject.mu.Unlock()
	return !f.subject.joining
}
