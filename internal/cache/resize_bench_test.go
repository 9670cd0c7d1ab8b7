package cache_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"
)

// BenchmarkShrink shrinks a cache of 1 GiB to 64 MiB while a caller hits what is
// left: how long that takes, and how long the longest hit, beside the longest of
// as long a time before.
func BenchmarkShrink(b *testing.B) {
	const keys = 2_000_000
	o := options()
	o.MaxWeight, o.MaxEntryWeight, o.BatchKeys, o.MaxWaiting = 1<<30, 1<<20, 100, 1000
	c, l := open(b, o, long, anything(400))
	names := make([]string, keys)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	for b.Loop() {
		if err := c.SetLimits(1<<30, 0); err != nil {
			b.Fatal(err)
		}
		for at := 0; at < keys; at += 500 {
			l.GetMany(context.Background(), names[at:at+500], nil)
		}
		quiet := longestHit(b, func() { time.Sleep(2 * time.Second) }, func(r *rand.Rand) string { return names[keys-1-r.IntN(50_000)] }, l.Get)
		began := time.Now()
		var took time.Duration
		held := c.Stats()
		shrinking := longestHit(b, func() {
			if err := c.SetLimits(64<<20, 0); err != nil {
				b.Error(err)
			}
			took = time.Since(began)
		}, func(r *rand.Rand) string { return names[keys-1-r.IntN(50_000)] }, l.Get)
		after := c.Stats()
		b.ReportMetric(took.Seconds(), "shrink-s")
		b.ReportMetric(float64(held.Entries-after.Entries), "evicted")
		b.ReportMetric(float64(after.Weight)/(1<<20), "MiB-left")
		b.ReportMetric(quiet.Seconds()*1000, "longest-before-ms")
		b.ReportMetric(shrinking.Seconds()*1000, "longest-ms")
	}
}

// longestHit asks for keys all the time that work takes.
func longestHit[A any](b *testing.B, work func(), key func(*rand.Rand) string, get func(context.Context, string) (A, error)) (longest time.Duration) {
	stop := make(chan struct{})
	var caller sync.WaitGroup
	caller.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		for {
			select {
			case <-stop:
				return
			default:
			}
			name := key(r)
			began := time.Now()
			if _, err := get(context.Background(), name); err != nil {
				b.Error(err)
			}
			longest = max(longest, time.Since(began))
		}
	})
	work()
	close(stop)
	caller.Wait()
	return longest
}
