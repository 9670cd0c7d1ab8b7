package cache

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// formation are flights that one call has begun, a batch of them at most, and a call of singleflight:
// they take off together, and whoever waits for one of them waits until all have landed. So there is one
// goroutine and one timer for the hundred keys of a multi-get, and a flood of those does not keep everybody else
// from running.
type formation[V any] struct {
	name    string // of the first flight
	flights []*flight[V]
	aloft   bool // singleflight knows it; guarded by flights.mu
	flying  atomic.Int32
	landed  chan struct{} // closed when none is flying
}

func (g *formation[V]) arrive() {
	if g.flying.Add(-1) == 0 {
		close(g.landed)
	}
}

// ticket is one caller's for a formation, whichever flights of it are waited for.
type ticket[V any] struct {
	result <-chan singleflight.Result // its error is what became of flights that have not landed
	used   bool
	lost   error
}

// landing waits for the formation, as long as ctx allows, and returns the landing of one of its flights: that
// may have come though others have not.
func (t *ticket[V]) landing(ctx context.Context, fl *flight[V]) (landing[V], error) {
	err := t.wait(ctx)
	if fl.arrived.Load() {
		return fl.landing, fl.landing.err
	}
	return landing[V]{}, err
}

func (t *ticket[V]) wait(ctx context.Context) error {
	if !t.used {
		select {
		case r := <-t.result:
			t.used, t.lost = true, r.Err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return t.lost
}

// call is one caller joining flights. All of it is used under flights.mu.
type call[V any] struct {
	flights *flights[V]
	lookup  *Lookup[V]
	led     []*flight[V]
	begun   []*formation[V]
	forming [2]*formation[V] // of keys that have no value, and of those that have; with room
	first   boarding[V]
	more    map[*formation[V]]*ticket[V]
}

// boarding is the ticket for a formation. Most calls need no more.
type boarding[V any] struct {
	formation *formation[V]
	ticket    *ticket[V]
}

// joinLocked has a want join its key's flight, or begins one.
func (c *call[V]) joinLocked(w *want[V]) {
	name := w.name(c.lookup)
	fl, aloft := c.flights.aloft[name]
	if w.background && aloft {
		return
	}
	valued := false
	if !aloft {
		if w.served, valued = c.lookup.shard(w.hash).serves(c.lookup, w); w.served && !w.forced {
			// The flight that this caller just missed has stored before it left aloft.
			return
		}
		w.served = false
	}
	if !aloft && !w.forced {
		w.err = c.flights.badLocked(name)
	}
	if w.err == nil {
		w.err = c.flights.admitLocked(aloft, w.background)
	}
	if w.err != nil {
		return
	}
	if !aloft {
		fl = c.beginLocked(w, name, valued)
	}
	if !w.background {
		fl.joined++
		c.flights.waiting++
		w.flight, w.ticket = fl, c.ticketLocked(fl.formation)
	}
}

func (c *call[V]) beginLocked(w *want[V], name string, valued bool) *flight[V] {
	fl := &flight[V]{name: name, lookup: c.lookup, key: w.key, hash: w.hash, generation: w.generation, refresh: w.background, forced: w.forced, valued: valued}
	c.flights.aloft[name] = fl
	w.leads = true
	if w.background {
		c.lookup.refreshes.Add(1)
	}
	c.led = append(c.led, fl)
	// The two kinds do not wait for each other: they may leave in different batches.
	kind := 0
	if valued {
		kind = 1
	}
	g := c.forming[kind]
	if g == nil || len(g.flights) == c.flights.cache.options.BatchKeys {
		g = &formation[V]{name: name, landed: make(chan struct{})}
		c.forming[kind], c.begun = g, append(c.begun, g)
	}
	fl.formation = g
	g.flights = append(g.flights, fl)
	return fl
}

// ticketLocked returns the caller's ticket for a formation: for one that the call has begun, it becomes valid when that takes off.
func (c *call[V]) ticketLocked(g *formation[V]) *ticket[V] {
	if c.first.formation == g {
		return c.first.ticket
	}
	if t := c.more[g]; t != nil {
		return t
	}
	t := &ticket[V]{}
	if g.aloft {
		t.result = c.flights.group.DoChan(g.name, nil) // which is under way
	}
	if c.first.formation == nil {
		c.first = boarding[V]{g, t}
		return t
	}
	if c.more == nil {
		c.more = make(map[*formation[V]]*ticket[V])
	}
	c.more[g] = t
	return t
}

// takeOffLocked begins the calls of singleflight.
func (c *call[V]) takeOffLocked() {
	for _, g := range c.begun {
		g.aloft = true
		g.flying.Store(int32(len(g.flights)))
		c.flights.landed.Add(1)
		result := c.flights.group.DoChan(g.name, func() (any, error) { return nil, c.flights.fly(g) })
		switch {
		case c.first.formation == g:
			c.first.ticket.result = result
		case c.more[g] != nil:
			c.more[g].result = result
		}
	}
}

// fly waits for the batcher's answers, and takes the flights out of the air. The error is what became of those that have not landed.
func (f *flights[V]) fly(g *formation[V]) (lost error) {
	defer f.landed.Done()
	timeout := time.NewTimer(f.cache.options.LoadTimeout)
	defer timeout.Stop()
	select {
	case <-g.landed:
	case <-f.cache.closing.Done():
		lost = ErrClosed
	case <-timeout.C:
		lost = ErrLoadTimeout
		f.cache.health.failed(f.cache.now())
	}
	for _, fl := range g.flights {
		if fl.arrived.Load() {
			f.noteFailure(fl, fl.landing.err)
		} else {
			fl.gone.Store(true)
			f.noteFailure(fl, lost)
		}
	}
	f.leave(g)
	return lost
}

// noteFailure notes beside a key's value that loading it has failed.
func (f *flights[V]) noteFailure(fl *flight[V], err error) {
	if err == nil || errorIsOurs(err) {
		return
	}
	keysOwn := f.cache.options.Splittable(err) || errors.Is(err, errLoadPanicked)
	if keysOwn {
		f.noteBad(fl.name, err)
	}
	fl.lookup.shard(fl.hash).noteFailure(fl.lookup, fl.key, fl.hash, keysOwn, f.cache.now())
}

// leave takes a formation out of the air.
func (f *flights[V]) leave(g *formation[V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fl := range g.flights {
		delete(f.aloft, fl.name)
		f.waiting -= fl.joined
	}
	f.group.Forget(g.name)
}
