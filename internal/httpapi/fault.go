package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"productcache/internal/cache"
)

// Fault is what a load's error means to the client.
type Fault uint8

// The faults.
const (
	Internal    Fault = iota // 500: nothing that asking again would change
	Unavailable              // 503: MySQL is away
	Timeout                  // 504: it took too long

	overloaded // 503: too many are waiting
	left       // nobody is there to be answered
)

// classify is the one place that tells errors apart.
func (x *exchange) classify(err error) Fault {
	switch {
	case x.wait.left():
		return left
	case errors.Is(err, cache.ErrOverloaded):
		return overloaded
	case errors.Is(err, cache.ErrClosed):
		return Unavailable
	case errors.Is(err, cache.ErrLoadTimeout):
		return Timeout
	}
	fault := x.Classify(err)
	// Not before Classify was asked: why MySQL cannot be reached may be a deadline
	// too, one that has passed long ago.
	if fault == Internal && errors.Is(err, context.DeadlineExceeded) {
		return Timeout
	}
	return fault
}

// fail answers a request for which the cache has only an error.
func (x *exchange) fail(err error) {
	x.outcome = OutcomeFailed
	fault := x.classify(err)
	if fault == left {
		// No body, and no status that a client who is there after all could take
		// for an answer.
		x.status = StatusLeft
		return
	}
	switch fault {
	case Unavailable:
		x.refuse(unavailable, "There is no earlier answer to serve instead.")
		x.retryAfter, x.cacheStatus = valueRetry, append(x.text, "productcache; fwd=miss; detail=unavailable"...)
	case Timeout:
		x.refuse(timeout, "There is no earlier answer to serve instead.")
		x.retryAfter, x.cacheStatus = valueRetry, append(x.text, "productcache; fwd=miss; detail=timeout"...)
	case overloaded:
		x.outcome = OutcomeRefused
		x.refuse(tooBusy, "Ask again a moment later.")
		x.retryAfter, x.cacheStatus = valueRetry, append(x.text, "productcache; detail=overloaded"...)
	default:
		x.refuse(internalError, "")
		x.cacheStatus = append(x.text, "productcache; fwd=miss; detail=error"...)
	}
	x.failures.log(x.lookup.Name, x.status, err)
}

// failures logs requests that failed, at most one a second: while MySQL is
// away all of them do.
type failures struct {
	logger *slog.Logger

	mu      sync.Mutex // guards all below
	next    time.Time
	omitted int
}

func (f *failures) log(lookup string, status int, err error) {
	f.mu.Lock()
	now := time.Now()
	if now.Before(f.next) {
		f.omitted++
		f.mu.Unlock()
		return
	}
	omitted := f.omitted
	f.next, f.omitted = now.Add(time.Second), 0
	f.mu.Unlock()
	f.logger.Error("request failed", "lookup", lookup, "status", status, "error", err, "omitted", omitted)
}
