package httpapi

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ListenerOptions of a Listener, all required: the limits of a connection, as in
// the http.Server behind it.
type ListenerOptions struct {
	API           func() *API   // as it is now; nil while there is none
	HeaderTimeout time.Duration // to send a request's header
	IdleTimeout   time.Duration // between two requests
	WriteTimeout  time.Duration // from a request's header to its answer's last byte; a second more may pass
}

// A Listener serves the plain requests for lookups itself, and is the listener
// of an http.Server for all others: Accept returns connections whose client
// has sent something else, as if they were new. From then on they are net/http's.
//
// Each connection has a goroutine, and while a request waits for the database
// another one that looks whether the client leaves; Accept starts one that
// accepts. They end by Close and Shutdown. Its methods are safe for concurrent use.
type Listener struct {
	inner    net.Listener
	options  ListenerOptions
	handed   chan net.Conn
	failed   chan error
	draining atomic.Bool
	closed   chan struct{} // when draining begins
	start    sync.Once
	closing  func() error
	serving  sync.WaitGroup

	mu   sync.Mutex // guards all below
	open map[*connection]struct{}
}

// NewListener makes a Listener of one that accepts connections.
func NewListener(inner net.Listener, o ListenerOptions) *Listener {
	l := &Listener{inner: inner, options: o, handed: make(chan net.Conn), failed: make(chan error),
		closed: make(chan struct{}), open: make(map[*connection]struct{})}
	l.closing = sync.OnceValue(l.drain)
	return l
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Accept implements net.Listener for an http.Server. What fails in accepting is
// its error, so that the server decides how to go on.
func (l *Listener) Accept() (net.Conn, error) {
	l.start.Do(func() { l.serving.Go(l.accept) })
	select {
	case c := <-l.handed:
		return c, nil
	case err := <-l.failed:
		return nil, err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *Listener) accept() {
	for {
		c, err := l.inner.Accept()
		if err == nil {
			l.add(c)
			continue
		}
		select {
		case l.failed <- err: // taken when the server is ready to try again
		case <-l.closed:
		}
		if l.draining.Load() || errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

func (l *Listener) add(conn net.Conn) {
	c := newConnection(l, conn)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining.Load() {
		_ = conn.Close()
		return
	}
	l.open[c] = struct{}{}
	l.serving.Go(c.run)
}

func (l *Listener) remove(c *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

// hand gives a connection to the server behind.
func (l *Listener) hand(c net.Conn) {
	select {
	case l.handed <- c:
	case <-l.closed:
		_ = c.Close()
	}
}

// Close implements net.Listener: it accepts no more, and ends connections when
// the request under way, if there is one, has been answered.
func (l *Listener) Close() error { return l.closing() }

func (l *Listener) drain() error {
	l.draining.Store(true)
	close(l.closed)
	err := l.inner.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		// Who sets a later deadline after this one looks at draining after that.
		_ = c.conn.SetReadDeadline(longAgo)
	}
	return err
}

// Shutdown closes the listener and waits until all its connections have ended. If
// ctx is done before, it cuts them off and returns ctx's error.
func (l *Listener) Shutdown(ctx context.Context) error {
	_ = l.Close()
	ended := make(chan struct{})
	go func() {
		l.serving.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	for c := range l.open {
		_ = c.conn.Close()
	}
	l.mu.Unlock()
	<-ended
	return ctx.Err()
}
