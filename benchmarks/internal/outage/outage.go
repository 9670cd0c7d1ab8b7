// Package outage keeps what a long run knows of the times when MySQL, or the program, was away on purpose.
package outage

import (
	"sync"
	"time"
)

// Recovery is how long after MySQL is back requests may still fail.
const Recovery = 5 * time.Second

// Log of the outages of a run. Its zero value is ready, and its methods are safe for concurrent use.
type Log struct {
	mu    sync.Mutex // guards all below
	down  bool
	since time.Time // when MySQL came back; zero: it was always there
	count int
}

// Begin is called before MySQL goes.
func (l *Log) Begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = true
	l.count++
}

// End is called when MySQL is back.
func (l *Log) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
	l.since = time.Now()
}

// Excuses reports whether a request that began then, and has just failed, may have failed.
func (l *Log) Excuses(began time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down || began.Before(l.since.Add(Recovery))
}

// Overlaps reports whether a request that began then, and has just ended, fell into an outage.
func (l *Log) Overlaps(began time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down || began.Before(l.since)
}

// Away reports whether MySQL is gone at this moment.
func (l *Log) Away() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down
}

// Count returns how many outages have begun.
func (l *Log) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}
