package hammer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"productcache/internal/binlog"
	"productcache/internal/cache"
	"productcache/internal/catalog"
	"productcache/internal/document"
	"productcache/internal/store"
)

// lookup numbers the lookups of catalogText.
type lookup int

const (
	itemLookup lookup = iota
	briefLookup
	listLookup
	lookups
)

var lookupNames = [lookups]string{"items", "brief", "lists"}

// service is store, cache and follower, as cmd/productcache connects them.
type service struct {
	store    *store.Store
	cache    *cache.Cache[*document.Document]
	lookups  [lookups]*cache.Lookup[*document.Document]
	byName   map[string]*cache.Lookup[*document.Document]
	follower *binlog.Follower
	stop     context.CancelFunc
	stopped  chan struct{}
}

// Settings are the program's defaults, but for the lookup brief: its values expire, and are refreshed,
// all the time.
const (
	cacheBytes   = 256 << 20 // large enough for fronts
	maxConns     = 8
	waitLimit    = 5 * time.Second
	queryTimeout = 2 * time.Second
	briefTime    = 2 * time.Millisecond
)

func lifetimes(name string) cache.Lifetimes {
	lt := cache.Lifetimes{TTL: time.Hour, StaleWhileRevalidate: 30 * time.Second, StaleIfError: 24 * time.Hour,
		NegativeTTL: 10 * time.Second, Jitter: 0.1}
	if name == lookupNames[briefLookup] {
		lt.TTL, lt.StaleWhileRevalidate, lt.NegativeTTL = briefTime, briefTime, briefTime
	}
	return lt
}

func newService(dsn string) (*service, error) {
	c, err := catalog.Parse([]byte(catalogText))
	if err != nil {
		return nil, err
	}
	s := &service{byName: map[string]*cache.Lookup[*document.Document]{}, stopped: make(chan struct{})}
	if s.store, err = store.Open(store.Options{DSN: dsn, MaxConns: maxConns, QueryTimeout: queryTimeout}); err != nil {
		return nil, err
	}
	s.cache, err = cache.New(cache.Options[*document.Document]{
		MaxWeight: cacheBytes, MaxEntryWeight: 1 << 20, MaxNegatives: 100_000, Concurrency: maxConns, BatchKeys: 100,
		MaxWaiting: 10_000, LoadTimeout: waitLimit, Weigh: (*document.Document).Weight, Splittable: store.Splittable,
	})
	if err != nil {
		return nil, err
	}
	for i, l := range c.Lookups {
		if s.lookups[i], err = s.cache.NewLookup(l.Name, lifetimes(l.Name), s.loader(l)); err != nil {
			return nil, err
		}
		s.byName[l.Name] = s.lookups[i]
	}
	return s, s.follow(c)
}

func (s *service) loader(l *catalog.Lookup) cache.LoadFunc[*document.Document] {
	return func(ctx context.Context, keys []string) ([]cache.Loaded[*document.Document], error) {
		rows, err := s.store.Load(ctx, l, keys)
		if err != nil {
			return nil, err
		}
		loaded := make([]cache.Loaded[*document.Document], len(rows))
		for i, row := range rows {
			loaded[i] = cache.Loaded[*document.Document]{Value: row.Document, Found: row.Found}
		}
		return loaded, nil
	}
}

func (s *service) follow(c *catalog.Catalog) error {
	e := s.store.Endpoint()
	var err error
	s.follower, err = binlog.New(binlog.Options{
		Endpoint: binlog.Endpoint{Network: e.Network, Address: e.Address, User: e.User, Password: e.Password, Schema: e.Schema, TLS: e.TLS},
		Lookups:  c.Lookups,
		Database: schema{s.store},
		Sink:     s,
	})
	if err != nil {
		return err
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	go func() {
		defer close(s.stopped)
		s.follower.Run(ctx)
	}()
	return nil
}

// Invalidate implements binlog.Sink.
func (s *service) Invalidate(l *catalog.Lookup, keys []string) {
	s.byName[l.Name].Purge(cache.PurgeStale, keys...)
}

// InvalidateAll implements binlog.Sink.
func (s *service) InvalidateAll(l *catalog.Lookup) { s.byName[l.Name].PurgeAll(cache.PurgeStale) }

func (s *service) close() error {
	s.stop()
	<-s.stopped
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	return errors.Join(s.cache.Close(ctx), s.store.Close())
}

// String tells what was done so far.
func (s *service) String() string {
	of, cached := s.follower.Stats(), s.cache.Stats()
	return fmt.Sprintf("loads=%d loaded=%d transactions=%d invalidated=%d gaps=%d disconnects=%d",
		cached.Loads, cached.LoadedKeys, of.Transactions, of.Invalidated, of.Gaps, of.Disconnects)
}

// schema answers the follower's questions from the store.
type schema struct{ *store.Store }

// Columns implements binlog.Database.
func (s schema) Columns(ctx context.Context, schema, table string) ([]binlog.Column, error) {
	found, err := s.Store.Columns(ctx, schema, table)
	columns := make([]binlog.Column, len(found))
	for i, c := range found {
		columns[i] = binlog.Column{Name: c.Name, Unsigned: c.Unsigned, Charset: c.Charset}
	}
	return columns, err
}

// Cascades implements binlog.Database: these tables have no foreign keys.
func (s schema) Cascades(context.Context, string, string) ([]binlog.Cascade, error) { return nil, nil }
