package benchmarks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"time"

	"productcache/internal/cache"
	"productcache/internal/document"
)

// probeRate is how many hits a second are due.
const probeRate = 10_000

// missRate is how many products a second are asked for beside them that a purge has taken.
const missRate = 1000

// probe asks for products at a fixed rate, in the cache alone, while something befalls it. Of a purge,
// it is the other lookup's hits that count, while products are loaded again. The time of each hit is counted
// from when it was due: one that stalls makes the next ones late too.
func (s *heapServer) probe(what string, duration time.Duration, r *heapReport) error {
	took, misses := make(chan [2][]time.Duration), make(chan [2][]time.Duration)
	failed := make(chan error, 2)
	hits := &asker{lookup: s.lookup, entries: s.entries, rate: probeRate}
	if what == "purge" || what == "removal" {
		hits = &asker{lookup: s.other, entries: smallHeap, rate: probeRate}
		refill := &asker{lookup: s.lookup, entries: s.entries, rate: missRate}
		go func() { misses <- refill.ask(duration, failed) }()
	} else {
		close(misses)
	}
	go func() { took <- hits.ask(duration, failed) }()
	time.Sleep(duration / 4)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := s.befall(what, r)
	all := <-took
	<-misses
	runtime.ReadMemStats(&after)
	r.Collections = after.NumGC - before.NumGC
	for i := range all {
		slices.Sort(all[i])
		n := len(all[i])
		r.P999[i], r.Slowest[i] = all[i][n*999/1000], all[i][n-1]
	}
	select {
	case err := <-failed:
		return err
	default:
		return err
	}
}

// asker asks at a fixed rate.
type asker struct {
	lookup  *cache.Lookup[*document.Document]
	entries int
	rate    int
}

// ask returns how long each answer took from when it was due, and from when it was asked for.
func (a *asker) ask(duration time.Duration, failed chan<- error) [2][]time.Duration {
	runtime.LockOSThread()   // for ever: the thread's fine timers end with it
	const setTimerSlack = 29 // of prctl
	_, _, _ = syscall.Syscall(syscall.SYS_PRCTL, setTimerSlack, 1, 0)
	keys := make([]string, 1<<16)
	for i := range keys {
		keys[i] = number(1 + rand.IntN(a.entries))
	}
	var took [2][]time.Duration
	n := int(duration.Seconds() * float64(a.rate))
	for i := range took {
		took[i] = make([]time.Duration, 0, n)
	}
	began := time.Now()
	for i := range n {
		due := time.Duration(i) * time.Second / time.Duration(a.rate)
		if early := due - time.Since(began); early > 0 {
			wait := syscall.NsecToTimespec(int64(early))
			_ = syscall.Nanosleep(&wait, nil)
		}
		asked := time.Since(began)
		got, err := a.lookup.Get(context.Background(), keys[i%len(keys)])
		now := time.Since(began)
		took[0], took[1] = append(took[0], now-due), append(took[1], now-asked)
		if err != nil || !got.Found || got.Outcome == cache.StaleError {
			select {
			case failed <- fmt.Errorf("an answer was %v, %w", got.Outcome, err):
			default:
			}
		}
	}
	return took
}
