package cache

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"
)

// want is one caller's wish for one key that memory could not serve.
type want[V any] struct {
	key        string
	hash       uint64
	generation generation // noted when memory was looked into
	index      int        // of the result, for GetMany
	forced     bool       // load although memory may have it
	background bool       // a refresh: nobody waits

	// Set by flights.join.
	served bool // memory has it now: look again
	leads  bool // the flight is this caller's
	err    error
	flight *flight[V] // that is waited for
	ticket *ticket[V]
}

// flight is a key being loaded under one generation.
type flight[V any] struct {
	name       string
	lookup     *Lookup[V]
	key        string
	hash       uint64
	generation generation
	refresh    bool // begun for nobody
	forced     bool // begun by somebody who insists
	valued     bool // the key has a value, though perhaps an old one
	joined     int  // callers; guarded by flights.mu
	formation  *formation[V]
	landing    landing[V]  // written once, before arrived is set
	arrived    atomic.Bool // by the batcher
	gone       atomic.Bool // landed without the batcher: it need not load the key any more
}

// land takes the batcher's answer.
func (fl *flight[V]) land(r landing[V]) {
	fl.landing = r
	fl.arrived.Store(true)
	fl.formation.arrive()
}

// landing is what became of a flight.
type landing[V any] struct {
	Loaded[V]
	readAt instant // when the load began, or that of what it copied
	stored bool
	err    error
}

// flights are the keys in the air. singleflight makes callers with one formation's
// name share a load and lets each leave alone, but does not tell who leads;
// the keys are noted beside it, so that all new ones of a call reach the
// batcher in one step and leave in one batch.
type flights[V any] struct {
	cache  *Cache[V]
	group  singleflight.Group
	landed sync.WaitGroup // counts the formations' goroutines

	mu      sync.Mutex // guards all below; aloft and group change together under it
	aloft   map[string]*flight[V]
	waiting int // sum of joined over aloft: who leaves early counts until the landing
	bad     *simplelru.LRU[string, badKey]
}

// badKey is a flight's key that has failed for a reason of its own, such as a row that is too large.
type badKey struct {
	until instant // then it may be tried again
	err   error
}

// lastingPause is how long a key is not tried again that has failed as it will until its row is changed. Without it a few rows of hundreds
// of megabytes keep MySQL busy with all queries that it may get.
const lastingPause = 30 * time.Second

// mostBadKeys are remembered: a key may be as long as a request.
const mostBadKeys = 256

func newFlights[V any](c *Cache[V]) flights[V] {
	bad, err := simplelru.NewLRU[string, badKey](mostBadKeys, nil)
	if err != nil {
		panic(err) // it refuses only a size that is not positive
	}
	return flights[V]{cache: c, aloft: make(map[string]*flight[V]), bad: bad}
}

// badLocked returns the error of a flight that has failed for a reason of its key a short while ago: reading it again may
// cost as much as many others do. An invalidation gives the key another name.
func (f *flights[V]) badLocked(name string) error {
	b, ok := f.bad.Peek(name)
	if !ok || f.cache.now() >= b.until {
		return nil
	}
	return b.err
}

func (f *flights[V]) noteBad(name string, err error) {
	pause := refreshPause
	if f.cache.options.Lasting(err) {
		pause = lastingPause
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bad.Add(name, badKey{f.cache.now() + instant(pause), err})
}

// name contains the generation: who asks after an invalidation never joins a
// load that began before it.
func (w *want[V]) name(l *Lookup[V]) string {
	b := make([]byte, 0, 40+len(w.key))
	b = strconv.AppendUint(b, uint64(l.id), 36)
	b = append(b, '.')
	b = strconv.AppendUint(b, w.generation.epoch, 36)
	b = append(b, '.')
	b = strconv.AppendUint(b, w.generation.counter, 36)
	b = append(b, '.')
	return string(append(b, w.key...))
}

// join has each want join its key's flight, or lead a new one. It reports
// false if memory can serve any of them now.
func (f *flights[V]) join(l *Lookup[V], wants []*want[V]) bool {
	c := call[V]{flights: f, lookup: l}
	all := true
	f.mu.Lock()
	for _, w := range wants {
		c.joinLocked(w)
		all = all && !w.served
	}
	c.takeOffLocked()
	// Enqueued before the lock is released: nobody can join a flight that the
	// batcher does not know.
	f.cache.batcher.enqueue(l, c.led)
	f.mu.Unlock()
	return all
}

func (f *flights[V]) admitLocked(aloft, background bool) error {
	limit := f.cache.options.MaxWaiting
	flying := limit
	if background {
		flying *= 2 // else who asks for more than can be loaded would keep hits from staying fresh
	}
	switch {
	case f.cache.closing.Err() != nil:
		return ErrClosed
	case !aloft && len(f.aloft) >= flying, !background && f.waiting >= limit:
		return ErrOverloaded
	}
	return nil
}

// unasked reports whether nobody has waited for a flight: it is a refresh.
func (f *flights[V]) unasked(fl *flight[V]) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fl.joined == 0
}

// errorIsCallers reports whether a caller left by itself.
func errorIsCallers(err error) bool { return errors.Is(err, context.Canceled) }

// errorIsOurs reports whether the cache did not try to load.
func errorIsOurs(err error) bool {
	return errors.Is(err, ErrOverloaded) || errors.Is(err, ErrClosed)
}
