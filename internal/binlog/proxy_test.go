package binlog_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A proxy stands between a follower and a server, and does what networks do.
type proxy struct {
	listener net.Listener
	work     sync.WaitGroup

	mu     sync.Mutex // guards what follows
	target string     // empty: nobody gets through
	hole   bool       // what the server says to those connected now is swallowed
	conns  map[net.Conn]bool
	calls  int // connections that were made
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]bool{}}
	p.work.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.lead("")
		p.work.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// lead cuts all connections, and leads new ones to another target.
func (p *proxy) lead(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	for c := range p.conns {
		c.Close()
	}
	clear(p.conns)
}

// await waits for that many further connections.
func (p *proxy) await(t *testing.T, more int) {
	t.Helper()
	calls := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.calls
	}
	want := calls() + more
	eventually(t, "connections", func() bool { return calls() >= want })
}

// swallow leaves the connections that there are open, but silent.
func (p *proxy) swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = true
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.calls++
		target := p.target
		p.mu.Unlock()
		server, err := net.Dial("tcp", target)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		p.hole = false
		p.mu.Unlock()
		p.work.Go(func() { defer client.Close(); defer server.Close(); io.Copy(server, client) })
		p.work.Go(func() { defer client.Close(); defer server.Close(); io.Copy(swallower{client, p}, server) })
	}
}

type swallower struct {
	net.Conn
	p *proxy
}

func (s swallower) Write(b []byte) (int, error) {
	s.p.mu.Lock()
	hole := s.p.hole
	s.p.mu.Unlock()
	if hole {
		return len(b), nil
	}
	return s.Conn.Write(b)
}
