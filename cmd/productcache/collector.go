package main

import (
	"log/slog"
	"os"
	"runtime/debug"
)

// collectorPercent is how much garbage, in percent of what lives, there may be
// before it is collected. A cache is mostly old entries: at Go's default of 100
// the process would take twice -cache-bytes. Entries hold few pointers, so that
// collecting four times as often is cheap.
const collectorPercent = 20

// tuneCollector sets it, unless the environment has said otherwise.
func tuneCollector(log *slog.Logger) {
	if _, ok := os.LookupEnv("GOGC"); ok {
		return
	}
	debug.SetGCPercent(collectorPercent)
	log.Debug("garbage collector tuned", "GOGC", collectorPercent)
}
