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
// A connection has a goroutine while its request waits for the database, and another
// one that looks whether the client leaves. Between requests it is parked with a loop, which
// answers from memory; there, too, is a goroutine for each loop. Accept starts one that
// accepts. All end by Close and Shutdown. Its methods are safe for concurrent use.
type Listener struct {
	inner    net.Listener
	options  ListenerOptions
	handed   chan net.Conn
	failed   chan error
	draining atomic.Bool
	drained  time.Time // when draining began; set before it
	drain    func() error
	closed   chan struct{} // when the server behind gets no more connections
	close    func()
	start    sync.Once
	serving  sync.WaitGroup

	loops *loops

	mu   sync.Mutex               // guards all below
	open map[*connection]struct{} // those with a goroutine
	cut  bool                     // open has been closed, and nothing is added
}

// What a client may have sent when draining begins is still answered. A request
// is on its way from a client that has just connected, or has sent a part of it;
// and from one that uses its connection all the time, there is the next one soon.
const (
	drainNew  = time.Second
	drainIdle = 100 * time.Millisecond
)

// NewListener makes a Listener of one that accepts connections.
func NewListener(inner net.Listener, o ListenerOptions) *Listener {
	l := &Listener{inner: inner, options: o, handed: make(chan net.Conn), failed: make(chan error),
		closed: make(chan struct{}), open: make(map[*connection]struct{})}
	l.drain = sync.OnceValue(l.beginDraining)
	l.close = sync.OnceFunc(func() { close(l.closed) })
	l.loops = newLoops(l)
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
		if l.draining.Load() {
			return
		}
		select {
		case l.failed <- err: // taken when the server is ready to try again
		case <-l.closed:
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

func (l *Listener) add(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		_ = conn.Close()
		return
	}
	c := newConnection(l, conn, time.Now())
	l.open[c] = struct{}{}
	l.serving.Go(c.run)
}

// readmit is add for a connection that was parked, and has sent something.
func (l *Listener) readmit(c *connection) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.cut {
		l.open[c] = struct{}{}
	}
	return !l.cut
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

// Close implements net.Listener: it accepts no more, hands no connection to the
// server behind, and ends connections when what their clients may have sent has
// been answered.
func (l *Listener) Close() error {
	l.close()
	return l.drain()
}

func (l *Listener) beginDraining() error {
	l.drained = time.Now()
	l.draining.Store(true)
	err := l.inner.Close()
	l.loops.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		// Who sets a later deadline after this one looks at draining after that.
		_ = c.conn.SetReadDeadline(longAgo)
	}
	return err
}

// Shutdown accepts no more and waits until all connections have ended or are the
// server's behind, which should serve until then. If ctx is done before, it cuts
// them off and returns ctx's error. Afterwards the Listener is closed.
func (l *Listener) Shutdown(ctx context.Context) error {
	_ = l.drain()
	defer l.close()
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
	l.cutOff()
	<-ended
	return ctx.Err()
}

func (l *Listener) cutOff() {
	l.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for c := range l.open {
		_ = c.conn.Close()
	}
}
