package main

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// collectorPercent is how much garbage, in percent of what lives, there may be
	// before it is collected. A cache is mostly old entries: at Go's default of 100
	// the process would take twice -cache-bytes. Entries hold few pointers, so that
	// collecting four times as often is cheap.
	collectorPercent = 20
	// collectorRoom is how much garbage there may always be, in bytes: a fifth of a small
	// cache is soon filled by requests, and collecting is most of the work then.
	collectorRoom = 24 << 20
	// collectorMost bounds the percentage while there is hardly anything.
	collectorMost = 400
)

// tuneCollector has garbage collected as the constants say until ctx is done, unless the environment has
// said otherwise. Each collection decides when the next is due.
func tuneCollector(ctx context.Context, log *slog.Logger) {
	if _, ok := os.LookupEnv("GOGC"); ok {
		return
	}
	log.Debug("garbage collector tuned", "GOGC", collectorPercent, "room", collectorRoom)
	(&collector{ctx: ctx}).adjust()
}

// collector is called by the runtime after each collection, never twice at a time.
type collector struct {
	ctx     context.Context
	percent int // in force
}

// adjust sets the percentage for what lives now, and has itself called again.
func (c *collector) adjust() {
	if c.ctx.Err() != nil {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	// To set it stops the world for a moment: not for a little difference, but for what is wanted at last.
	want := collectorPercentFor(live[0].Value.Uint64())
	if want*10 < c.percent*9 || want > c.percent*5/4 || want == collectorPercent && want != c.percent {
		debug.SetGCPercent(want)
		c.percent = want
	}
	garbage := new([4]uint64) // found by the next collection
	runtime.AddCleanup(garbage, func(c *collector) { c.adjust() }, c)
}

// collectorPercentFor returns how much garbage there may be beside so many bytes that live, in percent of them.
func collectorPercentFor(live uint64) int {
	return int(max(collectorPercent, min(collectorMost, collectorRoom*100/max(live, 1))))
}
