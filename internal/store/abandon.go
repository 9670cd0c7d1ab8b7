package store

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"
)

const (
	// One look at the server's list of threads takes at most this long.
	// Otherwise it counts as silent.
	lookTimeout = 2 * time.Second

	firstLook = 5 * time.Millisecond
	lastLook  = 500 * time.Millisecond
)

// abandoned looks after queries whose connection broke or was given up. The
// driver can only close its end; the server reads on, and a query of a frozen
// server even begins after that. So each keeps its slot until its thread is
// gone from the server, which a second connection asks for and sees to.
type abandoned struct {
	store *Store
	life  context.Context
	stop  context.CancelFunc
	work  sync.WaitGroup

	mu      sync.Mutex // guards what follows
	queries map[*orphan]struct{}
	working bool
	idle    chan struct{} // closed when working becomes false
}

// An orphan is a query that nobody waits for.
type orphan struct {
	lookup string    // whose load it was, or ours
	thread uint64    // number of its connection
	since  time.Time // of the connection
	ended  chan struct{}
}

func newAbandoned(s *Store) *abandoned {
	a := &abandoned{store: s, queries: map[*orphan]struct{}{}}
	a.life, a.stop = context.WithCancel(context.Background())
	return a
}

// add takes over a lookup's query on l together with its slot.
func (a *abandoned) add(lookup string, l *link) *orphan {
	o := &orphan{lookup: lookup, thread: l.id, since: l.since, ended: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queries[o] = struct{}{}
	if !a.working && a.life.Err() == nil {
		a.working, a.idle = true, make(chan struct{})
		a.work.Go(a.run)
	}
	return o
}

func (a *abandoned) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.queries)
}

// ours are queries of no lookup's loads: they take any slot.
const ours = ""

// fewestShared is the least number of slots of which some are kept for other lookups.
const fewestShared = 4

// crowds reports whether abandoned queries take half of the slots, and a lookup's are among them: MySQL can take long to
// end a query that builds a row of hundreds of megabytes, and with more of those nobody else would be served.
func (a *abandoned) crowds(lookup string) bool {
	slots := cap(a.store.slots)
	a.mu.Lock()
	defer a.mu.Unlock()
	if lookup == ours || slots < fewestShared || len(a.queries) < slots/2 {
		return false
	}
	for o := range a.queries {
		if o.lookup == lookup {
			return true
		}
	}
	return false
}

// close waits until all have ended, but no longer than timeout, and not for a
// server that does not answer.
func (a *abandoned) close(timeout time.Duration) {
	a.mu.Lock()
	working, idle := a.working, a.idle
	a.mu.Unlock()
	if changed, absence := a.store.gate.watch(); working && absence == nil {
		select {
		case <-idle:
		case <-changed:
		case <-time.After(timeout):
		}
	}
	a.mu.Lock()
	a.stop() // under the lock: run is not started after it
	a.mu.Unlock()
	a.work.Wait()
}

func (a *abandoned) run() {
	pause := firstLook
	for {
		orphans := a.list()
		if len(orphans) == 0 {
			return
		}
		changed, absence := a.store.gate.watch()
		var timer <-chan time.Time
		switch {
		case isGone(absence):
			a.settle(orphans, nil)
			continue
		case absence == nil && a.look(orphans):
			pause = firstLook
			continue
		case absence == nil:
			timer = time.After(pause)
			pause = min(2*pause, lastLook)
		}
		select {
		case <-timer:
		case <-changed:
		case <-a.life.Done():
			a.rest()
			return
		}
	}
}

// isGone reports whether an absence means that there is no server: nobody
// listens, so no query runs.
func isGone(absence error) bool {
	return errors.Is(absence, syscall.ECONNREFUSED) || errors.Is(absence, syscall.ENOENT)
}

// list returns all orphans; if there are none, the work is over.
func (a *abandoned) list() []*orphan {
	a.mu.Lock()
	defer a.mu.Unlock()
	orphans := make([]*orphan, 0, len(a.queries))
	for o := range a.queries {
		orphans = append(orphans, o)
	}
	if len(orphans) == 0 {
		a.restLocked()
	}
	return orphans
}

func (a *abandoned) rest() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.restLocked()
}

func (a *abandoned) restLocked() {
	a.working = false
	close(a.idle)
}

// look settles those orphans that have ended, has the server end the others,
// and reports whether any has ended.
func (a *abandoned) look(orphans []*orphan) bool {
	ctx, cancel := context.WithTimeout(a.life, lookTimeout)
	defer cancel()
	alive, err := a.store.kill(ctx, orphans)
	if err != nil {
		var refused *refusal
		if timedOut(err) && !errors.As(err, &refused) && a.life.Err() == nil {
			a.store.wentSilent()
		}
		return false
	}
	return a.settle(orphans, alive)
}

// settle gives back the slots of those orphans that are not alive, and reports
// whether there are any.
func (a *abandoned) settle(orphans []*orphan, alive map[uint64]bool) bool {
	ended := false
	for _, o := range orphans {
		if alive[o.thread] {
			continue
		}
		ended = true
		a.mu.Lock()
		delete(a.queries, o)
		a.mu.Unlock()
		<-a.store.slots
		close(o.ended)
	}
	return ended
}
