package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// TestPurgeAndLoadInterleavings: whatever readers, loads and purges do between one another, who asks after a purge
// has returned gets nothing that was read before it. Each seed is a schedule of its own; a failing one is run
// again by the name of its test. Instants are whole milliseconds, and few: what falls on the same one runs in any
// order, so that one run of a schedule may not show what another did (-count).
func TestPurgeAndLoadInterleavings(t *testing.T) {
	for seed := range uint64(2000) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newSchedule(t, seed).run() })
		})
	}
}

// schedule is one run: what its actors do when is drawn from its seed.
type schedule struct {
	t      *testing.T
	seed   uint64
	lookup *cache.Lookup[int64]
	clock  atomic.Int64 // numbers reads and purges in their order
	down   atomic.Bool
	fences [4]fence
}

// fence is what purges of a key, or of all, that have returned forbid for ever: values read before.
type fence struct{ stale, removed atomic.Int64 }

func newSchedule(t *testing.T, seed uint64) *schedule {
	random := rand.New(rand.NewPCG(seed, 0))
	s := &schedule{t: t, seed: seed}
	o := cache.Options[int64]{
		MaxWeight:      []int64{500, 1 << 20, 500, 1 << 20, 64 << 20}[random.IntN(5)], // two entries; all; with a front
		MaxEntryWeight: 1 << 14,
		MaxNegatives:   10,
		Concurrency:    1 + random.IntN(3),
		BatchKeys:      1 + random.IntN(3),
		MaxWaiting:     1000,
		LoadTimeout:    20 * time.Millisecond,
		Eviction:       cache.EvictLRU,
		Weigh:          func(int64) int { return 8 },
	}
	lt := cache.Lifetimes{
		TTL:                  time.Duration(random.IntN(30)) * time.Millisecond,
		StaleWhileRevalidate: time.Duration(random.IntN(30)) * time.Millisecond,
		StaleIfError:         time.Second,
	}
	c, err := cache.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(c.Close(context.Background()), c.CheckForTest()); err != nil {
			t.Error(err)
		}
	})
	if s.lookup, err = c.NewLookup("products", lt, s.load(newDice(seed, 1))); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *schedule) run() {
	var actors sync.WaitGroup
	for actor := range uint64(9) {
		act, d := s.read, newDice(s.seed, 2+actor)
		if actor < 3 {
			act = s.write
		}
		actors.Go(func() {
			for range 12 {
				d.pause(6)
				act(d)
			}
		})
	}
	actors.Wait()
}

// load reads in the middle: it takes time before, and after.
func (s *schedule) load(d *dice) cache.LoadFunc[int64] {
	return func(_ context.Context, keys []string) (loaded []cache.Loaded[int64], err error) {
		d.pause(8)
		for range keys {
			loaded = append(loaded, cache.Loaded[int64]{Value: s.clock.Add(1), Found: true})
		}
		if s.down.Load() {
			err = errDown
		}
		d.pause(8)
		if d.n(20) == 0 {
			d.pause(40) // past LoadTimeout
		}
		return loaded, err
	}
}

// write purges, or takes the database away or brings it back.
func (s *schedule) write(d *dice) {
	if d.n(6) == 0 {
		s.down.Store(d.n(2) == 0)
		return
	}
	mode := cache.PurgeMode(d.n(2))
	from, to := 0, len(s.fences)
	purge := func() { s.lookup.PurgeAll(mode) }
	if d.n(3) > 0 {
		from = d.n(len(s.fences))
		to = min(from+1+d.n(2), len(s.fences))
		purge = func() { s.lookup.Purge(mode, s.keys(from, to)...) }
	}
	at := s.clock.Add(1)
	purge()
	for i := from; i < to; i++ {
		raise(&s.fences[i].stale, at)
		if mode == cache.PurgeRemove {
			raise(&s.fences[i].removed, at)
		}
	}
}

func raise(n *atomic.Int64, to int64) {
	for {
		if was := n.Load(); was >= to || n.CompareAndSwap(was, to) {
			return
		}
	}
}

func (s *schedule) keys(from, to int) (keys []string) {
	for i := from; i < to; i++ {
		keys = append(keys, fmt.Sprint(i))
	}
	return keys
}

// read asks for one or several keys, in one of the ways, and holds the answers against the fences of before.
func (s *schedule) read(d *dice) {
	from := d.n(len(s.fences))
	to, way := from+1, d.n(5)
	if way%2 == 1 {
		to = min(from+1+d.n(3), len(s.fences))
	}
	keys := s.keys(from, to)
	ctx := context.Background()
	if d.n(5) == 0 {
		leaving, cancel := context.WithTimeout(ctx, time.Duration(d.n(20))*time.Millisecond)
		defer cancel()
		ctx = leaving
	}
	var stale, removed [len(s.fences)]int64
	for i := range keys {
		stale[i], removed[i] = s.fences[from+i].stale.Load(), s.fences[from+i].removed.Load()
	}
	for i, r := range s.ask(ctx, way, keys) {
		forbidden := stale[i]
		if r.Outcome == cache.StaleError {
			forbidden = removed[i]
		}
		if r.Err == nil && r.Value <= forbidden {
			s.t.Errorf("seed %d: way %d, key %s: %v of read %d, after a purge at %d had returned", s.seed, way, keys[i], r.Outcome, r.Value, forbidden)
		}
	}
}

// ask returns no results where TryGet and TryGetMany have no answer.
func (s *schedule) ask(ctx context.Context, way int, keys []string) []cache.Result[int64] {
	one := func(a cache.Answer[int64], err error) []cache.Result[int64] {
		return []cache.Result[int64]{{Answer: a, Err: err}}
	}
	switch way {
	case 0:
		return one(s.lookup.Get(ctx, keys[0]))
	case 1:
		return s.lookup.GetMany(ctx, keys, nil)
	case 2:
		if a, ok := s.lookup.TryGet(keys[0]); ok {
			return one(a, nil)
		}
		return nil
	case 3:
		results, _ := s.lookup.TryGetMany(keys, nil, nil)
		return results
	}
	return one(s.lookup.Reload(ctx, keys[0]))
}

// dice draws what an actor does.
type dice struct {
	mu     sync.Mutex
	random *rand.Rand // guarded by mu
}

func newDice(seed, actor uint64) *dice { return &dice{random: rand.New(rand.NewPCG(seed, actor))} }

func (d *dice) n(below int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.random.IntN(below)
}

// pause sleeps for less than so many milliseconds, or lets others run only.
func (d *dice) pause(below int) {
	if n := d.n(below); n > 0 {
		time.Sleep(time.Duration(n) * time.Millisecond)
	}
	runtime.Gosched()
}
