package tier_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"productcache/internal/redistest"
	"productcache/internal/tier"
)

// TestRestartedNodeTakesItsPlace: purges do not wait for one that was killed, once it is back under its name.
func TestRestartedNodeTakesItsPlace(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase()
	n := open(t, s.URL(), d, named("one"), func(o *tier.Options[string]) { o.Confirm = 100 * time.Millisecond })
	s.Do("HSET", "{test}:nodes", "killed", `{"name":"two","sent":0,"beat":7}`)
	if open := n.Purge(t.Context(), purge("a"), func() {}); len(open) != 1 || open[0] != "two" {
		t.Errorf("not confirmed by %v, want two", open)
	}
	open(t, s.URL(), d, named("two"))
	if open := n.Purge(t.Context(), purge("a"), func() {}); len(open) != 0 {
		t.Errorf("not confirmed by %v, want that all have", open)
	}
}

// lines is a log.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// TestSameName: two nodes that go by one name say so.
func TestSameName(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase()
	log := make(lines, 1000)
	open(t, s.URL(), d, named("one"), func(o *tier.Options[string]) { o.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	open(t, s.URL(), d, named("one"))
	for {
		select {
		case line := <-log:
			if strings.Contains(line, "same name") {
				return
			}
		case <-time.After(30 * time.Second):
			t.Fatal("no warning")
		}
	}
}

// TestBegunAlone: a node that has served before it reached Redis is told of what was purged meanwhile.
func TestBegunAlone(t *testing.T) {
	s := redistest.Start(t)
	wall := newWall(t, s)
	wall.Lead("")
	d := newDatabase("a", "old")
	one := open(t, s.URL(), d, named("one"))
	two := begin(t, "redis://"+wall.Addr(), d, named("two"))
	two.expect("a", "old", false) // and whoever uses it keeps that
	d.set("a", "new")
	if open := one.Purge(t.Context(), purge("a"), func() {}); len(open) > 0 {
		t.Errorf("not confirmed by %v", open)
	}
	wall.Lead(s.Address())
	two.toldOrDistrusts(purge("a"))
}

// TestSnapshotAndOldCopy: a node whose snapshot is older than a purge does not trust it where Redis has come back without that purge,
// whoever finds that out.
func TestSnapshotAndOldCopy(t *testing.T) {
	for _, alone := range []bool{false, true} {
		t.Run(fmt.Sprint("alone=", alone), func(t *testing.T) {
			s := redistest.Start(t)
			d := newDatabase()
			one := open(t, s.URL(), d, named("one"))
			s.Do("DEL", "{test}:purges")
			s.Do("XADD", "{test}:purges", "1-0", "m", `{"node":"greeting"}`) // the stream is old
			s.Do("SAVE")
			saved := time.Now()
			if open := one.Purge(t.Context(), purge("a"), func() {}); len(open) > 0 {
				t.Errorf("not confirmed by %v", open)
			}
			if alone {
				if err := one.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			s.Kill()
			if !alone {
				one.eventually("alone", func(s tier.Stats) bool { return !s.Usable })
			}
			s.Run()
			if !alone {
				one.eventually("in use", func(s tier.Stats) bool { return s.Usable })
			}
			two := open(t, s.URL(), d, named("two"), func(o *tier.Options[string]) {
				o.Since = func(context.Context) time.Time { return saved }
			})
			two.toldOrDistrusts(purge("a"))
		})
	}
}
