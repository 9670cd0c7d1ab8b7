package faults

import (
	"bytes"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// pair is one connection of a client and its counterpart.
type pair struct {
	proxy          *Proxy
	client, server net.Conn
	chance         *rand.Rand    // of jitter; the goroutine of answers alone uses it
	over           chan struct{} // closed when both ends are
	end            sync.Once

	// Guarded by proxy.mu:
	gagged bool
	passed int           // bytes of the answer to the last question
	turned chan struct{} // closed when the weather changes
}

func (pr *pair) close() {
	pr.end.Do(func() {
		close(pr.over)
		_ = pr.client.Close()
		_ = pr.server.Close()
	})
}

// turn has a piece that is held up look at the weather again.
func (pr *pair) turn() {
	close(pr.turned)
	pr.turned = make(chan struct{})
}

func (pr *pair) gag() {
	pr.gagged = true
	pr.turn()
}

// finish ends a pair when one side has ended, unless it is gagged: that looks like an open connection until
// it is cut.
func (pr *pair) finish() {
	p := pr.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if !pr.gagged {
		pr.close()
		delete(p.pairs, pr)
	}
}

const pieceSize = 64 << 10

// ask passes questions on.
func (pr *pair) ask() {
	defer pr.finish()
	text := make([]byte, pieceSize)
	for {
		n, err := pr.client.Read(text)
		if err != nil || !pr.heard(text[:n]) {
			return
		}
		if _, err := pr.server.Write(text[:n]); err != nil {
			return
		}
	}
}

// heard reports whether the server hears a question.
func (pr *pair) heard(text []byte) bool {
	p := pr.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	pr.passed = 0
	switch {
	case p.marker == "" || !bytes.Contains(text, []byte(p.marker)):
	case p.cuts > 0:
		p.cuts--
		return false
	case p.gags > 0:
		p.gags--
		pr.gag()
	}
	return true
}

// answer passes answers on, as the weather is.
func (pr *pair) answer() {
	defer pr.finish()
	text := make([]byte, pieceSize)
	for {
		n, err := pr.server.Read(text)
		if err != nil || !pr.deliver(text[:n]) {
			return
		}
	}
}

// deliver passes a piece on, and reports whether there can be another.
func (pr *pair) deliver(text []byte) bool {
	for len(text) > 0 {
		w, gagged := pr.weather()
		if gagged {
			return true
		}
		n := len(text)
		if w.Piece > 0 {
			n = min(n, w.Piece)
		}
		whole := n
		if w.ResetAfter > 0 {
			n = min(n, max(0, w.ResetAfter-pr.count(0)))
		}
		if !pr.hold(w, n) {
			return false
		}
		if _, gagged := pr.weather(); gagged {
			return true
		}
		pr.count(n) // before the client has it, whose next question begins the count anew
		if _, err := pr.client.Write(text[:n]); err != nil {
			return false
		}
		if n < whole {
			pr.reset()
			return false
		}
		text = text[n:]
	}
	return true
}

func (pr *pair) weather() (w Weather, gagged bool) {
	pr.proxy.mu.Lock()
	defer pr.proxy.mu.Unlock()
	return pr.proxy.weather, pr.gagged
}

// count counts bytes of an answer.
func (pr *pair) count(n int) int {
	pr.proxy.mu.Lock()
	defer pr.proxy.mu.Unlock()
	pr.passed += n
	return pr.passed
}

// hold waits for as long as n bytes take, and reports whether there is still somebody to get them. A change of the
// weather lets them go.
func (pr *pair) hold(w Weather, n int) bool {
	pause := w.Delay
	if w.Jitter > 0 {
		pause += time.Duration(pr.chance.Int64N(int64(w.Jitter)))
	}
	if w.Rate > 0 {
		pause += time.Duration(n) * time.Second / time.Duration(w.Rate)
	}
	if pause == 0 {
		return true
	}
	pr.proxy.mu.Lock()
	turned, now := pr.turned, pr.proxy.weather
	pr.proxy.mu.Unlock()
	if now != w {
		return true
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-turned:
	case <-pr.over:
		return false
	}
	return true
}

// reset ends the client's connection by RST.
func (pr *pair) reset() {
	if c, ok := pr.client.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
}
