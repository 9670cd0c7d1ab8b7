// Package faults stands between two ends of a TCP connection and does what networks do: it delays,
// jitters, trickles, narrows, swallows, cuts and resets. Tests put a Proxy before a real server.
//
// What befalls a connection is decided by the bytes that pass, by the settings of the moment and by a
// fixed seed, never by chance: the same conversation fares the same each time.
//
// A Proxy has a goroutine that accepts, and two for each connection, one a direction. Close ends
// them and waits for them.
package faults

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Weather is how answers fare, those of open connections from now on too. Its zero value does nothing.
// What clients say always arrives at once.
type Weather struct {
	Delay  time.Duration // each piece of an answer comes so much later
	Jitter time.Duration // and by up to so much more
	Rate   int           // bytes a second of each connection; 0: no limit
	Piece  int           // bytes that arrive at once, at most; 0: as the server sent them

	// ResetAfter resets a connection, by RST, once so many bytes of an answer have passed: in the middle of a
	// row, where rows are longer. 0: never.
	ResetAfter int
}

// Proxy is a listener on a free port of 127.0.0.1 with a server behind it. Its methods may be called
// concurrently.
type Proxy struct {
	listener net.Listener
	work     sync.WaitGroup

	mu       sync.Mutex // guards what follows
	target   string     // empty: nobody gets through
	weather  Weather
	pairs    map[*pair]struct{}
	accepted int
	marker   string // what a question has in it that is cut or gagged
	cuts     int    // as many such questions lose their connection before the server hears them
	gags     int    // as many are never answered, nor is their connection ever closed
	hole     bool   // all new connections are like that
	closed   bool
}

// New starts a proxy before the server at target.
func New(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, target: target, pairs: make(map[*pair]struct{})}
	p.work.Go(p.accept)
	return p, nil
}

// Addr returns host and port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close cuts all connections and accepts no more.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Cut()
	p.work.Wait()
	return err
}

// Set changes the weather.
func (p *Proxy) Set(w Weather) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.weather = w
	for pr := range p.pairs {
		pr.turn()
	}
}

// Lead cuts all connections and leads new ones to another target. With none they are closed at once.
func (p *Proxy) Lead(target string) {
	p.mu.Lock()
	p.target = target
	p.mu.Unlock()
	p.Cut()
}

// Cut closes both ends of all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for pr := range p.pairs {
		pr.close()
		delete(p.pairs, pr)
	}
}

// Gag has the server's answers on all connections that are open now swallowed: the client sees an open
// connection on which nothing comes, and so does the server when the client has closed it. They stay so until
// they are cut.
func (p *Proxy) Gag() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for pr := range p.pairs {
		pr.gag()
	}
}

// Swallow gags all connections, and new ones too, until it is called with false. Those that were gagged stay so.
func (p *Proxy) Swallow(hole bool) {
	p.mu.Lock()
	p.hole = hole
	p.mu.Unlock()
	if hole {
		p.Gag()
	}
}

// Fault has the next questions with marker in them fail: first as many as cuts lose their connection before
// the server hears them, then the connections of as many as gags are gagged, once the server has heard them.
func (p *Proxy) Fault(marker string, cuts, gags int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marker, p.cuts, p.gags = marker, cuts, gags
}

// Accepted returns how many connections have been made, those included that led nowhere.
func (p *Proxy) Accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

// Open returns how many connections there are.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.pairs)
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			p.connect(client)
		}
	}
}

// connect leads a client to the server.
func (p *Proxy) connect(client net.Conn) {
	p.mu.Lock()
	p.accepted++
	target, seed := p.target, uint64(p.accepted)
	p.mu.Unlock()
	server, err := net.Dial("tcp", target)
	if err != nil {
		_ = client.Close()
		return
	}
	pr := &pair{proxy: p, client: client, server: server, turned: make(chan struct{}), over: make(chan struct{}),
		chance: rand.New(rand.NewPCG(seed, 0))}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.target != target {
		pr.close()
		return
	}
	pr.gagged = p.hole
	p.pairs[pr] = struct{}{}
	p.work.Go(pr.ask)
	p.work.Go(pr.answer)
}
