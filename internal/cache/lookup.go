package cache

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"
	"sync/atomic"
	"time"
)

// A LoadFunc loads the values of keys, which are distinct. It returns one
// Loaded a key in the same order, or an error for all of them. It runs under a
// context of the cache, which no caller's leaving cancels, and holds one of
// Options.Concurrency slots until it returns.
type LoadFunc[V any] func(ctx context.Context, keys []string) ([]Loaded[V], error)

// Loaded is what a LoadFunc found for a key.
type Loaded[V any] struct {
	Value V
	Found bool // false: the key has no value

	Copied bool          // it was read by somebody else's load, so that it does not say whether loads work
	Age    time.Duration // of what was copied, when this load began
	Err    error         // this key alone has failed
}

// A Lookup is one kind of values in the cache, with a load function and
// lifetimes of its own. Keys given to its methods are only read until they return:
// a caller may cut them from memory that it uses again.
type Lookup[V any] struct {
	name      string
	id        uint32
	salt      uint64 // makes equal keys of different lookups hash differently
	cache     *Cache[V]
	load      LoadFunc[V]
	lifetimes atomic.Pointer[Lifetimes]
	waiting   line[V] // for a slot; guarded by batcher.mu

	loadTimes  Histogram // seconds; guarded by batcher.mu
	batchSizes Histogram // keys; guarded by batcher.mu

	epoch        atomic.Uint64 // raised by PurgeAll; an entry of an earlier epoch is invalid
	removedBelow atomic.Uint64 // an entry of an epoch below may never be served again
	purgedAt     atomic.Int64  // instant of the last PurgeAll
	lastPurge    atomic.Int64  // instant of the last Purge or PurgeAll, never if there was none
	purges       purges        // of the whole lookup
	stumbles     stumbles

	hits           stripes // answers from a shard's front
	usedByValues   usage
	usedByAbsences usage
	answered       [outcomes]atomic.Uint64 // after a load, or by TryGet; other answers from memory are tallied by the shards
	refused        atomic.Uint64
	failed         atomic.Uint64
	refreshes      atomic.Uint64
	wasted         atomic.Uint64
	expired        atomic.Uint64
}

// maxLookups is what an entry has room to tell apart.
const maxLookups = restoredFlag

// NewLookup adds a kind of values, up to 32,768. Its name need not be unique, but metrics
// carry it.
func (c *Cache[V]) NewLookup(name string, lt Lifetimes, load LoadFunc[V]) (*Lookup[V], error) {
	if err := lt.Validate(); err != nil {
		return nil, fmt.Errorf("lookup %q: %w", name, err)
	}
	c.registering.Lock()
	defer c.registering.Unlock()
	before := *c.lookups.Load()
	if len(before) == maxLookups {
		return nil, fmt.Errorf("lookup %q: the cache has %d lookups already", name, maxLookups)
	}
	l := &Lookup[V]{name: name, id: uint32(len(before)), cache: c, load: load,
		loadTimes: newHistogram(loadTimeBounds), batchSizes: newHistogram(batchSizeBounds)}
	l.salt = uint64(l.id) * 0x9e3779b97f4a7c15 // 2^64/φ spreads small numbers over all bits
	l.lifetimes.Store(&lt)
	l.lastPurge.Store(int64(never))
	for _, s := range c.shards {
		s.mu.Lock()
		s.tallies = append(s.tallies, tally{})
		s.mu.Unlock()
	}
	after := append(before[:len(before):len(before)], l)
	c.lookups.Store(&after)
	return l, nil
}

// Name returns the name given to NewLookup.
func (l *Lookup[V]) Name() string { return l.name }

// Lifetimes returns the lifetimes in force.
func (l *Lookup[V]) Lifetimes() Lifetimes { return *l.lifetimes.Load() }

// SetLifetimes changes the lifetimes, for what is cached already too.
func (l *Lookup[V]) SetLifetimes(lt Lifetimes) error {
	if err := lt.Validate(); err != nil {
		return err
	}
	l.lifetimes.Store(&lt)
	return nil
}

func (l *Lookup[V]) used(found bool) *usage {
	if found {
		return &l.usedByValues
	}
	return &l.usedByAbsences
}

func (l *Lookup[V]) hash(key string) uint64 { return maphash.String(l.cache.seed, key) ^ l.salt }

func (l *Lookup[V]) shard(hash uint64) *shard[V] { return l.cache.shards[l.cache.shardIndex(hash)] }

// Get returns the answer for a key: from memory without waiting where that may
// be served, else after a load. Where the load fails, an expired value that
// Lifetimes.StaleIfError still allows is the answer. The error is one of this
// package's, the load function's, or ctx's.
func (l *Lookup[V]) Get(ctx context.Context, key string) (Answer[V], error) {
	hash := l.hash(key)
	if a, ok := l.shard(hash).lookFront(l, key, hash, l.cache.now()); ok {
		return a, nil
	}
	for {
		a, v, g := l.shard(hash).look(l, key, hash, l.cache.now())
		switch v {
		case serve:
			return a, nil
		case serveAndRefresh:
			l.refresh(strings.Clone(key), hash, g)
			return a, nil
		}
		w := want[V]{key: strings.Clone(key), hash: hash, generation: g}
		if !l.cache.flights.join(l, []*want[V]{&w}) {
			continue // it has been stored meanwhile
		}
		return l.await(ctx, &w)
	}
}

// GetMany appends the results for keys, which must be distinct, to dst, in
// their order. What is missing is loaded together.
func (l *Lookup[V]) GetMany(ctx context.Context, keys []string, dst []Result[V]) []Result[V] {
	base := len(dst)
	var wants []*want[V]
	now := l.cache.now()
	for i, key := range keys {
		hash := l.hash(key)
		if a, ok := l.shard(hash).lookFront(l, key, hash, now); ok {
			dst = append(dst, Result[V]{Answer: a})
			continue
		}
		a, v, g := l.shard(hash).look(l, key, hash, now)
		if v != serve {
			wants = append(wants, &want[V]{key: strings.Clone(key), hash: hash, generation: g, index: base + i, background: v == serveAndRefresh})
		}
		dst = append(dst, Result[V]{Answer: a})
	}
	if len(wants) == 0 {
		return dst
	}
	l.cache.flights.join(l, wants)
	for _, w := range wants {
		r := &dst[w.index]
		switch {
		case w.background:
		case w.served:
			r.Answer, r.Err = l.Get(ctx, w.key)
		default:
			r.Answer, r.Err = l.await(ctx, w)
		}
	}
	return dst
}

// Reload loads a key whatever is in memory, and waits for it. It joins a load
// that is under way.
func (l *Lookup[V]) Reload(ctx context.Context, key string) (Answer[V], error) {
	hash := l.hash(key)
	w := want[V]{key: strings.Clone(key), hash: hash, generation: l.shard(hash).generation(l, hash), forced: true}
	l.cache.flights.join(l, []*want[V]{&w})
	a, err := l.await(ctx, &w)
	a.Forced = err == nil && (a.Outcome == Miss || a.Outcome == Collapsed)
	return a, err
}

// refresh begins a load that nobody waits for.
func (l *Lookup[V]) refresh(key string, hash uint64, g generation) {
	l.cache.flights.join(l, []*want[V]{{key: key, hash: hash, generation: g, background: true}})
}

// await waits for the flight that w has joined, as long as ctx allows.
func (l *Lookup[V]) await(ctx context.Context, w *want[V]) (Answer[V], error) {
	l.cache.sketch.noteSome(l.id, w.key, w.hash, l.cache.now())
	err := w.err
	if err == nil {
		var r landing[V]
		if r, err = w.ticket.landing(ctx, w.flight); err == nil {
			return l.landed(w, r), nil
		}
	}
	return l.fallBack(w, err)
}

func (l *Lookup[V]) landed(w *want[V], r landing[V]) Answer[V] {
	outcome := Miss
	if !w.leads {
		outcome = Collapsed
	}
	l.answered[outcome].Add(1)
	now := l.cache.now()
	e := entry[V]{value: r.Value, found: r.Found, loadedAt: r.readAt, epoch: uint32(w.generation.epoch)}
	a := e.answer(outcome, e.state(l, l.lifetimes.Load(), w.hash, now), now)
	a.Stored, a.Copied = r.stored, r.Copied
	return a
}

// fallBack answers a caller whose load failed with the last known value, where
// there is one and the error allows it.
func (l *Lookup[V]) fallBack(w *want[V], err error) (Answer[V], error) {
	if errorIsCallers(err) {
		return Answer[V]{}, err
	}
	evenInvalid := !errorIsOurs(err)
	if a, ok := l.shard(w.hash).lookStale(l, w.key, w.hash, l.cache.now(), evenInvalid); ok {
		return a, nil
	}
	if evenInvalid {
		l.failed.Add(1)
	} else {
		l.refused.Add(1)
	}
	return Answer[V]{}, err
}
