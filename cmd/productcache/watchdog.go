package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// watch sends systemd's watchdog a sign of life in each half of its interval, as
// long as the cache answers, until ctx is done. Its numbers (cache.Stats) take the
// lock of every shard, of the flights and of the batcher, as requests do; MySQL
// and clients have no part in it, since to start again would not mend them.
func (s *service) watch(ctx context.Context, interval time.Duration) {
	if interval <= 0 {
		return
	}
	half := time.NewTicker(interval / 2)
	defer half.Stop()
	var answered chan struct{} // of the probe under way
	for {
		select {
		case <-half.C:
		case <-ctx.Done():
			return
		}
		if answered == nil {
			answered = make(chan struct{})
			go func() { // outlives this only in a cache that is stuck
				defer close(answered)
				s.probe()
			}()
		}
		if !closedWithin(answered, interval/4) {
			s.log.Error("the cache does not answer: systemd's watchdog gets no sign of life", "within", interval/4)
			continue
		}
		answered = nil
		s.supervisor.tell(daemon.SdNotifyWatchdog)
	}
}

func closedWithin(c <-chan struct{}, d time.Duration) bool {
	limit := time.NewTimer(d)
	defer limit.Stop()
	select {
	case <-c:
		return true
	case <-limit.C:
		return false
	}
}

// watchdogInterval is the time within which systemd wants signs of life; 0: it
// wants none.
func watchdogInterval(log *slog.Logger) time.Duration {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("systemd's watchdog is not understood", "error", err)
	}
	return interval
}
