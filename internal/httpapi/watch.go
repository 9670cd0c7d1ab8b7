package httpapi

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// watch returns a context that ends when the client leaves. As in net/http, a
// goroutine reads on while the request waits, one byte; that client has left
// whose connection fails or ends then. The byte is the next request's first.
func (c *connection) watch() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	c.forget, c.watching, c.watchRead = cancel, make(chan struct{}), 0
	c.unwatching.Store(false)
	go func() {
		defer close(c.watching)
		if c.watchOn() != nil {
			cancel()
		}
	}()
	return ctx
}

// watchOn returns an error if the client leaves before unwatch is called.
func (c *connection) watchOn() error {
	if c.to == len(c.in) {
		return nil // the room for the byte is taken by an earlier one, as in net/http
	}
	for {
		// If unwatch has set a deadline before this, it has said so before that.
		_ = c.conn.SetReadDeadline(time.Time{})
		if c.unwatching.Load() {
			return nil
		}
		n, err := c.conn.Read(c.in[c.to : c.to+1])
		if c.watchRead = n; n > 0 {
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) { // which is unwatch's, or of the listener's end
			return err
		}
	}
}

// unwatch ends the watch.
func (c *connection) unwatch() {
	c.unwatching.Store(true)
	_ = c.conn.SetReadDeadline(longAgo)
	<-c.watching
	c.forget()
	c.to += c.watchRead
	c.readBy = longAgo
}

// replayed is a connection whose first bytes were read already.
type replayed struct {
	net.Conn
	before   []byte
	headerBy time.Time // bound of the first deadline: the header began to come earlier
}

// Read implements net.Conn.
func (r *replayed) Read(p []byte) (int, error) {
	if len(r.before) == 0 {
		return r.Conn.Read(p)
	}
	n := copy(p, r.before)
	if r.before = r.before[n:]; len(r.before) == 0 {
		r.before = nil
	}
	return n, nil
}

// SetReadDeadline implements net.Conn.
func (r *replayed) SetReadDeadline(t time.Time) error {
	if !r.headerBy.IsZero() && r.headerBy.Before(t) {
		t = r.headerBy
	}
	r.headerBy = time.Time{}
	return r.Conn.SetReadDeadline(t)
}

// CloseWrite is what net/http does before it closes a connection whose client
// may still send.
func (r *replayed) CloseWrite() error {
	if half, ok := r.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
