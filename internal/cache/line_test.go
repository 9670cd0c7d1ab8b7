package cache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// TestCrowdAndRefreshesTakeTurns: neither does a crowd that asks for ever new keys, as many as may wait, keep
// what everybody asks for from being refreshed, nor the other way round.
func TestCrowdAndRefreshesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hot, crowd = 30, 100
		o := newOrigin()
		for i := range hot {
			o.set(fmt.Sprint("hot", i), "v")
		}
		opts := options()
		opts.Concurrency, opts.MaxWaiting, opts.LoadTimeout = 1, crowd, time.Minute
		_, l := open(t, opts, lifetimes, o.load)
		ctx := context.Background()
		for i := range hot {
			ask(t, l, fmt.Sprint("hot", i), cache.Miss, "v")
		}
		time.Sleep(65 * time.Second)
		o.slow(time.Second)
		var crowding sync.WaitGroup
		for i := range crowd {
			crowding.Go(func() {
				if _, err := l.Get(ctx, fmt.Sprint("new", i)); err != nil {
					t.Errorf("a key of the crowd: %v", err)
				}
			})
		}
		synctest.Wait()
		for i := range hot {
			ask(t, l, fmt.Sprint("hot", i), cache.Stale, "v")
		}
		before := o.count() // the load under way, the crowd's alone, included
		crowding.Wait()
		for i, keys := range o.loads[before:] {
			refreshes := 0
			for _, key := range keys {
				if key[0] == 'h' {
					refreshes++
				}
			}
			want := 0
			if i < hot/5 {
				want = 5 // half of BatchKeys
			}
			if refreshes != want || len(keys) != 10 && i < 12 {
				t.Errorf("batch %d has %d keys, %d of them refreshes, want %d", i, len(keys), refreshes, want)
			}
		}
		for i := range hot {
			ask(t, l, fmt.Sprint("hot", i), cache.Hit, "v")
		}
	})
}
