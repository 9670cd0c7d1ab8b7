package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
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

// connection serves one client as long as it sends plain requests, and there is
// something to wait for: an idle one is parked where that is possible. All of it
// belongs to the goroutine that runs it, but what watch says.
type connection struct {
	responder
	conn     net.Conn
	in       *[largestHead + 1]byte // the last byte is room for watch
	from, to int                    // of in: what was read and not served
	pieces   int                    // reads that the request at from took
	fresh    bool                   // nothing has been served
	unwritten

	began      time.Time // when the request at from began to come
	readBy     time.Time // deadline that the socket has, if not zero
	writeSet   time.Time // when the socket's deadline for writes was set
	watching   chan struct{}
	forget     context.CancelFunc
	unwatching atomic.Bool
	watchRead  int // bytes that the watch has read, when watching is closed
}

// ending is how a connection's goroutine ends.
type ending uint8

const (
	ends  ending = iota // with the connection
	hands               // it over to net/http
	parks               // it with a loop
)

func newConnection(l *Listener, conn net.Conn, now time.Time) *connection {
	return &connection{responder: responder{listener: l, now: now}, conn: conn, fresh: true, in: inputs.Get().(*[largestHead + 1]byte), began: now}
}

// resume is run for a connection that was parked, from then on under conn.
func (c *connection) resume(conn net.Conn) {
	c.conn = conn
	if !c.listener.readmit(c) {
		_ = conn.Close()
		return
	}
	c.run()
}

// run serves until the connection ends, is net/http's, or is parked.
func (c *connection) run() {
	c.output.to = c.conn
	e := c.guarded()
	rest := bytes.Clone(c.in[c.from:c.to])
	inputs.Put(c.in)
	c.in = nil
	c.listener.remove(c)
	if e != hands {
		_ = c.conn.Close() // a parked one has a descriptor of its own
		return
	}
	_ = c.conn.SetDeadline(time.Time{}) // net/http sets its own
	c.listener.hand(&replayed{Conn: c.conn, before: rest, headerBy: c.began.Add(c.listener.options.HeaderTimeout)})
}

func (c *connection) guarded() (e ending) {
	defer c.contain(func() {
		c.x.wait.stop()
		e = ends
	})
	if !c.catchUp() {
		return ends
	}
	return c.serve()
}

// unwritten is what a loop could not write to a connection.
type unwritten struct {
	bytes []byte
	last  bool // the connection ends then
}

// catchUp writes it, and reports whether the connection goes on.
func (c *connection) catchUp() bool {
	if c.bytes == nil {
		return true
	}
	c.extendWrites()
	_, err := c.conn.Write(c.bytes)
	c.bytes = nil
	if c.now = time.Now(); c.pieces == 0 {
		c.began = c.now
	}
	return err == nil && !c.last
}

func (c *connection) serve() ending {
	for {
		v, goesOn := c.answerAll()
		switch {
		case c.flush() != nil || !goesOn:
			return ends
		case v == foreign:
			return hands
		}
		c.restart()
		if c.from == c.to && !c.fresh && c.listener.loops.park(c.conn, c.began) {
			return parks
		}
		err := c.read()
		switch {
		case err == nil:
		case errors.Is(err, errForeign):
			return hands
		case c.listener.draining.Load() || !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded):
			return ends
		case c.to-c.from >= idlePeek || c.fresh && c.to > c.from:
			// net/http has an answer for some unfinished requests. It meets the end too,
			// or the same deadline, which is over.
			return hands
		default:
			return ends
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
		if v = c.scan(c.in[c.from:c.to], api, c.fresh); v != plain {
			return v, true
		}
		goesOn = c.answer(api)
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
func (c *connection) answer(api *API) (goesOn bool) {
	c.extendWrites()
	c.decide(api, c)
	c.x.wait.stop()
	c.now = time.Now()
	goesOn = c.gather()
	c.passed()
	c.x.release()
	c.x.observe(c.now)
	return goesOn
}

// extendWrites sets the deadline for writes, if it is off by much.
func (c *connection) extendWrites() {
	if c.now.Sub(c.writeSet) >= coarse {
		c.writeSet = c.now
		_ = c.conn.SetWriteDeadline(c.now.Add(c.listener.options.WriteTimeout + coarse))
	}
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
