package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// largestHead bounds a plain request; larger ones are net/http's.
	largestHead = 8 << 10
	// mostPieces is how often a plain request may be waited for: who sends byte by
	// byte is net/http's.
	mostPieces = 4
	// coarse is how exact a deadline must be: to set one for each request is dear.
	coarse = time.Second
	// idlePeek is what net/http takes for the beginning of a request: less is idleness.
	idlePeek = 4
)

// longAgo is a deadline that ends a Read under way.
var longAgo = time.Unix(1, 0)

var inputs = sync.Pool{New: func() any { return new([largestHead + 1]byte) }}

// connection serves one client as long as it sends plain requests. All of it
// belongs to the goroutine that runs it, but what watch says.
type connection struct {
	listener *Listener
	conn     net.Conn
	in       *[largestHead + 1]byte // the last byte is room for watch
	from, to int                    // of in: what was read and not served
	pieces   int                    // reads that the request at from took
	fresh    bool                   // nothing has been served
	request  plainRequest
	x        exchange
	scratch  []byte // a decoded key
	output

	now        time.Time // of the last look at the clock
	began      time.Time // when the request at from began to come
	readBy     time.Time // deadline that the socket has, if not zero
	writeSet   time.Time // when the socket's deadline for writes was set
	watching   chan struct{}
	forget     context.CancelFunc
	unwatching atomic.Bool
	watchRead  int // bytes that the watch has read, when watching is closed
}

func newConnection(l *Listener, conn net.Conn) *connection {
	return &connection{listener: l, conn: conn, fresh: true, output: output{conn: conn}}
}

// run serves until the connection ends or is net/http's.
func (c *connection) run() {
	c.in = inputs.Get().(*[largestHead + 1]byte)
	c.now = time.Now()
	c.began = c.now
	foreign := c.guarded()
	rest := bytes.Clone(c.in[c.from:c.to])
	inputs.Put(c.in)
	c.in = nil
	c.listener.remove(c)
	if !foreign {
		_ = c.conn.Close()
		return
	}
	_ = c.conn.SetDeadline(time.Time{}) // net/http sets its own
	c.listener.hand(&replayed{Conn: c.conn, before: rest, headerBy: c.began.Add(c.listener.options.HeaderTimeout)})
}

// guarded keeps a panic that exchange.guard does not see from ending the process,
// as net/http does.
func (c *connection) guarded() (foreign bool) {
	defer func() {
		if cause := recover(); cause != nil {
			c.x.Logger.Error("panic while serving a connection", "panic", cause, "stack", string(debug.Stack()))
			foreign = false
		}
	}()
	return c.serve()
}

// serve reports whether the connection is net/http's from now on.
func (c *connection) serve() bool {
	for {
		v, goesOn := c.answerAll()
		switch {
		case c.flush() != nil || !goesOn:
			return false
		case v == foreign:
			return true
		}
		c.restart()
		err := c.read()
		switch {
		case err == nil:
		case errors.Is(err, errForeign):
			return true
		case c.listener.draining.Load() || !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded):
			return false
		default:
			// net/http has an answer for some unfinished requests. It meets the end too,
			// or the same deadline, which is over.
			return c.to-c.from >= idlePeek || c.fresh && c.to > c.from
		}
	}
}

// restart has the time for the next request begin after the answers before it
// have been written: that can take long, if the client reads slowly.
func (c *connection) restart() {
	if c.passed() && c.pieces == 0 && !c.fresh {
		c.began = c.now
	}
}

// passed looks at the clock again if something was written, and reports whether.
func (c *connection) passed() bool {
	if !c.wrote {
		return false
	}
	c.now, c.wrote = time.Now(), false
	return true
}

// answerAll answers all whole requests that have been read, and reports whether
// the connection goes on. The verdict is on what remains.
func (c *connection) answerAll() (v verdict, goesOn bool) {
	for c.from < c.to {
		api := c.listener.options.API()
		if api == nil {
			return foreign, true
		}
		if !c.fresh && c.to-c.from < idlePeek {
			return incomplete, true // whatever it is, net/http would wait for more of it
		}
		if v = c.request.scan(c.in[c.from:c.to], api); v != plain {
			return v, true
		}
		if c.scratch, goesOn = appendDecoded(c.scratch[:0], c.request.key); !goesOn {
			return foreign, true
		}
		goesOn = c.answer(api) && !c.request.closes
		c.from += c.request.length
		c.fresh, c.pieces, c.began = false, 0, c.now
		if !goesOn || c.err != nil {
			return v, false
		}
	}
	return v, true
}

// answer answers c.request into the output, and reports whether the connection
// may go on.
func (c *connection) answer(api *API) bool {
	if c.now.Sub(c.writeSet) >= coarse {
		c.writeSet = c.now
		_ = c.conn.SetWriteDeadline(c.now.Add(c.listener.options.WriteTimeout + coarse))
	}
	p, x := &c.request, &c.x
	*x = exchange{API: api, lookup: p.lookup, started: c.now, outcome: OutcomeNone, reply: reply{age: noAge}}
	x.wait = patience{deadline: c.now.Add(api.RequestTimeout), client: c}
	x.text = x.room[:0]
	x.request = request{method: http.MethodGet, target: view(p.target), key: view(c.scratch), query: view(p.query),
		ifNoneMatch: p.ifNoneMatch.all(), acceptEncoding: p.acceptEncoding.all()}
	if p.several {
		x.guard((*exchange).multi)
	} else {
		x.guard((*exchange).single)
	}
	x.wait.stop()
	c.now = time.Now()
	if !x.aborted {
		p.closes = p.closes || c.listener.draining.Load()
		c.put(&x.reply, c.now, p.closes)
		c.passed()
	}
	x.release()
	x.observe(c.now)
	return !x.aborted
}

// errForeign says that net/http is to read on.
var errForeign = errors.New("httpapi: not a plain request")

// read waits for more of the client's bytes.
func (c *connection) read() error {
	partial := c.to - c.from
	if c.pieces++; partial > 0 && c.pieces > mostPieces || partial >= largestHead {
		return errForeign
	}
	copy(c.in[:], c.in[c.from:c.to])
	c.from, c.to = 0, partial
	limit := c.began.Add(c.listener.options.IdleTimeout)
	if c.fresh || partial >= idlePeek {
		limit = c.began.Add(c.listener.options.HeaderTimeout)
	}
	for {
		if c.readBy.After(limit) || limit.Sub(c.readBy) >= coarse {
			c.readBy = limit
			_ = c.conn.SetReadDeadline(limit)
		}
		if c.listener.draining.Load() {
			if limit = c.lastLimit(limit, partial); !c.now.Before(limit) {
				return os.ErrDeadlineExceeded
			}
			_ = c.conn.SetReadDeadline(limit)
		}
		n, err := c.conn.Read(c.in[c.to:largestHead])
		c.now = time.Now()
		if n > 0 {
			if c.to += n; !c.fresh && partial < idlePeek && c.to >= idlePeek {
				c.began = c.now
			}
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || !c.now.Before(limit) {
			return err
		}
		c.readBy = time.Time{} // it was set coarsely: the rest of the time
	}
}

// lastLimit is until when a draining connection waits for a request of which a
// part may have come, and that has time until limit.
func (c *connection) lastLimit(limit time.Time, partial int) time.Time {
	patience := drainIdle
	if c.fresh || partial > 0 {
		patience = drainNew
	}
	if last := c.listener.drained.Add(patience); last.Before(limit) {
		return last
	}
	return limit
}
