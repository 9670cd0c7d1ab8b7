package store

import (
	"context"
	"errors"
	"io"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sql-driver/mysql"
)

// door is what a gate in a test probes, and keeps what the gate said.
type door struct {
	takes time.Duration
	began time.Time

	mu     sync.Mutex // guards what follows
	err    error
	probes []time.Duration // since the test began
	moves  []string
}

func (d *door) set(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *door) probe(ctx context.Context) error {
	select {
	case <-time.After(d.takes):
		d.mu.Lock()
		defer d.mu.Unlock()
		d.probes = append(d.probes, time.Since(d.began))
		return d.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *door) moved(m movement) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case m.cause != nil:
		d.moves = append(d.moves, "shut")
	case m.first:
		d.moves = append(d.moves, "first")
	default:
		d.moves = append(d.moves, "back")
	}
}

func newDoor(t *testing.T) (*door, *gate) {
	t.Helper()
	d := &door{began: time.Now()}
	g := newGate(d.probe, d.moved)
	t.Cleanup(g.close)
	return d, g
}

func (d *door) expect(t *testing.T, moves ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.moves) != len(moves) {
		t.Fatalf("gate told %q, want %q", d.moves, moves)
	}
	for i := range moves {
		if d.moves[i] != moves[i] {
			t.Fatalf("gate told %q, want %q", d.moves, moves)
		}
	}
}

var errDenied = &mysql.MySQLError{Number: 1045}

func TestGateFirstAttemptIsOneForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g := newDoor(t)
		d.takes, d.err = time.Second, errDenied
		const callers = 50
		errs := make(chan error, callers)
		for range callers {
			go func() { errs <- g.pass(t.Context()) }()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(d.probes) != 1 {
			t.Errorf("%d attempts for %d callers, want 1", len(d.probes), callers)
		}
		for range callers {
			if err := <-errs; !errors.Is(err, errDenied) {
				t.Fatalf("pass() = %v, want the cause %v", err, errDenied)
			}
		}
		d.expect(t, "shut")
	})
}

func TestGatePauses(t *testing.T) {
	for _, test := range []struct {
		name  string
		cause error
		last  time.Duration
	}{
		{"refused", syscall.ECONNREFUSED, time.Second},
		{"full", &mysql.MySQLError{Number: 1040}, time.Second},
		{"denied", errDenied, 2 * time.Second},
		{"no database", &mysql.MySQLError{Number: 1049}, 2 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, g := newDoor(t)
				d.err = test.cause
				for range 100 * 60 { // somebody comes every 10 ms for a minute
					_ = g.pass(t.Context())
					time.Sleep(10 * time.Millisecond)
				}
				synctest.Wait()
				pause := 50 * time.Millisecond
				for i := 1; i < len(d.probes); i++ {
					if got := d.probes[i] - d.probes[i-1]; got < pause/2 || got > pause {
						t.Errorf("pause %d is %v, want %v to %v", i, got, pause/2, pause)
					}
					pause = min(2*pause, test.last)
				}
				if most := int(time.Minute/(test.last/2)) + 10; len(d.probes) > most || len(d.probes) < 6 {
					t.Errorf("%d attempts in a minute, want 6 to %d", len(d.probes), most)
				}
				d.expect(t, "shut")
			})
		})
	}
}

func TestGateStory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g := newDoor(t)
		if err := g.pass(t.Context()); err != nil || !g.reached() {
			t.Fatalf("pass() = %v, reached() = %v, want an open gate", err, g.reached())
		}
		d.set(syscall.ECONNREFUSED)
		changed, absence := g.watch()
		if absence != nil {
			t.Errorf("watch() of an open gate = %v", absence)
		}
		g.fail(syscall.ECONNRESET)
		g.fail(io.EOF) // a second loser changes nothing
		<-changed
		if changed, absence = g.watch(); absence != syscall.ECONNRESET {
			t.Errorf("watch() of a shut gate = %v, want ECONNRESET", absence)
		}
		<-changed // each attempt counts for those who watch, though not for the log
		if _, absence = g.watch(); absence != syscall.ECONNREFUSED {
			t.Errorf("watch() after an attempt = %v, want ECONNREFUSED", absence)
		}
		if err := g.pass(t.Context()); err != syscall.ECONNREFUSED {
			t.Errorf("pass() of a shut gate = %v, want ECONNREFUSED", err)
		}
		time.Sleep(10 * time.Second)
		d.set(errDenied) // it is up again, and somebody changed the password
		time.Sleep(20 * time.Second)
		if _, absence = g.watch(); absence != nil {
			t.Errorf("watch() = %v when MySQL speaks, to refuse us", absence)
		}
		d.set(nil)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if err := g.pass(t.Context()); err != nil {
			t.Errorf("pass() of an open gate = %v", err)
		}
		d.expect(t, "first", "shut", "shut", "back")
	})
}

func TestGateCallersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g := newDoor(t)
		d.takes = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.pass(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("pass() = %v, want the caller's deadline", err)
		}
		left := make(chan error)
		go func() { left <- g.pass(context.Background()) }()
		synctest.Wait()
		g.close()
		if err := <-left; !errors.Is(err, ErrUnavailable) {
			t.Errorf("pass() of a closed gate = %v, want ErrUnavailable", err)
		}
		d.expect(t)
	})
}
