package main

import (
	"context"
	"log/slog"
	"time"

	"productcache/internal/cache"
	"productcache/internal/document"
)

const (
	// auditGrace is how long the news of a change may be on its way before an
	// answer that differs from MySQL counts as stale.
	auditGrace = 2 * time.Second

	// auditsPending bounds the answers that wait for the end of the grace, and are
	// kept in memory so long.
	auditsPending = 100
)

// audit compares random entries with MySQL, -audit-rate a second, until ctx is
// done.
func (s *service) audit(ctx context.Context) {
	if s.config.AuditRate <= 0 {
		return
	}
	rate := time.NewTicker(time.Duration(float64(time.Second) / s.config.AuditRate))
	defer rate.Stop()
	pending := make(chan suspect, auditsPending)
	confirmed := make(chan struct{})
	go func() {
		defer close(confirmed)
		s.confirm(ctx, pending)
	}()
	defer func() { <-confirmed }()
	for {
		select {
		case <-rate.C:
		case <-ctx.Done():
			return
		}
		// A failure is counted, and by then known from the requests.
		a, _ := s.cache.Audit(ctx, sameDocument)
		if a.Outcome != cache.AuditDifferent {
			continue
		}
		select {
		case pending <- suspect{a, time.Now().Add(auditGrace)}:
		default: // more than can be looked after: the rate finds them again
		}
	}
}

func sameDocument(a, b *document.Document) bool { return a.Same(b) }

// A suspect is an answer that differed from MySQL.
type suspect struct {
	cache.Audit[*document.Document]
	due time.Time
}

// confirm looks at suspects again when they are due.
func (s *service) confirm(ctx context.Context, pending <-chan suspect) {
	for {
		select {
		case a := <-pending:
			if !sleep(ctx, time.Until(a.due)) {
				return
			}
			s.confirmOne(ctx, a)
		case <-ctx.Done():
			return
		}
	}
}

func (s *service) confirmOne(ctx context.Context, a suspect) {
	staleness, stale := s.cache.Confirm(a.Audit)
	if !stale {
		return
	}
	// A failure is counted, and logged.
	_ = s.warm.noted(a.Lookup)(cache.PurgeStale, false, []string{a.Key})
	level := slog.LevelDebug // without a follower, that is what lifetimes are
	if s.following.Load() {
		level = slog.LevelWarn
	}
	history := []any{"lookup", a.Lookup, "key", a.Key, "stale_at_most", staleness.Round(time.Millisecond),
		"loaded_at", a.LoadedAt, "lookup_purged_at", a.PurgedAt, "row_is_gone", !a.Loaded.Found}
	if follower := s.follower.Load(); follower != nil {
		of := follower.Stats()
		history = append(history, "last_event_at", of.LastEvent, "last_change_at", of.LastChange, "applied", of.Applied)
	}
	s.log.Log(ctx, level, "a cached answer was stale, and is invalidated", history...)
}
