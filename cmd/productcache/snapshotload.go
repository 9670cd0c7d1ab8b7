package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"productcache/internal/admin"
	"productcache/internal/cache"
	"productcache/internal/document"
	"productcache/internal/snapshot"
)

type doc = *document.Document

// clockTolerance is how far the wall clock may seem to have been set back while
// the service was away, without that ages are held for unknown.
const clockTolerance = time.Second

// Reasons for which an entry of the snapshot does not come back.
const (
	droppedByCatalog    = "catalog"    // its lookup is gone, or is another one now
	droppedAsExpired    = "expired"    // too old to be served, even while MySQL fails
	droppedForRoom      = "room"       // larger than -max-entry-bytes, or than all there is
	droppedAsSuperseded = "superseded" // loaded or purged meanwhile
)

// load brings the snapshot back, once it is known what is served.
func (w *warm) load(ctx context.Context) {
	defer func() {
		w.since = time.Now()
		if w.restore == nil && ctx.Err() == nil { // one that was cut off leaves the file as it is
			w.settled.Store(true)
		}
		close(w.loaded)
	}()
	select {
	case <-w.front.opened:
	case <-ctx.Done():
		return
	}
	f := w.claim.held()
	if f == nil {
		return
	}
	r, in, err := f.Read()
	if errors.Is(err, os.ErrNotExist) {
		w.log.Info("there is no snapshot yet", "file", w.config.Snapshot)
		return
	}
	if err == nil {
		defer func() { _ = in.Close() }() // only read
		err = w.loadFrom(ctx, r)
	}
	if err != nil && ctx.Err() == nil {
		w.failed("cannot load the snapshot, nothing comes back", errors.Join(err, f.Discard()))
	}
}

// loadFrom loads all of a snapshot, or nothing.
func (w *warm) loadFrom(ctx context.Context, r *snapshot.Reader) error {
	began := time.Now()
	l := &loading{warm: w, reader: r, to: w.cache.NewRestoration(r.Header().Time), dropped: map[string]int64{}}
	l.findLookups()
	if err := l.all(ctx); err != nil {
		l.to.Drop()
		return err
	}
	w.restore, w.savedAt = l.to, r.Header().Time
	w.judge(r.Header())
	l.report(time.Since(began))
	return nil
}

// judge says how far what came back may be trusted: as far as it is known what
// has changed since.
func (w *warm) judge(h snapshot.Header) {
	w.clockOff = time.Until(h.Time) > clockTolerance
	switch {
	case h.Source != w.source():
		w.log.Warn("the snapshot is of another MySQL: what came back is stale", "was", h.Source, "is", w.source())
		w.restore.Trust(cache.TrustOnError)
	case h.Position == "" && w.config.L2 != "": // other nodes may have been told of purges
		w.restore.Trust(cache.TrustOnError)
	case h.Position == "": // purges are known, and lifetimes are all that was promised
		w.restore.Trust(cache.TrustStale)
	case w.config.FollowBinlog && h.Position != noPosition:
		w.restore.Trust(cache.TrustOnError)
		w.behind = h.Position
		return
	default:
		w.log.Warn("what changed since the snapshot cannot be known: what came back is stale", "followed", h.Position != noPosition)
		w.restore.Trust(cache.TrustOnError)
	}
	w.settled.Store(true)
}

// source says where values are loaded from. Their schema is in the fingerprints.
func (w *warm) source() string {
	e := w.store.Endpoint()
	return e.Network + " " + e.Address
}

// loading is the way of a snapshot into the cache.
type loading struct {
	*warm
	reader   *snapshot.Reader
	to       *cache.Restoration[doc]
	lookups  []*lookup // by their places in the header; nil: not served any more
	restored int64
	dropped  map[string]int64
}

// findLookups finds those that are as they were.
func (l *loading) findLookups() {
	served := l.front.served.Load()
	for _, was := range l.reader.Header().Lookups {
		is := served.lookups[was.Name]
		if is != nil && is.fingerprint(l.store.Endpoint().Schema) != was.Fingerprint {
			is = nil
		}
		l.lookups = append(l.lookups, is)
	}
}

// all reads up to the end of the file, and does what was purged.
func (l *loading) all(ctx context.Context) error {
	for ctx.Err() == nil {
		record, err := l.reader.Next()
		if err == io.EOF {
			return l.purge()
		}
		if err != nil {
			return err
		}
		if reason := l.put(record); reason != "" {
			l.dropped[reason]++
		} else {
			l.restored++
		}
	}
	return ctx.Err()
}

// put says why a record does not come back, "" if it does.
func (l *loading) put(r snapshot.Record) string {
	of := l.lookups[r.Lookup]
	switch {
	case of == nil:
		return droppedByCatalog
	case time.Since(r.LoadedAt) > l.longest(of):
		return droppedAsExpired
	}
	value, err := document.Unmarshal(r.Value)
	if err != nil {
		return droppedByCatalog
	}
	err = l.to.Put(of.cached, cache.Saved[doc]{Key: r.Key, Value: value, LoadedAt: r.LoadedAt, StaleAt: r.StaleAt, Rank: r.Rank})
	switch {
	case errors.Is(err, cache.ErrNoRoom):
		return droppedForRoom
	case err != nil:
		return droppedAsSuperseded
	}
	return ""
}

// longest is the age up to which an entry may be served in any case.
func (l *loading) longest(of *lookup) time.Duration {
	lt := l.config.lifetimes(of.Lifetimes, l.config.FollowBinlog)
	return lt.TTL + max(lt.StaleWhileRevalidate, lt.StaleIfError)
}

func (l *loading) purge() error {
	purges, err := l.reader.Purges()
	if err != nil {
		return err
	}
	served := l.front.served.Load()
	for _, p := range purges {
		of, mode := served.lookups[p.Lookup], cache.PurgeStale
		if p.Remove {
			mode = cache.PurgeRemove
		}
		switch {
		case of == nil:
		case p.All:
			of.cached.PurgeAll(mode)
		default:
			of.cached.Purge(mode, p.Keys...)
		}
	}
	return nil
}

// report logs what came back, and keeps it for the metrics.
func (l *loading) report(took time.Duration) {
	var dropped []any
	stats := []admin.DropStats{}
	for _, reason := range []string{droppedByCatalog, droppedAsExpired, droppedForRoom, droppedAsSuperseded} {
		stats = append(stats, admin.DropStats{Reason: reason, Entries: l.dropped[reason]})
	}
	for _, reason := range slices.Sorted(maps.Keys(l.dropped)) {
		dropped = append(dropped, slog.Int64(reason, l.dropped[reason]))
	}
	h := l.reader.Header()
	l.log.Info("snapshot loaded", "entries", l.restored, "bytes", l.reader.Bytes(), "took", took.Round(time.Millisecond),
		"age", time.Since(h.Time).Round(time.Millisecond), slog.Group("dropped", dropped...), "catching_up", l.behind != "")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Restored, l.stats.Dropped = l.restored, stats
}
