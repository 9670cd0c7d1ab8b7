package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// originalKey is of contexts of loads that want no copies.
type originalKey struct{}

// WantsOriginal reports whether a load function is called for an audit, or for who insists on a load: what it returns is
// then to be read anew, and no copy that somebody else has made.
func WantsOriginal(ctx context.Context) bool { return ctx.Value(originalKey{}) != nil }

// errLoadPanicked wraps what a load function panicked with.
var errLoadPanicked = errors.New("cache: load function panicked")

// batcher hands the keys of flights to the load functions, in
// Options.Concurrency slots. While a slot is free, keys leave at once; while
// all are busy they gather, and leave together when one becomes free. There is
// no timer: idle adds no wait, and load makes its own batches.
type batcher[V any] struct {
	cache  *Cache[V]
	landed sync.WaitGroup // counts the slots' goroutines

	mu       sync.Mutex   // guards all below, and what a Lookup says
	idle     int          // slots
	queue    []*Lookup[V] // those with keys waiting, each once, the longest waiting first
	auditing bool         // a slot is an audit's
	batches  uint64
	keys     uint64
	errors   uint64
}

// batch is what leaves together: flights of one lookup. Two of them may be for
// one key, under different generations.
type batch[V any] struct {
	lookup  *Lookup[V]
	flights []*flight[V]
}

// enqueue puts new flights of a lookup in line, and starts idle slots on them.
func (b *batcher[V]) enqueue(l *Lookup[V], led []*flight[V]) {
	if len(led) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.waiting.len() == 0 {
		b.queue = append(b.queue, l)
	}
	l.waiting.add(led)
	for range min(b.idle, (len(led)+b.cache.options.BatchKeys-1)/b.cache.options.BatchKeys) {
		b.idle--
		b.landed.Go(b.run)
	}
}

// run works through batches, and gives the slot back when none is waiting.
func (b *batcher[V]) run() {
	for {
		b.gather()
		b.mu.Lock()
		if len(b.queue) == 0 {
			b.idle++
			b.mu.Unlock()
			return
		}
		bt := b.nextLocked()
		b.mu.Unlock()
		if len(bt.flights) > 0 {
			b.load(bt)
		}
	}
}

// gather yields the processor as long as that brings more keys, up to a full
// batch: callers that can run, among them those that the last batch has
// answered, ask for their keys before the next one leaves. Without it a fast
// database gets many small batches. With nobody else to run it takes no time.
func (b *batcher[V]) gather() {
	for before := -1; ; {
		b.mu.Lock()
		waiting := 0
		if len(b.queue) > 0 {
			waiting = b.queue[0].waiting.len()
		}
		b.mu.Unlock()
		if waiting <= before || waiting >= b.cache.options.BatchKeys {
			return
		}
		before = waiting
		runtime.Gosched()
	}
}

// nextLocked takes up to BatchKeys flights of the lookup that has waited
// longest, and sends the lookup to the end of the line if more of its keys wait.
func (b *batcher[V]) nextLocked() batch[V] {
	l := b.queue[0]
	b.queue = b.queue[1:]
	bt := batch[V]{l, l.waiting.take(b.cache.options.BatchKeys)}
	if l.waiting.len() > 0 {
		b.queue = append(b.queue, l)
	}
	return bt
}

// load loads a batch, and where it fails for a reason that can lie in one key,
// its halves, until the bad key stands alone.
func (b *batcher[V]) load(bt batch[V]) {
	c := b.cache
	keys, index := bt.distinctKeys()
	startedAt := c.now()
	loaded, err := b.call(bt.lookup, keys, bt.forced())
	if err != nil && len(keys) > 1 && (c.options.Splittable(err) || errors.Is(err, errLoadPanicked)) && c.closing.Err() == nil {
		half := len(bt.flights) / 2
		b.load(batch[V]{bt.lookup, bt.flights[:half]})
		b.load(batch[V]{bt.lookup, bt.flights[half:]})
		return
	}
	bt.lookup.noteHealth(loaded, err)
	for i, fl := range bt.flights {
		r := landing[V]{err: err}
		if err == nil {
			r.Loaded = loaded[index[i]]
			r.readAt, r.err = max(0, startedAt-instant(r.Age)), r.Err
		}
		if r.err == nil {
			r.stored = c.store(fl, r)
		}
		fl.land(r)
	}
}

// forced reports whether a caller insists on a load.
func (bt batch[V]) forced() bool {
	return slices.ContainsFunc(bt.flights, func(fl *flight[V]) bool { return fl.forced })
}

// distinctKeys returns the batch's keys, and for each flight its key's place.
func (bt batch[V]) distinctKeys() (keys []string, index []int) {
	place := make(map[string]int, len(bt.flights))
	for _, fl := range bt.flights {
		i, ok := place[fl.key]
		if !ok {
			i = len(keys)
			place[fl.key] = i
			keys = append(keys, fl.key)
		}
		index = append(index, i)
	}
	return keys, index
}

// call runs the load function and counts it.
func (b *batcher[V]) call(l *Lookup[V], keys []string, original bool) ([]Loaded[V], error) {
	began := b.cache.now()
	loaded, err := b.callGuarded(l, keys, original)
	b.count(l, len(keys), time.Duration(b.cache.now()-began), err)
	return loaded, err
}

// callGuarded makes an error of the load function's panic.
func (b *batcher[V]) callGuarded(l *Lookup[V], keys []string, original bool) (loaded []Loaded[V], err error) {
	c := b.cache
	ctx, cancel := context.WithTimeoutCause(c.closing, c.options.LoadTimeout, ErrLoadTimeout)
	defer cancel()
	if original {
		ctx = context.WithValue(ctx, originalKey{}, true)
	}
	defer func() {
		if r := recover(); r != nil {
			c.options.Logger.Error("load function panicked", "lookup", l.name, "keys", len(keys),
				"panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: %v", errLoadPanicked, r)
		}
	}()
	loaded, err = l.load(ctx, keys)
	if err == nil && len(loaded) != len(keys) {
		err = fmt.Errorf("cache: load function of %q returned %d values for %d keys", l.name, len(loaded), len(keys))
	}
	if err != nil && c.closing.Err() != nil {
		err = ErrClosed
	}
	return loaded, err
}

func (b *batcher[V]) count(l *Lookup[V], keys int, took time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.loadTimes.add(took.Seconds())
	l.batchSizes.add(float64(keys))
	b.batches++
	b.keys += uint64(keys)
	if err != nil {
		b.errors++
	}
}

// noteHealth takes a load's outcome as a sign of the database's health. A
// failure that lies in one row says nothing about it, and neither does a copy.
func (l *Lookup[V]) noteHealth(loaded []Loaded[V], err error) {
	c := l.cache
	worked := false
	for _, r := range loaded {
		if err == nil && r.Err != nil && !c.options.Splittable(r.Err) {
			err = r.Err
		}
		worked = worked || !r.Copied && r.Err == nil
	}
	switch {
	case err == nil:
		if worked {
			c.health.succeeded()
		}
	case errors.Is(err, ErrClosed), errors.Is(err, errLoadPanicked), c.options.Splittable(err):
	default:
		now := c.now()
		c.health.failed(now)
		l.stumbles.add(now)
	}
}

// store keeps a load's answer, if it fits and no invalidation came between.
func (c *Cache[V]) store(fl *flight[V], r landing[V]) bool {
	l, at := fl.lookup, c.shardIndex(fl.hash)
	if !c.fits(l, fl.key, r.Loaded) {
		c.shards[at].forget(l, fl.key, fl.hash, r.readAt, fl.generation)
		return false
	}
	e := newEntry(l, fl.key, r.Loaded, r.readAt, fl.generation.epoch)
	if c.flights.unasked(fl) {
		e.mark = unasked
	}
	weight := c.weight(e)
	if !c.makeRoom(at, weight, r.Found) {
		c.shards[at].forget(l, fl.key, fl.hash, r.readAt, fl.generation)
		return false
	}
	if !c.shards[at].store(l, fl.hash, e, fl.generation) {
		c.budgetOf(r.Found).release(weight)
		return false
	}
	if r.Found {
		c.used(fl.hash)
	}
	if r.Found && !fl.refresh {
		c.sizing.use(fl.hash, int64(weight), fl.generation.epoch, l.lifetimes.Load(), c.now())
	}
	return true
}

// fits reports whether an answer may be stored, if there is room.
func (c *Cache[V]) fits(l *Lookup[V], key string, r Loaded[V]) bool {
	switch {
	case len(key) > mostKey:
		return false
	case r.Found:
		return c.options.Weigh(r.Value) <= c.options.MaxEntryWeight
	}
	return l.lifetimes.Load().NegativeTTL > 0
}
