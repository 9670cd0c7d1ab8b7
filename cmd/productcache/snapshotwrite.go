package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"productcache/internal/cache"
	"productcache/internal/catalog"
	"productcache/internal/snapshot"
)

// encoding is raised when rows become other documents than before: then none of
// an older service comes back.
const encoding = 1

// fingerprint is the same for lookups of which one's documents are the other's,
// and go stale by the same changes.
func (l *lookup) fingerprint(schema string) [sha256.Size]byte {
	definition := *l.Lookup
	definition.Lifetimes = catalog.Lifetimes{} // of no document
	text, err := json.Marshal(struct {
		Encoding   int
		Schema     string
		Definition catalog.Lookup
	}{encoding, schema, definition})
	if err != nil {
		panic(err) // texts, numbers and lists of them
	}
	return sha256.Sum256(text)
}

// noPosition is the position of a snapshot whose service has not begun to follow
// the binlog yet.
const noPosition = "unknown"

// After so many entries the writer lets go of its processor for a moment. Go looks
// for requests that have come only when a processor has nothing else to do, or
// every 10 ms: on few processors hits would wait that long for the writer.
const (
	restEvery = 64
	rest      = 20 * time.Microsecond
)

// write writes a snapshot, unless the one that is there knows more.
func (w *warm) write(ctx context.Context, rest time.Duration) {
	if !w.settled.Load() || w.front.served.Load() == nil || !w.retake() {
		return
	}
	began, served := time.Now(), w.exchanged()
	o := w.newOutput(served)
	o.rest = rest
	info, err := w.claim.held().Replace(func() snapshot.Header { return o.header(w) }, func(to *snapshot.Writer) error {
		return cmp.Or(o.write(ctx, w.cache, to), w.stillServes(served))
	})
	if ctx.Err() != nil || errors.Is(err, errReloaded) {
		return // another one follows
	}
	if err != nil {
		w.failed("cannot write a snapshot", err)
		return
	}
	took := time.Since(began)
	w.log.Debug("snapshot written", "entries", info.Records, "bytes", info.Bytes, "took", took.Round(time.Millisecond), "too_large", o.tooLarge)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stats.LastSuccess, w.stats.Took, w.stats.Bytes, w.stats.Entries = time.Now(), took, info.Bytes, info.Records
}

// exchanged returns what is served. The follower knows of it: else changes could
// be missed before the position that the header notes.
func (w *warm) exchanged() *served {
	w.tuning.changing.Lock()
	defer w.tuning.changing.Unlock()
	return w.front.served.Load()
}

// errReloaded says that what was loaded by another catalog may be among what was written.
var errReloaded = errors.New("the catalog was read again meanwhile")

func (w *warm) stillServes(before *served) error {
	w.tuning.changing.Lock() // no reload is under way
	defer w.tuning.changing.Unlock()
	if w.front.served.Load() != before {
		return errReloaded
	}
	return nil
}

// retake tries to take the file where that was not possible before.
func (w *warm) retake() bool {
	if w.claim.held() != nil {
		return true
	}
	if err := w.claim.retake(w.config.Snapshot); err != nil {
		w.failed("cannot use the snapshot", err)
		return false
	}
	w.log.Info("the snapshot is this service's now", "file", w.config.Snapshot)
	return true
}

// output is a snapshot to be written.
type output struct {
	lookups  []snapshot.Lookup
	places   map[*cache.Lookup[doc]]int
	begun    time.Time
	rest     time.Duration // 0: nobody is served any more
	tooLarge int           // entries left out
}

func (w *warm) newOutput(of *served) *output {
	o := &output{places: map[*cache.Lookup[doc]]int{}}
	for name, l := range of.lookups {
		o.places[l.cached] = len(o.lookups)
		o.lookups = append(o.lookups, snapshot.Lookup{Name: name, Fingerprint: l.fingerprint(w.store.Endpoint().Schema)})
	}
	return o
}

// header notes where the follower is: what changes from now on may or may not
// be in the entries.
func (o *output) header(w *warm) snapshot.Header {
	o.begun = time.Now().Round(0) // by the wall clock alone
	h := snapshot.Header{Time: o.begun, Source: w.source(), Lookups: o.lookups}
	if w.config.FollowBinlog {
		h.Position = noPosition
	}
	if follower := w.follower.Load(); follower != nil {
		h.Position = cmp.Or(follower.Bookmark(), noPosition)
	}
	return h
}

func (o *output) write(ctx context.Context, from *cache.Cache[doc], to *snapshot.Writer) error {
	var value []byte
	n := 0
	for l, entry := range from.Saved(o.begun) {
		place, ok := o.places[l]
		if !ok {
			continue // of a catalog before this one
		}
		if n++; n%restEvery == 0 && o.rest > 0 && !sleep(ctx, o.rest) {
			return ctx.Err()
		}
		value, _ = entry.Value.AppendBinary(value[:0]) // never fails
		err := to.Add(snapshot.Record{Lookup: place, Key: entry.Key, LoadedAt: entry.LoadedAt, StaleAt: entry.StaleAt, Rank: entry.Rank, Value: value})
		if errors.Is(err, snapshot.ErrTooLarge) {
			o.tooLarge++
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
