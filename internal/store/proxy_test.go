package store_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// A proxy stands between a Store and MySQL and does what networks do.
type proxy struct {
	listener net.Listener
	target   string
	work     sync.WaitGroup

	mu     sync.Mutex // guards what follows
	pairs  []*pair
	marker string // a query with this text in it
	cuts   int    // as many of them lose their connection before the server hears them
	gags   int    // as many of them are never answered, nor is their connection ever closed
	hole   bool   // all connections are like that, old and new ones
}

// A pair is one connection of a client and its counterpart.
type pair struct {
	client, server net.Conn
	gagged         bool // guarded by proxy.mu
}

// newProxy starts a proxy before the server of dsn, and returns the DSN that
// leads through it.
func newProxy(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: c.Addr}
	p.work.Go(p.accept)
	t.Cleanup(p.close)
	c.Addr = l.Addr().String()
	return p, c.FormatDSN()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		pr := &pair{client: client, server: server}
		p.mu.Lock()
		pr.gagged = p.hole
		p.pairs = append(p.pairs, pr)
		p.mu.Unlock()
		p.work.Go(func() { p.copy(pr, server, client, p.question) })
		p.work.Go(func() { p.copy(pr, client, server, p.answer) })
	}
}

// copy passes on what pass lets through, until either side closes. A gagged
// pair stays open towards the server.
func (p *proxy) copy(pr *pair, to io.Writer, from io.Reader, pass func(*pair, []byte) (through, on bool)) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			break
		}
		through, on := pass(pr, buffer[:n])
		if through {
			_, err = to.Write(buffer[:n])
		}
		if !on || err != nil {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !pr.gagged {
		pr.client.Close()
		pr.server.Close()
	}
}

func (p *proxy) question(pr *pair, text []byte) (through, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.marker == "" || !bytes.Contains(text, []byte(p.marker)):
	case p.cuts > 0:
		p.cuts--
		return false, false
	case p.gags > 0:
		p.gags--
		pr.gagged = true
	}
	return true, true
}

func (p *proxy) answer(pr *pair, _ []byte) (through, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !pr.gagged, true
}

// fault has the next queries with marker in them cut off or gagged.
func (p *proxy) fault(marker string, cuts, gags int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marker, p.cuts, p.gags = marker, cuts, gags
}

// swallow has all connections gagged, and new ones too, until it ends. Those
// that were stay so.
func (p *proxy) swallow(hole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = hole
	for _, pr := range p.pairs {
		pr.gagged = pr.gagged || hole
	}
}

func (p *proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	for _, pr := range p.pairs {
		pr.client.Close()
		pr.server.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
}
