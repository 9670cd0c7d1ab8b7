package httpapi

import (
	"net/http"
	"runtime/debug"
	"time"
)

// StatusLeft is the Status of an Observation whose client left before it was
// answered, as nginx counts it. It is not an error.
const StatusLeft = 499

// Observation is what became of one request.
type Observation struct {
	Lookup   string        // empty where the request named none
	Outcome  string        // a cache.Outcome's name, of several keys the costliest; OutcomeNone or OutcomeFailed
	Status   int           // of the response
	Duration time.Duration // until the last byte was handed on
	Keys     int           // different keys asked for
}

// Outcomes of an Observation beside those of package cache.
const (
	OutcomeNone   = "none"   // the cache was not asked
	OutcomeFailed = "failed" // there was no answer for at least one key
)

// exchange is one request and the answer to it.
type exchange struct {
	*api
	w       http.ResponseWriter
	r       *http.Request
	lookup  *Lookup // nil where the path names none
	wait    patience
	started time.Time

	outcome string
	keys    int
	status  int // 0: nothing was sent yet

	// values backs the header's values, so that one allocation serves all. It is
	// never reused: whoever wraps the handler may look at them afterwards.
	values [8]string
	used   int
	text   []byte    // what the values are cut from; starts in room
	room   [128]byte // enough for a hit
}

// handler makes an http.Handler of one that works on an exchange.
func (a *api) handler(l *Lookup, serve func(*exchange)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		x := &exchange{api: a, w: w, r: r, lookup: l, started: now, outcome: OutcomeNone}
		x.wait = patience{Context: r.Context(), deadline: now.Add(a.RequestTimeout)}
		x.text = x.room[:0]
		defer x.end()
		if x.withinLimits() {
			serve(x)
		}
	}
}

// withinLimits refuses requests that are too large.
func (x *exchange) withinLimits() bool {
	if len(x.r.RequestURI) > MaxTarget {
		x.refuse(targetTooLong, "A request's target has at most 16 KiB.")
		return false
	}
	size := len(x.r.Host)
	for name, values := range x.r.Header {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	if size > MaxHeader {
		x.refuse(headerTooLarge, "A request's header has at most 32 KiB.")
		return false
	}
	return true
}

// end runs deferred. A panic becomes a 500, or where the answer has begun
// already an aborted connection, so that no client takes a part for the whole.
func (x *exchange) end() {
	cause := recover()
	abort := cause == http.ErrAbortHandler
	if cause != nil && !abort {
		x.Logger.Error("panic while answering a request", "panic", cause, "method", x.r.Method,
			"target", quoted(x.r.RequestURI), "stack", string(debug.Stack()))
		abort = x.status != 0
		if !abort {
			clear(x.w.Header())
			x.refuse(internalError, "")
		}
	}
	x.wait.stop()
	x.observe()
	if abort {
		panic(http.ErrAbortHandler)
	}
}

func (x *exchange) observe() {
	o := Observation{Outcome: x.outcome, Status: x.status, Duration: time.Since(x.started), Keys: x.keys}
	if x.lookup != nil {
		o.Lookup = x.lookup.Name
	}
	x.Observe(o)
}

// set sets a header field; name is in canonical form.
func (x *exchange) set(name, value string) {
	x.values[x.used] = value
	x.w.Header()[name] = x.values[x.used : x.used+1 : x.used+1]
	x.used++
}

// send writes the status line and header, and reports whether a body is to
// follow it.
func (x *exchange) send(status int) bool {
	x.status = status
	x.w.WriteHeader(status)
	return x.r.Method != http.MethodHead
}
