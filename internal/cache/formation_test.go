package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// TestKeysOfOneCallFlyInFormation: a call for many keys takes two goroutines, its own not counted: that of
// singleflight and that of the slot.
func TestKeysOfOneCallFlyInFormation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.BatchKeys = 100
		gate := make(chan struct{})
		_, l := open(t, o, lifetimes, func(_ context.Context, keys []string) ([]cache.Loaded[string], error) {
			<-gate
			return make([]cache.Loaded[string], len(keys)), nil
		})
		var keys []string
		for i := range o.BatchKeys {
			keys = append(keys, fmt.Sprint(i))
		}
		before := runtime.NumGoroutine()
		done := make(chan []cache.Result[string])
		go func() { done <- l.GetMany(context.Background(), keys, nil) }()
		synctest.Wait()
		if got := runtime.NumGoroutine() - before - 1; got != 2 {
			t.Errorf("%d goroutines for %d keys in flight, want 2", got, len(keys))
		}
		close(gate)
		for i, r := range <-done {
			if r.Err != nil || r.Outcome != cache.Miss {
				t.Errorf("key %d: %v, %v", i, r.Outcome, r.Err)
			}
		}
	})
}

// TestPartOfAFormationLands: where keys of one call leave in different batches, and the later one is not
// answered, the others are, whether it is the caller's patience that ends or the load's time.
func TestPartOfAFormationLands(t *testing.T) {
	for _, patience := range []time.Duration{time.Second, time.Hour} {
		t.Run(fmt.Sprint(patience), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { partLands(t, patience) })
		})
	}
}

func partLands(t *testing.T, patience time.Duration) {
	o := options()
	o.Concurrency, o.BatchKeys, o.LoadTimeout = 1, 2, 10*time.Second
	gate := make(chan struct{})
	var batches [][]string
	_, l := open(t, o, lifetimes, func(ctx context.Context, keys []string) ([]cache.Loaded[string], error) {
		batches = append(batches, slices.Clone(keys))
		loaded := make([]cache.Loaded[string], len(keys))
		for i, key := range keys {
			switch loaded[i] = (cache.Loaded[string]{Value: key, Found: true}); key {
			case "first":
				<-gate
			case "silent":
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}
		return loaded, nil
	})
	go l.Get(context.Background(), "first") // takes the slot
	synctest.Wait()
	go l.Get(context.Background(), "second") // is in line before the call
	synctest.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	done := make(chan []cache.Result[string])
	go func() { done <- l.GetMany(ctx, []string{"a", "silent"}, nil) }()
	synctest.Wait()
	close(gate)
	results := <-done
	synctest.Wait()
	if want := [][]string{{"first"}, {"second", "a"}, {"silent"}}; fmt.Sprint(batches) != fmt.Sprint(want) {
		t.Fatalf("batches %v, want %v", batches, want)
	}
	if results[0].Err != nil || results[0].Value != "a" {
		t.Errorf("the key that was loaded: %q, %v", results[0].Value, results[0].Err)
	}
	if err := results[1].Err; !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, cache.ErrLoadTimeout) {
		t.Errorf("the key that was not: %v", err)
	}
}
