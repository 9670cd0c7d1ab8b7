package main

import (
	"context"

	"productcache/internal/admin"
	"productcache/internal/binlog"
	"productcache/internal/cache"
	"productcache/internal/catalog"
	"productcache/internal/store"
)

// follow invalidates what the binlog says has changed, until ctx is done.
func (s *service) follow(ctx context.Context) error {
	if !s.config.FollowBinlog {
		return nil
	}
	select {
	case <-s.front.opened:
	case <-ctx.Done():
		return nil
	}
	if !s.warm.await(ctx) {
		return nil
	}
	follower, err := s.newFollower()
	if err != nil {
		return err
	}
	follower.Run(ctx)
	return nil
}

// newFollower makes a follower of what is served. A reload waits for it, so that
// it can tell it of other lookups.
func (s *service) newFollower() (*binlog.Follower, error) {
	s.tuning.changing.Lock()
	defer s.tuning.changing.Unlock()
	follower, err := binlog.New(binlog.Options{
		Endpoint: endpoint(s.store),
		Lookups:  s.front.served.Load().catalog.Lookups,
		Database: schema{s.store},
		Sink:     &s.front,
		Moved:    s.followed,
		Bookmark: s.warm.bookmark(),
		CaughtUp: s.caughtUp,
		Logger:   s.log,
	})
	if err == nil {
		s.follower.Store(follower)
	}
	return follower, err
}

// caughtUp says that what was changed before the follower began is applied.
func (s *service) caughtUp() {
	s.warm.caughtUp()
	if s.fleet != nil {
		s.fleet.caughtUp()
	}
}

// followed gives entries the lifetimes that go with being told of changes, or
// with not being told.
func (s *service) followed(following bool) {
	s.following.Store(following)
	if !following {
		s.warm.giveUpCatchingUp()
	}
	s.setLifetimes()
}

// Invalidate implements binlog.Sink. A lookup that is served no more has
// nothing to go stale.
func (f *front) Invalidate(l *catalog.Lookup, keys []string) {
	if of := f.served.Load().lookups[l.Name]; of != nil {
		if f.fleet != nil {
			f.fleet.invalidate(of, keys)
		}
		of.cached.Invalidate(cache.ByBinlog, cache.PurgeStale, keys...)
	}
}

// InvalidateAll implements binlog.Sink.
func (f *front) InvalidateAll(l *catalog.Lookup) {
	if of := f.served.Load().lookups[l.Name]; of != nil {
		if f.fleet != nil {
			f.fleet.invalidateAll(of)
		}
		of.cached.InvalidateAll(cache.ByBinlog, cache.PurgeStale)
	}
}

// schema answers a follower's questions from the store.
type schema struct{ *store.Store }

// Columns implements binlog.Database.
func (s schema) Columns(ctx context.Context, schema, table string) ([]binlog.Column, error) {
	found, err := s.Store.Columns(ctx, schema, table)
	columns := make([]binlog.Column, len(found))
	for i, c := range found {
		columns[i] = binlog.Column{Name: c.Name, Unsigned: c.Unsigned, Charset: charset(c)}
	}
	return columns, err
}

// charset names how a column's bytes become text. MariaDB's UUID and addresses
// are text to those who read, but bytes in the binlog: what cannot be decoded is
// better than what seems to be BINARY.
func charset(c store.Column) string {
	switch c.Type {
	case "uuid", "inet4", "inet6":
		return c.Type
	}
	return c.Charset
}

// Cascades implements binlog.Database.
func (s schema) Cascades(ctx context.Context, schema, table string) ([]binlog.Cascade, error) {
	found, err := s.Store.Cascades(ctx, schema, table)
	cascades := make([]binlog.Cascade, len(found))
	for i, c := range found {
		cascades[i] = binlog.Cascade{Schema: c.Schema, Table: c.Table, Columns: map[string]string{}}
		for _, column := range c.Columns {
			cascades[i].Columns[column.Child] = column.Parent
		}
	}
	return cascades, err
}

func endpoint(s *store.Store) binlog.Endpoint {
	e := s.Endpoint()
	return binlog.Endpoint{Network: e.Network, Address: e.Address, User: e.User, Password: e.Password, Schema: e.Schema, TLS: e.TLS}
}

// followerSource is nil where nothing is to be followed: then there are no
// metrics of it.
func (s *service) followerSource() func() admin.FollowerStats {
	if !s.config.FollowBinlog {
		return nil
	}
	return s.followerStats
}

// followerStats is what the metrics say of the follower.
func (s *service) followerStats() admin.FollowerStats {
	follower := s.follower.Load()
	if follower == nil {
		return admin.FollowerStats{}
	}
	of := follower.Stats()
	stats := admin.FollowerStats{
		Following:      of.State == binlog.Following,
		Invalidated:    of.Invalidated,
		InvalidatedAll: of.InvalidatedAll,
		Transactions:   of.Transactions,
		Gaps:           of.Gaps,
		Disconnects:    of.Disconnects,
		Lag:            of.Lag,
		LastEvent:      of.LastEvent,
	}
	for _, t := range of.Tables {
		stats.Tables = append(stats.Tables, admin.TableStats{Table: t.Table, Rows: t.Rows, Ignored: t.Ignored, Statements: t.Statements})
	}
	return stats
}
