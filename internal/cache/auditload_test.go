package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// TestAuditIsBusy while a key waits for a slot, or no slot is idle, or another
// audit is under way: no load is begun.
func TestAuditIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l, o := cached(t, options())
		o.slow(time.Second)
		go func() { _, _ = c.Audit(context.Background(), equal) }()
		audit(t, c, cache.AuditBusy)
		go func() { _, _ = l.Get(context.Background(), "1") }()
		audit(t, c, cache.AuditBusy)
		time.Sleep(time.Second)
		for i := range 25 {
			go func() { _, _ = l.Get(context.Background(), fmt.Sprint(2+i)) }()
			synctest.Wait()
		}
		for range 2 {
			audit(t, c, cache.AuditBusy)
			time.Sleep(time.Second)
		}
		time.Sleep(time.Second)
		audit(t, c, cache.AuditSame)
		if s := c.Stats(); s.Audits.Outcomes != [...]uint64{cache.AuditBusy: 4, cache.AuditSame: 2, cache.AuditFailed: 0} || s.BusySlots != 0 {
			t.Errorf("audits = %v, %d slots busy; want 4 busy, 2 same; 0", s.Audits.Outcomes, s.BusySlots)
		}
		if sizes := o.sizes(); !slices.Equal(sizes, []int{1, 1, 1, 1, 1, 10, 10, 3, 1}) {
			t.Errorf("loads of %v keys, want [1 1 1 1 1 10 10 3 1]", sizes)
		}
	})
}

// TestAuditIsBusyWhileAKeyWaits although a slot is still idle.
func TestAuditIsBusyWhileAKeyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l, _ := cached(t, options())
		undo := c.QueueForTest(l)
		audit(t, c, cache.AuditBusy)
		undo()
		audit(t, c, cache.AuditSame)
	})
}

// TestKeysFollowAnAudit: keys that came during an audit in the only slot leave
// when it ends, together, before any other audit.
func TestKeysFollowAnAudit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options()
		opts.Concurrency = 1
		c, l, o := cached(t, opts)
		o.slow(time.Second)
		began := time.Now()
		go func() { _, _ = c.Audit(context.Background(), equal) }()
		synctest.Wait()
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				if get(t, l, fmt.Sprint(i)); time.Since(began) != 2*time.Second {
					t.Errorf("Get took %v, want 2s: the audit's load and its own", time.Since(began))
				}
			})
		}
		audit(t, c, cache.AuditBusy)
		time.Sleep(1500 * time.Millisecond)
		audit(t, c, cache.AuditBusy)
		wg.Wait()
		audit(t, c, cache.AuditSame)
		if sizes := o.sizes(); !slices.Equal(sizes, []int{1, 1, 3, 1}) {
			t.Errorf("loads of %v keys, want [1 1 3 1]", sizes)
		}
	})
}

// TestAuditLoadThatPanics, or returns too little, fails the audit only.
func TestAuditLoadThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin("42", "old")
		var bad func() []cache.Loaded[string]
		c, l := open(t, options(), lifetimes, func(ctx context.Context, keys []string) ([]cache.Loaded[string], error) {
			if bad != nil {
				return bad(), nil
			}
			return o.load(ctx, keys)
		})
		ask(t, l, "42", cache.Miss, "old")
		for _, bad = range []func() []cache.Loaded[string]{
			func() []cache.Loaded[string] { panic("no such row") },
			func() []cache.Loaded[string] { return nil },
		} {
			audit(t, c, cache.AuditFailed)
		}
		ask(t, l, "42", cache.Hit, "old")
		if s := c.Stats(); s.BusySlots != 0 || s.LoadErrors != 2 {
			t.Errorf("%d slots busy, %d load errors; want 0, 2", s.BusySlots, s.LoadErrors)
		}
	})
}

// TestAuditIsGivenUp when its caller leaves, at LoadTimeout, and when the cache
// closes; the slot stays taken until the load function returns.
func TestAuditIsGivenUp(t *testing.T) {
	for _, tt := range []struct {
		want   error
		within time.Duration
	}{
		{context.DeadlineExceeded, time.Second},
		{cache.ErrLoadTimeout, time.Hour},
		{cache.ErrClosed, time.Hour},
	} {
		t.Run(tt.want.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, o := cached(t, options())
				gate := make(chan struct{})
				o.gate = gate
				ctx, cancel := context.WithTimeout(context.Background(), tt.within)
				defer cancel()
				if tt.want == cache.ErrClosed {
					go func() {
						time.Sleep(time.Second)
						_ = c.Close(context.Background())
					}()
				}
				a, err := c.Audit(ctx, equal)
				if a.Outcome != cache.AuditFailed || !errors.Is(err, tt.want) {
					t.Errorf("Audit = %v, %v; want %v, %v", a.Outcome, err, cache.AuditFailed, tt.want)
				}
				if n := c.Stats().BusySlots; n != 1 {
					t.Errorf("%d slots busy, want 1", n)
				}
				close(gate)
				synctest.Wait()
				if n := c.Stats().BusySlots; n != 0 {
					t.Errorf("%d slots busy, want 0", n)
				}
			})
		})
	}
}

func TestAuditAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, o := cached(t, options())
		if err := c.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		_, err := c.Audit(context.Background(), equal)
		synctest.Wait()
		if !errors.Is(err, cache.ErrClosed) || o.count() != 1 {
			t.Errorf("Audit = %v after %d loads; want %v, 1", err, o.count(), cache.ErrClosed)
		}
	})
}

// TestAuditsAmongEverything: with loads, evictions and purges all around, never
// more than Concurrency load functions run, and no audit finds a difference that
// Confirm takes for staleness: every change is followed by its purge.
func TestAuditsAmongEverything(t *testing.T) {
	const keys, rounds = 50, 2000
	var versions [keys]atomic.Int64
	var running, audited atomic.Int32
	opts := options()
	opts.MaxEntries = keys / 2
	load := func(_ context.Context, asked []string) (loaded []cache.Loaded[string], err error) {
		if n := running.Add(1); int(n) > opts.Concurrency {
			t.Errorf("%d load functions at once, want at most %d", n, opts.Concurrency)
		}
		defer running.Add(-1)
		for _, key := range asked {
			var i int
			_, err = fmt.Sscan(key, &i)
			loaded = append(loaded, cache.Loaded[string]{Value: fmt.Sprint(versions[i].Load()), Found: true})
		}
		return loaded, err
	}
	c, l := open(t, opts, lifetimes, load)
	var changing sync.RWMutex // a change and its purge are one step for Confirm
	var others, auditors sync.WaitGroup
	var done atomic.Bool
	for g := range 4 {
		others.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(g)))
			for range rounds {
				i := random.IntN(keys)
				get(t, l, fmt.Sprint(i))
				changing.RLock()
				versions[i].Add(1)
				if random.IntN(20) == 0 {
					l.PurgeAll(cache.PurgeMode(random.IntN(2)))
				} else {
					l.Purge(cache.PurgeMode(random.IntN(2)), fmt.Sprint(i))
				}
				changing.RUnlock()
			}
		})
	}
	for range 2 {
		auditors.Go(func() {
			for !done.Load() || audited.Load() == 0 {
				a, err := c.Audit(context.Background(), equal)
				if err != nil {
					t.Errorf("Audit = %v", err)
				}
				if a.Outcome != cache.AuditNothing && a.Outcome != cache.AuditBusy {
					audited.Add(1)
				}
				changing.Lock()
				if staleness, stale := c.Confirm(a); stale {
					t.Errorf("key %s: stale for %v: %q, not %q", a.Key, staleness, a.Cached, a.Loaded.Value)
				}
				changing.Unlock()
				if done.Load() {
					get(t, l, "0")
				}
			}
		})
	}
	others.Wait()
	done.Store(true)
	auditors.Wait()
	if err := c.CheckForTest(); err != nil {
		t.Error(err)
	}
}
