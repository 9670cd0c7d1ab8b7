package main

import (
	"context"
	"log/slog"
	"math/rand/v2"

	"productcache/internal/httpapi"
)

// longestTarget is how much of a request's target its line in the log shows.
const longestTarget = 512

// observer counts answered requests and, if asked to, logs a share of them.
func (s *service) observer() func(httpapi.Observation) {
	count := func(o httpapi.Observation) { s.metrics.Observe(o.Lookup, o.Outcome, o.Status, o.Duration) }
	share := s.config.LogRequests
	if share <= 0 {
		return count
	}
	return func(o httpapi.Observation) {
		count(o)
		if rand.Float64() < share {
			logRequest(s.log, o)
		}
	}
}

// logRequest writes a request's line.
func logRequest(log *slog.Logger, o httpapi.Observation) {
	log.LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.String("method", o.Method),
		slog.String("target", o.Target[:min(len(o.Target), longestTarget)]),
		slog.Int("status", o.Status),
		slog.String("outcome", o.Outcome),
		slog.String("lookup", o.Lookup),
		slog.Int("keys", o.Keys),
		slog.Duration("duration", o.Duration))
}
