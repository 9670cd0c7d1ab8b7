package faults_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"productcache/internal/faults"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server answers each line with the line, and a long one with "long". It tells what it has heard.
type server struct {
	net.Listener
	heard chan string // "" is the end of a connection
}

const longAnswer = 10_000

func newServer(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{l, make(chan string, 100)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *server) serve(c net.Conn) {
	defer c.Close()
	for in := bufio.NewScanner(c); in.Scan(); {
		s.heard <- in.Text()
		answer := in.Text() + "\n"
		if in.Text() == "long" {
			answer = strings.Repeat("x", longAnswer)
		}
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
	s.heard <- ""
}

func newProxy(t *testing.T, s *server) *faults.Proxy {
	t.Helper()
	p, err := faults.New(s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// client talks through a proxy.
type client struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, p *faults.Proxy) *client {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{t, c, bufio.NewReader(c)}
}

func (c *client) say(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) expect(line string) {
	c.t.Helper()
	if got, err := c.in.ReadString('\n'); err != nil || got != line+"\n" {
		c.t.Fatalf("got %q, %v, want %q", got, err, line)
	}
}

// expectEnd expects that the connection ends without another byte.
func (c *client) expectEnd() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.in); len(rest) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Errorf("got %q, %v, want the end", rest, err)
	}
}

func (s *server) expectHeard(t *testing.T, line string) {
	t.Helper()
	if got := <-s.heard; got != line {
		t.Errorf("the server heard %q, want %q", got, line)
	}
}

func TestPasses(t *testing.T) {
	p := newProxy(t, newServer(t))
	for range 3 {
		c := dial(t, p)
		for _, line := range []string{"a", "bc"} {
			c.say(line)
			c.expect(line)
		}
	}
	if p.Accepted() != 3 || p.Open() != 3 {
		t.Errorf("%d accepted, %d open, want 3 each", p.Accepted(), p.Open())
	}
}

func TestCutAndLead(t *testing.T) {
	s, other := newServer(t), newServer(t)
	p := newProxy(t, s)
	c := dial(t, p)
	c.say("a")
	c.expect("a")
	p.Cut()
	c.expectEnd()
	s.expectHeard(t, "a")
	s.expectHeard(t, "")
	p.Lead("")
	dial(t, p).expectEnd()
	p.Lead(other.Addr().String())
	c = dial(t, p)
	c.say("b")
	c.expect("b")
	other.expectHeard(t, "b")
}

func TestGag(t *testing.T) {
	s := newServer(t)
	p := newProxy(t, s)
	c := dial(t, p)
	c.say("a")
	c.expect("a")
	s.expectHeard(t, "a")
	p.Gag()
	c.say("b")
	s.expectHeard(t, "b")
	next := dial(t, p)
	next.say("c")
	next.expect("c")
	s.expectHeard(t, "c")
	p.Cut()
	c.expectEnd()
}

// TestGaggedStaysOpen: the server does not learn that its client has left.
func TestGaggedStaysOpen(t *testing.T) {
	s := newServer(t)
	p := newProxy(t, s)
	c := dial(t, p)
	c.say("a")
	c.expect("a")
	s.expectHeard(t, "a")
	p.Gag()
	c.Close()
	next := dial(t, p) // whose end the server does hear
	next.say("b")
	next.expect("b")
	s.expectHeard(t, "b")
	next.Close()
	s.expectHeard(t, "")
	if got := p.Open(); got != 1 {
		t.Errorf("%d open, want the one that was gagged", got)
	}
	p.Cut()
	s.expectHeard(t, "")
}

func TestSwallow(t *testing.T) {
	s := newServer(t)
	p := newProxy(t, s)
	p.Swallow(true)
	c := dial(t, p)
	c.say("a")
	s.expectHeard(t, "a")
	p.Swallow(false)
	next := dial(t, p)
	next.say("b")
	next.expect("b")
	p.Cut()
	c.expectEnd()
}

func TestFault(t *testing.T) {
	s := newServer(t)
	p := newProxy(t, s)
	p.Fault("SELECT", 1, 1)
	c := dial(t, p)
	c.say("other")
	c.expect("other")
	s.expectHeard(t, "other")
	c.say("SELECT 1")
	c.expectEnd()
	s.expectHeard(t, "") // and not the question
	c = dial(t, p)
	c.say("SELECT 2")
	s.expectHeard(t, "SELECT 2")
	next := dial(t, p)
	next.say("SELECT 3")
	next.expect("SELECT 3")
	p.Cut()
	c.expectEnd()
}

func TestResetAfter(t *testing.T) {
	p := newProxy(t, newServer(t))
	p.Set(faults.Weather{ResetAfter: 1234})
	c := dial(t, p)
	for range 3 {
		c.say("short") // each answer is counted for itself
		c.expect("short")
	}
	c.say("long")
	got, err := io.ReadAll(c.in)
	if len(got) != 1234 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %d bytes, %v, want 1234 and a reset", len(got), err)
	}
	p.Set(faults.Weather{})
	c = dial(t, p)
	c.say("long")
	if _, err := io.ReadFull(c.in, make([]byte, longAnswer)); err != nil {
		t.Errorf("in fine weather: %v", err)
	}
}
