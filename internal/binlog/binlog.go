// Package binlog follows the binlog of the MySQL or MariaDB that answers are
// loaded from, and says which of them a committed change has made stale. It is
// the only importer of the replication library.
//
// # What it promises
//
//   - After a change of a followed table was committed, what the catalog's
//     changed_by derives from it goes stale: usually within two milliseconds.
//   - Once a position counts as applied, all that depends on transactions before
//     it was invalidated at a time when those transactions were visible to
//     every reader.
//   - After a gap, where changes may have been missed, everything goes stale.
//   - What it does not understand makes too much stale, never too little.
//
// It does not promise to be there: without it, lifetimes rule. It reads; it
// writes nothing to the server. It holds no SQL of lookups, and no cache.
//
// # The path of a change
//
// [Follower.Run] connects (session.go), makes sure that the server can be
// followed (server.go), and begins where it was, or at the end of the binlog
// (resume.go, position.go, stream.go), or at a bookmark (bookmark.go), with the
// tables that matter (route.go). Where other lookups are to be followed, it
// begins once more from where it is (reroute.go).
// Each event goes through reader.handle: a table map names a table, row events
// are decoded as far as a route wants (tablemap.go, rows.go, image.go,
// rowchange.go, keytext.go), statements are searched for names of tables
// (query.go, statement.go), heartbeats show whether this is still the server's
// binlog (pulse.go). What a transaction makes stale gathers in effects, those of
// XA transactions until the second half (xa.go), and is invalidated at its
// commit. Then the settler waits until the commit is visible (visible.go), runs
// the catalog's find queries, and invalidates once more: what was loaded in
// between may be old.
//
// # Goroutines
//
// Run itself reads; it starts the settler and waits for it.
package binlog

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"productcache/internal/catalog"
)

// A Sink is what changes are told to. Its methods may be called concurrently,
// and must not block.
type Sink interface {
	// Invalidate makes the answers of l for keys, in their canonical spelling, stale.
	Invalidate(l *catalog.Lookup, keys []string)
	// InvalidateAll makes all answers of l stale.
	InvalidateAll(l *catalog.Lookup)
}

// Options of a follower. Those that are optional say so.
type Options struct {
	Endpoint Endpoint
	Lookups  []*catalog.Lookup
	Database Database
	Sink     Sink
	// Moved is called when following has begun, and when it turns out that the
	// server cannot be followed. Optional.
	Moved func(following bool)
	// Bookmark is where to begin, as an earlier follower of the same server has
	// returned it; "": at the end of the binlog, with everything stale, as also
	// where the server cannot go on from there.
	Bookmark string
	// CaughtUp is called once, when all that was committed before Run was called
	// is applied. Optional.
	CaughtUp func()
	Logger   *slog.Logger // nil: silent
}

// A Follower follows one server. Its methods may be called concurrently.
type Follower struct {
	o       Options
	subject subject
	status  status
	pending pending
	wake    chan struct{}    // has room for one: there is something to settle
	warned  map[warning]bool // of Run alone
	limits  limits

	caughtUp func() // of CaughtUp: does nothing the second time
	behind   bool   // of Run alone: that was not called for yet
}

// limits are how long to wait: for signs of life, and before another attempt.
type limits struct{ silence, maxPause time.Duration }

// New makes a follower. It connects to nothing before Run.
func New(o Options) (*Follower, error) {
	if _, err := o.Endpoint.params(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Moved == nil {
		o.Moved = func(bool) {}
	}
	if o.CaughtUp == nil {
		o.CaughtUp = func() {}
	}
	return &Follower{
		o:        o,
		subject:  subject{lookups: o.Lookups},
		status:   newStatus(),
		wake:     make(chan struct{}, 1),
		warned:   map[warning]bool{},
		limits:   limits{silence, maxPause},
		caughtUp: sync.OnceFunc(o.CaughtUp),
		behind:   true,
	}, nil
}

// Backoff between two attempts to follow.
const (
	minPause = 100 * time.Millisecond
	maxPause = 30 * time.Second

	// An attempt that lasted this long was a good one: the next begins at once.
	goodAttempt = 10 * time.Second
)

// Run follows until ctx is done, and connects again as often as it takes. It
// may be called once.
func (f *Follower) Run(ctx context.Context) {
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		f.settle(ctx)
	}()
	defer func() { <-settled }()
	at := f.bookmarked()
	for pause := minPause; ctx.Err() == nil; {
		began := time.Now()
		attempt, cut := f.attempt(ctx)
		next, err := f.follow(attempt, at)
		at = next
		if ctx.Err() != nil {
			cut()
			return
		}
		rerouted := attempt.Err() != nil
		cut()
		if rerouted {
			continue
		}
		if time.Since(began) > goodAttempt {
			pause = minPause
		}
		f.report(err)
		if !sleep(ctx, jittered(pause)) {
			return
		}
		pause = min(2*pause, f.limits.maxPause)
	}
}

// report says why following has ended, each reason once in a row.
func (f *Follower) report(err error) {
	if !f.status.disconnected(err) || errors.Is(err, errLost) { // the gap was told
		return
	}
	if errors.Is(err, ErrUnable) {
		f.o.Logger.Warn("cannot follow the binlog: entries live by their ttl", "error", err)
		f.o.Moved(false)
		return
	}
	f.o.Logger.Warn("lost the binlog, trying again", "error", err)
}
