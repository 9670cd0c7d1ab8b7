// Package cache keeps loaded values in bounded memory and loads what is missing.
//
// It promises that its bounds hold at every moment, that concurrent misses for
// a key cause one load and misses for different keys share batches, that after
// an invalidation has returned no answer carries a value whose load began
// before it, and that an error never removes a value. It knows keys, values and
// time; what a value is, and where it comes from, is its caller's.
//
// A request's path: Lookup.Get looks into the key's shard (shard.look). A fresh
// value is the answer. A stale one may be, with a refresh begun. Else the caller
// joins the key's flight (flights.join), whose leader puts the key before the
// batcher; the batcher has a fixed number of slots and takes along whatever
// waits when one is free. What comes back is stored under the shard's lock,
// unless an invalidation came between (shard.store), and then wakes the waiters.
//
// After a restart, values that were walked (Cache.Saved) are put back by a
// Restoration, as old as they are, and served as far as its Trust allows.
//
// Goroutines: one for each formation of keys in flight (started by singleflight, at most
// Options.MaxWaiting, and as many of refreshes) and one for each busy slot, also one that an audit has;
// Close waits for all of them.
// Lock order: flights.mu, then batcher.mu or a shard's mu, then contest.mu, sizing.mu or
// sketch.mu; draw.mu, then a shard's mu; never two shards.
package cache

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a cache. All fields but those that say so are required.
type Options[V any] struct {
	MaxWeight      int64         // bytes that keys, values and overhead may take together
	MaxEntries     int           // number of values; 0: no limit but MaxWeight
	MaxEntryWeight int           // bytes of one value; a larger one is served but not stored
	MaxNegatives   int           // number of remembered absences, 256 bytes each at most on average; 0: none
	Concurrency    int           // loads at the same time
	BatchKeys      int           // keys in one load at most
	MaxWaiting     int           // keys being loaded, and callers' waits for keys, at most; of refreshes as many again
	LoadTimeout    time.Duration // how long a key may be in flight, waiting for a slot included
	Eviction       Eviction      // which values go first. Optional: EvictAdaptive

	// Weigh returns the bytes that a value occupies in memory, the same each time.
	Weigh func(V) int
	// Splittable says of a failed load of several keys that a single key may be
	// the reason, so that halves are tried. Optional: nil never splits.
	Splittable func(error) bool
	// Lasting says of such an error that the key will fail likewise until its row is changed: it is loaded again after half a
	// minute, or once it is invalidated, and not after a second. Optional: nil is none.
	Lasting func(error) bool
	// Logger gets panics of load functions. Optional.
	Logger *slog.Logger
}

// negativeWeight is the average weight that Options.MaxNegatives allows for: a key
// of 224 bytes.
const negativeWeight = 256 + entryOverhead

// Validate reports all broken rules.
func (o Options[V]) Validate() error {
	var broken []error
	positive := func(name string, value int64) {
		if value <= 0 {
			broken = append(broken, fmt.Errorf("cache: %s must be positive, not %d", name, value))
		}
	}
	positive("MaxWeight", o.MaxWeight)
	positive("MaxEntryWeight", int64(o.MaxEntryWeight))
	positive("Concurrency", int64(o.Concurrency))
	positive("BatchKeys", int64(o.BatchKeys))
	positive("MaxWaiting", int64(o.MaxWaiting))
	positive("LoadTimeout", int64(o.LoadTimeout))
	if o.MaxEntries < 0 || o.MaxNegatives < 0 {
		broken = append(broken, errors.New("cache: MaxEntries and MaxNegatives must not be negative"))
	}
	if o.MaxEntryWeight > math.MaxInt32 {
		broken = append(broken, errors.New("cache: MaxEntryWeight must be below 2 GiB"))
	}
	if o.Eviction != "" && o.Eviction.Validate() != nil {
		broken = append(broken, fmt.Errorf("cache: %w", o.Eviction.Validate()))
	}
	if o.Weigh == nil {
		broken = append(broken, errors.New("cache: Weigh is required"))
	}
	return errors.Join(broken...)
}

// A Cache holds the values of all lookups within one bound. Its methods and
// those of its lookups are safe for concurrent use.
type Cache[V any] struct {
	options   Options[V]
	seed      maphash.Seed
	start     time.Time
	shards    []*shard[V]
	shardBits int
	values    budget
	absences  budget
	health    *health
	flights   flights[V]
	batcher   batcher[V]
	meter     meter
	draw      draw[V]
	contest   *contest // nil where the eviction is a fixed one
	sizing    *sizing
	sketch    *sketch // of the keys asked for most often
	lookups   atomic.Pointer[[]*Lookup[V]]
	restored  restored

	registering sync.Mutex // held by NewLookup
	resizing    sync.Mutex // held by SetLimits; the shards' are taken under it
	closing     context.Context
	close       context.CancelFunc
}

// New makes an empty cache.
func New[V any](o Options[V]) (*Cache[V], error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Splittable == nil {
		o.Splittable = func(error) bool { return false }
	}
	if o.Lasting == nil {
		o.Lasting = func(error) bool { return false }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Cache[V]{options: o, seed: maphash.MakeSeed(), start: time.Now().Add(-clockLead), health: newHealth(), sketch: newSketch()}
	c.closing, c.close = context.WithCancel(context.Background())
	c.lookups.Store(new([]*Lookup[V]))
	c.values.limit(o.MaxWeight, o.MaxEntries)
	c.absences.limit(int64(o.MaxNegatives)*negativeWeight, o.MaxNegatives)
	c.shardBits = shardBits(o.MaxWeight, o.MaxEntryWeight, o.MaxEntries)
	p := c.plan()
	if c.contest != nil {
		c.sizing = newSizing(&c.values, nil)
	} else {
		c.sizing = newSizing(&c.values, p)
	}
	for range 1 << c.shardBits {
		c.shards = append(c.shards, newShard[V](1<<c.shardBits >= manyShards, p))
	}
	c.flights = newFlights(c)
	c.batcher = batcher[V]{cache: c, idle: o.Concurrency}
	return c, nil
}

// plan returns what the shards evict by.
func (c *Cache[V]) plan() *atomic.Pointer[plan] {
	if fixed, ok := plans[c.options.Eviction]; ok {
		p := new(atomic.Pointer[plan])
		p.Store(fixed)
		return p
	}
	c.contest = newContest(&c.values)
	return &c.contest.plan
}

// used has the contest, if there is one, see the use of a value.
func (c *Cache[V]) used(hash uint64) {
	if c.contest != nil {
		c.contest.use(hash)
	}
}

const (
	// manyShards is the number of shards from which on a cache counts as large.
	manyShards = 64
	// mostInShard is what a shard holds at most, in bytes, of a larger cache: what
	// takes time by a shard's length, such as to grow its census or to walk over
	// it, holds its lock for less than a millisecond.
	mostInShard = 32 << 20
	maxShards   = 1024
)

// shardBits chooses so many shards that none holds more than mostInShard, and
// that each has room for several of the largest entries: evicting a shard's
// oldest entry is then close to evicting the oldest of all, and where the
// cache is small it is exactly that.
func shardBits(maxWeight int64, maxEntryWeight, maxEntries int) int {
	shards := min(maxShards, max(manyShards, maxWeight/mostInShard), maxWeight/(4*int64(maxEntryWeight)))
	if maxEntries > 0 {
		shards = min(shards, int64(maxEntries)/256)
	}
	return max(0, bits.Len64(uint64(shards))-1)
}

// Close ends all loads and waits, until ctx is done, for their goroutines.
// Callers that wait get ErrClosed; values in memory are still served.
func (c *Cache[V]) Close(ctx context.Context) error {
	// Under the locks: whoever has seen the cache open has its goroutine counted.
	c.flights.mu.Lock()
	c.batcher.mu.Lock()
	c.close()
	c.batcher.mu.Unlock()
	c.flights.mu.Unlock()
	done := make(chan struct{})
	go func() {
		c.flights.landed.Wait()
		c.batcher.landed.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cache: loads are still running: %w", ctx.Err())
	}
}

func (c *Cache[V]) now() instant { return instant(time.Since(c.start)) }

func (c *Cache[V]) shardIndex(hash uint64) int { return int(hash >> (64 - c.shardBits)) }

// lookupOf returns the lookup that an entry is of.
func (c *Cache[V]) lookupOf(e *entry[V]) *Lookup[V] {
	return (*c.lookups.Load())[e.lookup&^restoredFlag]
}
