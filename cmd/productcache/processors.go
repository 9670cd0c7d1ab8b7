package main

import (
	"log/slog"
	"os"
	"runtime"
)

// tuneProcessors lets more goroutines run at once than there are processors, unless the environment has said
// otherwise: one more for each load at the same time. Go looks for what has arrived on the network only
// when a processor of its own has nothing to run, or every 10 ms. With as many of them as
// real ones, a few loads that encode rows would have hits wait for that; so the kernel shares out the
// time, which has who has slept longest run first.
func tuneProcessors(loads int, log *slog.Logger) {
	if _, ok := os.LookupEnv("GOMAXPROCS"); ok {
		return
	}
	runtime.SetDefaultGOMAXPROCS() // what this process may use, by its cgroup too
	n := processors(runtime.GOMAXPROCS(0), loads)
	runtime.GOMAXPROCS(n)
	log.Debug("scheduler tuned", "GOMAXPROCS", n)
}

// mostProcessors is how many of Go's there are for a real one, at most. A quarter of them mark garbage while it is
// collected: with more, that takes all the real ones.
const mostProcessors = 2

func processors(real, loads int) int { return min(real+loads, real*mostProcessors) }
