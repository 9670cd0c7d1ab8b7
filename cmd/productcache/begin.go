package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// readyTick is how often a service that is not ready is looked at.
const readyTick = 5 * time.Millisecond

// begin serves, tells systemd so, and keeps telling it that the service lives,
// until ctx is done.
//
// systemd is told that the service has started though MySQL may be away: it
// serves what it can, and starting it again would not help. Whether traffic
// should come is for /readyz.
func (s *service) begin(ctx context.Context, servers *servers, failed chan<- error) {
	serveAll(servers.ofAdmin(), failed)
	if slices.ContainsFunc(servers.ofPublic(), func(of *server) bool { return of.handed }) {
		s.hold(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	serveAll(servers.ofPublic(), failed)
	s.supervisor.ready()
	var telling sync.WaitGroup
	telling.Go(func() { s.report(ctx) })
	s.watch(ctx, watchdogInterval(s.log))
	telling.Wait()
}

// hold waits until the service is ready, for no longer than a request may wait.
// Those that came while nobody served are in a socket of systemd's: they would get
// errors a moment before they can get answers.
func (s *service) hold(ctx context.Context) {
	limit, cancel := context.WithTimeout(ctx, s.config.RequestTimeout)
	defer cancel()
	for len(s.notReady()) > 0 && sleep(limit, readyTick) {
	}
}
