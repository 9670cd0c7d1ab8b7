package httpapi

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// mostEvents is the number of connections that a loop looks at before it looks
	// at what else there is to do.
	mostEvents = 64
	// longestTurn is how many bytes a connection gets before it is another one's turn.
	longestTurn = 64 << 10
)

// What a loop wants to know of a connection: bytes and its end, each once.
const (
	arrivals = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET
	endings  = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
)

// loop serves parked connections: it reads, answers what memory can answer, and
// writes, without waiting for anyone. A connection that must be waited for becomes a
// goroutine's again.
//
// An event names its connection by descriptor and number: one that is late reaches
// nobody who has got the descriptor since.
type loop struct {
	responder // belongs to the loop's goroutine, as all above mu does
	waiting
	index  int // in loops.all
	timer  int // a timerfd: the first of the queue is due, or the loop has drained
	in     *[largestHead + 1]byte
	socket wire
	noted  []noted
	ready  [mostEvents]*parked
	load   load

	mu      sync.Mutex // guards all below
	byFD    []*parked
	queue   parkedByDue
	stopped bool // it takes no more connections, and its descriptors are closed
}

// run serves until the listener drains.
func (o *loop) run() {
	for !o.drained() {
		n := o.wait()
		o.now = time.Now()
		began := o.loops.since(o.now)
		due := o.take(n)
		for i, p := range o.ready[:n] {
			if p != nil {
				o.serve(p, o.events[i].Events)
			}
		}
		if due {
			o.endIdle()
		}
		o.loops.account(&o.load, began)
	}
	o.end()
}

// drained reports whether the listener drains, and no client's next request is waited for any more.
func (o *loop) drained() bool {
	return o.listener.draining.Load() && time.Since(o.listener.drained) >= drainIdle
}

// take finds the connections that so many events are for, and reports whether one was the timer's.
func (o *loop) take(n int) (due bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.events[:n] {
		e := &o.events[i]
		o.ready[i] = nil
		switch {
		case int(e.Fd) == o.timer:
			due = true
		case int(e.Fd) < len(o.byFD):
			if p := o.byFD[e.Fd]; p != nil && p.number == uint32(e.Pad) {
				o.ready[i] = p
			}
		}
	}
	return due
}

// serve gives a connection its turn.
func (o *loop) serve(p *parked, events uint32) {
	defer o.contain(func() { o.abandon(p) })
	for {
		n, err := receive(p.fd, o.in[:largestHead])
		switch {
		case err == unix.EAGAIN:
			return
		case err != 0 || n == 0:
			o.close(p)
			return
		}
		from, goesOn := o.answerAll(p.fd, n)
		failed := o.flush() != nil
		o.now = time.Now()
		o.report()
		rest := o.socket.takeRest()
		switch {
		case failed || !goesOn && rest == nil:
			o.close(p)
			return
		case from < n || rest != nil:
			o.unpark(p, from, n, unwritten{rest, !goesOn})
			return
		}
		p.idle = o.loops.since(o.now)
		switch {
		case n == largestHead:
			o.again(p) // there may be more
		case events&endings != 0:
			continue // the end is to be read yet
		}
		o.loops.rebalance(o, p)
		return
	}
}

// answerAll answers the first n bytes that were read, as far as they are plain requests that need
// no waiting, up to longestTurn, and reports where that ended.
func (o *loop) answerAll(fd, n int) (from int, goesOn bool) {
	o.socket.fd, o.socket.took, o.err = fd, 0, nil
	for from < n && o.socket.took+len(o.out) < longestTurn {
		api := o.listener.options.API()
		if o.scan(o.in[from:n], api, false) != plain {
			return from, true
		}
		if o.decide(api, nil); o.x.deferred {
			return from, true
		}
		goesOn = o.gather()
		from += o.request.length
		o.noted = append(o.noted, noted{api, o.x.observation(), o.now})
		o.x.release()
		if !goesOn || o.err != nil {
			return from, false
		}
	}
	return from, true
}

// noted is an answer that has yet to be reported.
type noted struct {
	api *API
	Observation
	began time.Time
}

// report reports the answers that have been written.
func (o *loop) report() {
	o.load.served.Add(uint64(len(o.noted)))
	for i := range o.noted {
		n := &o.noted[i]
		n.Duration = o.now.Sub(n.began)
		n.api.Observe(n.Observation)
	}
	clear(o.noted)
	o.noted = o.noted[:0]
}

// abandon ends a connection whose turn has panicked.
func (o *loop) abandon(p *parked) {
	o.drop()
	o.socket.takeRest()
	o.noted = o.noted[:0]
	o.close(p)
}

// unpark makes a connection a goroutine's, with what was read and not answered.
func (o *loop) unpark(p *parked, from, to int, u unwritten) {
	o.forget(p)
	c := newConnection(o.listener, nil, o.now)
	c.to, c.fresh, c.unwritten = copy(c.in[:], o.in[from:to]), false, u
	if from == 0 {
		c.pieces = 1
		if to < idlePeek {
			c.began = o.loops.time(p.idle)
		}
	}
	o.listener.serving.Go(func() { c.resume(newSocket(p.fd)) })
}
