package httpapi

import (
	"net/http"
	"runtime/debug"
	"time"

	"productcache/internal/document"
)

// StatusLeft is the Status of an Observation whose client left before it was
// answered, as nginx counts it. It is not an error.
const StatusLeft = 499

// Observation is what became of one request.
type Observation struct {
	Lookup   string        // empty where the request named none
	Outcome  string        // a cache.Outcome's name, of several keys the costliest; or one of those below
	Status   int           // of the response
	Duration time.Duration // until the last byte was handed on
	Keys     int           // different keys asked for
	Method   string
	Target   string // as it was sent; valid until Observe returns
}

// Outcomes of an Observation beside those of package cache.
const (
	OutcomeNone    = "none"    // the cache was not asked
	OutcomeRefused = "refused" // there was no answer, since too many callers were waiting
	OutcomeFailed  = "failed"  // there was no answer for at least one key, for any other reason
)

// request is what was asked, whoever has read it. Its strings are valid until
// the reply has been sent, and no longer.
type request struct {
	method, target  string
	key             string // in the path, percent-decoded; not of a multi-get
	query           string // as it was sent
	ifNoneMatch     []string
	acceptEncoding  []string
	mustReload      bool   // it says no-cache, and may
	path            string // escaped; where the path names no lookup
	keyNotDecodable bool   // key is as it was sent
}

// exchange is one request and the reply to it. What decides on the reply is the
// same on the plain path and behind net/http.
type exchange struct {
	*API
	request
	reply
	lookup  *Lookup // nil where the path names none
	wait    patience
	started time.Time

	outcome string
	keys    int

	delivery *delivery // nil on the plain path

	memoryOnly bool // there must be no waiting
	deferred   bool // there is no reply, since that would take waiting, or is large

	sent    bool   // the reply has begun to leave
	aborted bool   // the connection must end, so that no client takes a part for the whole
	text    []byte // starts in room
	room    [128]byte
	tag     [document.MaxETag]byte // etag, where it is a document's
}

// guard runs a part of the exchange. A panic becomes a 500, or where the reply has
// begun already an aborted connection.
func (x *exchange) guard(part func(*exchange)) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		x.aborted = x.sent || cause == http.ErrAbortHandler
		if cause != http.ErrAbortHandler {
			x.Logger.Error("panic while answering a request", "panic", cause, "method", x.method,
				"target", quoted(x.target), "stack", string(debug.Stack()))
		}
		if !x.aborted {
			x.reply = reply{age: noAge}
			x.refuse(internalError, "")
		}
	}()
	part(x)
}

func (x *exchange) observe(now time.Time) {
	o := x.observation()
	o.Duration = now.Sub(x.started)
	x.Observe(o)
}

// observation returns what became of the request, but for how long it took.
func (x *exchange) observation() Observation {
	o := Observation{Outcome: x.outcome, Status: x.status, Keys: x.keys, Method: x.method, Target: x.target}
	if x.lookup != nil {
		o.Lookup = x.lookup.Name
	}
	return o
}
