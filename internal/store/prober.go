package store

import (
	"math/rand/v2"
	"time"
)

// The pauses between attempts to connect double from the first to the last.
// What an administrator has to mend is asked for less often than what may come
// back by itself.
const (
	firstPause  = 50 * time.Millisecond
	lastPause   = time.Second
	barredPause = 2 * time.Second
)

func (g *gate) startLocked(pause time.Duration) {
	if g.life.Err() == nil {
		g.prober.Go(func() { g.try(pause) })
	}
}

// try runs while the gate is closed, and alone then has the say about it: fail
// does nothing. That keeps movements in order without a lock around moved.
func (g *gate) try(pause time.Duration) {
	for {
		select {
		case <-time.After(pause/2 + rand.N(pause/2+1)):
		case <-g.life.Done():
			return
		}
		err := g.probe(g.life)
		switch {
		case g.life.Err() != nil:
			return
		case err == nil:
			g.open()
			return
		}
		g.stayShut(err)
		pause = nextPause(pause, err)
	}
}

func (g *gate) open() {
	g.mu.Lock()
	m := movement{first: !g.ever, away: time.Since(g.since)}
	g.mu.Unlock()
	g.moved(m)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state, g.cause, g.ever = open, nil, true
	g.changedLocked()
}

func (g *gate) stayShut(cause error) {
	g.mu.Lock()
	news := g.shutLocked(cause)
	g.mu.Unlock()
	if news {
		g.moved(movement{cause: cause})
	}
}

func nextPause(last time.Duration, cause error) time.Duration {
	limit := lastPause
	if is(cause, barred) {
		limit = barredPause
	}
	return min(max(2*last, firstPause), limit)
}
