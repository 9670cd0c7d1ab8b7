package httpapi

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// responder makes replies of the bytes of plain requests. All of it belongs to the
// goroutine of a connection, or of a loop.
type responder struct {
	listener *Listener
	request  plainRequest
	x        exchange
	scratch  []byte // a decoded key
	output

	now time.Time // of the last look at the clock
}

// scan looks at bytes that a client has sent; fresh says that they are its first. A
// plain request is then in r.request, and its key in r.scratch.
func (r *responder) scan(b []byte, api *API, fresh bool) verdict {
	if api == nil {
		return foreign
	}
	if !fresh && len(b) < idlePeek {
		return incomplete // whatever it is, net/http would wait for more of it
	}
	v := r.request.scan(b, api)
	if v == plain {
		var ok bool
		if r.scratch, ok = appendDecoded(r.scratch[:0], r.request.key); !ok {
			return foreign
		}
	}
	return v
}

// decide has r.request answered in r.x. The client is the one that is watched while the
// answer waits; without one, it is not waited for: see exchange.deferred.
func (r *responder) decide(api *API, client *connection) {
	p, x := &r.request, &r.x
	*x = exchange{API: api, lookup: p.lookup, started: r.now, outcome: OutcomeNone, reply: reply{age: noAge}, memoryOnly: client == nil}
	x.wait.deadline, x.wait.client = r.now.Add(api.RequestTimeout), client
	x.text = x.room[:0]
	x.request = request{method: http.MethodGet, target: view(p.target), key: view(r.scratch), query: view(p.query),
		ifNoneMatch: p.ifNoneMatch.all(), acceptEncoding: p.acceptEncoding.all()}
	if p.several {
		x.guard((*exchange).multi)
	} else {
		x.guard((*exchange).single)
	}
}

// gather puts the reply to what comes from the client, and reports whether the
// connection goes on.
func (r *responder) gather() (goesOn bool) {
	if r.x.aborted {
		return false
	}
	closes := r.request.closes || r.listener.draining.Load()
	r.put(&r.x.reply, r.now, closes)
	return !closes
}

// contain keeps a panic that exchange.guard does not see from ending the process, as
// net/http does. It is deferred.
func (r *responder) contain(end func()) {
	cause := recover()
	if cause == nil {
		return
	}
	logger := slog.New(slog.DiscardHandler)
	if api := r.listener.options.API(); api != nil {
		logger = api.Logger
	}
	logger.Error("panic while serving a connection", "panic", cause, "stack", string(debug.Stack()))
	end()
}
