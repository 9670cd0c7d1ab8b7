package tier

import (
	"sync"

	"github.com/redis/rueidis"
)

// waiters are loads that wait for what other nodes have leased, by the names of the values. Redis pushes names that it has
// told this node of when they change: https://redis.io/docs/latest/develop/reference/client-side-caching.
type waiters struct {
	mu sync.Mutex // guards all below
	of map[string]map[*waiter]bool
}

// waiter is one load.
type waiter struct {
	mu      sync.Mutex // guards changed
	changed map[string]bool
	ready   chan struct{} // has room for one
}

func newWaiter() *waiter {
	return &waiter{changed: make(map[string]bool), ready: make(chan struct{}, 1)}
}

func (w *waiters) add(of *waiter, names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range names {
		if w.of[name] == nil {
			w.of[name] = make(map[*waiter]bool)
		}
		w.of[name][of] = true
	}
}

func (w *waiters) remove(of *waiter, names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range names {
		if delete(w.of[name], of); len(w.of[name]) == 0 {
			delete(w.of, name)
		}
	}
}

// changed wakes who waits for names; with none, all: the connection was lost, or Redis has forgotten everything.
func (w *waiters) changed(names []rueidis.RedisMessage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range names {
		if name, err := m.ToString(); err == nil {
			for of := range w.of[name] {
				of.note(name)
			}
		}
	}
	if names != nil {
		return
	}
	for name, all := range w.of {
		for of := range all {
			of.note(name)
		}
	}
}

func (w *waiter) note(name string) {
	w.mu.Lock()
	w.changed[name] = true
	w.mu.Unlock()
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// take returns what has changed, and forgets it.
func (w *waiter) take() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := w.changed
	w.changed = make(map[string]bool)
	return changed
}
