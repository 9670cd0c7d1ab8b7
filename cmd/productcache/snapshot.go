package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"productcache/internal/admin"
	"productcache/internal/cache"
	"productcache/internal/snapshot"
)

// snapshotFlags declares the flags of the warm restart.
func (c *Config) snapshotFlags(fs *flag.FlagSet) {
	fs.StringVar(&c.Snapshot, "snapshot", "", "`file` that entries are written to, and come back from after a restart; it belongs to one process")
	durationVar(fs, &c.SnapshotInterval, "snapshot-interval", time.Minute, "`time` between two snapshots; 0: only when the service stops")
}

// catchUpPatience is how long a service that can load is not ready since it has
// not yet been told what changed after its snapshot. It serves nothing wrong
// then: what came back counts as stale until it is told.
const catchUpPatience = time.Minute

// warm is the warm restart: what comes back from the snapshot, how far it may be
// trusted, and the next snapshots. Without -snapshot it does nothing.
//
// What was loaded is served to nobody until it is known what was purged behind
// it. Then it counts as stale, until the follower has applied what was changed
// since; only then the file may be replaced: whenever the process is killed,
// what is there tells all that is needed.
type warm struct {
	*service
	claim    claim
	loaded   chan struct{}           // closed when the snapshot is loaded, or will not be
	settled  atomic.Bool             // what came back is trusted as far as it will be
	behind   string                  // bookmark of what came back; "": it needs none. Written before loaded is closed
	since    time.Time               // loaded; likewise
	clockOff bool                    // the wall clock was set back; likewise
	restore  *cache.Restoration[doc] // nil: nothing came back; likewise
	savedAt  time.Time               // what came back; likewise

	mu    sync.Mutex // guards stats
	stats admin.SnapshotStats
}

// openWarm takes the file. Where that fails the service starts without.
func openWarm(s *service) *warm {
	w := &warm{service: s, loaded: make(chan struct{})}
	if s.config.Snapshot == "" {
		w.settled.Store(true)
		close(w.loaded)
		return w
	}
	if err := w.claim.open(s.config.Snapshot); err != nil {
		w.failed("cannot use the snapshot, nothing comes back", err)
	}
	return w
}

func (w *warm) wanted() bool { return w.config.Snapshot != "" }

// watch adds the metrics.
func (w *warm) watch(m *admin.Metrics) {
	if w.wanted() {
		m.WatchSnapshots(w.Stats)
	}
}

// Stats returns the numbers of this moment.
func (w *warm) Stats() admin.SnapshotStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	stats := w.stats
	stats.Interval = w.config.SnapshotInterval
	return stats
}

// failed logs and counts what went wrong.
func (w *warm) failed(what string, err error) {
	w.log.Error(what, "file", w.config.Snapshot, "error", err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stats.Errors++
}

// run loads the snapshot, and then writes one after the other until ctx is done.
func (w *warm) run(ctx context.Context) {
	if !w.wanted() {
		return
	}
	w.load(ctx)
	if w.config.SnapshotInterval == 0 {
		return
	}
	for sleep(ctx, w.config.SnapshotInterval) {
		w.write(ctx, rest)
	}
}

// await waits until the snapshot is loaded, and reports false if ctx is done before.
func (w *warm) await(ctx context.Context) bool {
	select {
	case <-w.loaded:
		return true
	case <-ctx.Done():
		return false
	}
}

// bookmark is where the follower begins, once the snapshot is loaded.
func (w *warm) bookmark() string { return w.behind }

// caughtUp says that what changed since the snapshot is invalidated.
func (w *warm) caughtUp() {
	if w.behind == "" || w.restore == nil {
		return
	}
	trust := cache.TrustFresh
	if w.clockOff {
		trust = cache.TrustStale
	}
	w.restore.Trust(trust)
	w.settled.Store(true)
	w.log.Info("what changed since the snapshot is applied", "took", time.Since(w.since).Round(time.Millisecond))
}

// giveUpCatchingUp says that the server cannot be followed. Should it be after
// all, what came back may still be trusted then.
func (w *warm) giveUpCatchingUp() {
	if !w.settled.Swap(true) {
		w.log.Warn("what changed since the snapshot is not known: what came back is stale")
	}
}

// notReady says why traffic should not come yet.
func (w *warm) notReady() []string {
	select {
	case <-w.loaded:
	default:
		return []string{"the snapshot is being loaded"}
	}
	away := w.asked.Load() && !w.store.Up()
	if !w.settled.Load() && !away && time.Since(w.since) < catchUpPatience {
		return []string{"what changed since the snapshot is being applied"}
	}
	return nil
}

// serves reports whether there is something to serve though MySQL is away.
func (w *warm) serves() bool {
	select {
	case <-w.loaded:
		return w.asked.Load() && w.restore != nil
	default:
		return false
	}
}

// noted returns what remembers purges of a lookup beyond a restart.
func (w *warm) noted(lookup string) func(cache.PurgeMode, bool, []string) error {
	return func(mode cache.PurgeMode, all bool, keys []string) error {
		if !w.wanted() {
			return nil
		}
		err := w.claim.note(w.config.Snapshot, snapshot.Purge{Lookup: lookup, All: all, Remove: mode == cache.PurgeRemove, Keys: keys})
		if err != nil {
			w.failed("cannot add a purge to the snapshot", err)
		}
		if errors.Is(err, snapshot.ErrDiscarded) {
			return nil // it cannot come back
		}
		return err
	}
}

// finish writes the last snapshot, of what nobody changes any more.
func (w *warm) finish() {
	if w.wanted() {
		w.write(context.Background(), 0)
	}
}

func (w *warm) close() error {
	if err := w.claim.close(); err != nil {
		return fmt.Errorf("-snapshot: %w", err)
	}
	return nil
}
