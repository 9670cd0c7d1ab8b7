package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"productcache/internal/admin"
	"productcache/internal/cache"
	"productcache/internal/catalog"
	"productcache/internal/document"
	"productcache/internal/httpapi"
	"productcache/internal/store"
	"productcache/internal/tier"
)

// lookup is a lookup of the catalog with its place in the cache.
type lookup struct {
	*catalog.Lookup
	*place
}

// place is where the answers of a lookup are, also while its definition changes.
type place struct {
	cached     *cache.Lookup[*document.Document]
	definition atomic.Pointer[catalog.Lookup]   // what loads go by
	shared     atomic.Pointer[tier.Lookup[doc]] // with -l2: likewise
}

// readCatalog reads and parses the catalog file.
func readCatalog(file string) (*catalog.Catalog, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("-catalog: %w", err)
	}
	if text := strings.TrimSpace(string(src)); !strings.Contains(text, "\n") && looksLikeDSN(text) {
		return nil, fmt.Errorf("-catalog %s: the file looks like that of -mysql-dsn-file", file) // parsing would quote it
	}
	parsed, err := catalog.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("-catalog %s:\n%w", file, err)
	}
	return parsed, nil
}

// newLookup gives a lookup of the catalog its place in the cache: that which its
// name had before, if any.
func (s *service) newLookup(l *catalog.Lookup) (*lookup, error) {
	if p, ok := s.places[l.Name]; ok {
		return &lookup{l, p}, nil
	}
	p := &place{}
	p.definition.Store(l)
	var err error
	p.cached, err = s.cache.NewLookup(l.Name, s.tuned().lifetimes(l.Lifetimes, s.following.Load()), func(ctx context.Context, keys []string) ([]cache.Loaded[*document.Document], error) {
		if s.fleet != nil {
			return s.fleet.load(ctx, p.shared.Load(), keys)
		}
		return s.read(ctx, p.definition.Load(), keys)
	})
	if err != nil {
		return nil, err
	}
	if s.places == nil {
		s.places = map[string]*place{}
	}
	s.places[l.Name] = p
	of := &lookup{l, p}
	if s.fleet != nil {
		s.fleet.share(p, of)
	}
	return of, nil
}

// read reads keys from MySQL. Those that are none by the definition, since a
// request for them was read before a reload, have no row.
func (s *service) read(ctx context.Context, l *catalog.Lookup, keys []string) ([]cache.Loaded[*document.Document], error) {
	loaded := make([]cache.Loaded[*document.Document], len(keys))
	var valid []string
	var at []int
	for i, key := range keys {
		if canonical, err := l.ParseKey(key); err == nil && canonical == key {
			valid, at = append(valid, key), append(at, i)
		}
	}
	if len(valid) == 0 {
		return loaded, nil
	}
	rows, err := s.store.Load(ctx, l, valid)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		loaded[at[i]] = cache.Loaded[*document.Document]{Value: row.Document, Found: row.Found}
	}
	return loaded, nil
}

// lifetimes are a lookup's own and, where it has none, those of the flags.
func (c *Config) lifetimes(own catalog.Lifetimes, following bool) cache.Lifetimes {
	or := func(own *time.Duration, flag time.Duration) time.Duration {
		if own != nil {
			return *own
		}
		return flag
	}
	return cache.Lifetimes{
		TTL:                  or(own.TTL, c.ttl(following)),
		StaleWhileRevalidate: or(own.StaleWhileRevalidate, c.StaleWhileRevalidate),
		StaleIfError:         or(own.StaleIfError, c.StaleIfError),
		NegativeTTL:          or(own.NegativeTTL, c.NegativeTTL),
		Jitter:               c.TTLJitter,
	}
}

// ttl is the default lifetime: where changes are told, it need not be short.
func (c *Config) ttl(following bool) time.Duration {
	if following && !c.ttlGiven {
		return followedTTL
	}
	return c.TTL
}

// servedTable waits until MySQL has told the primary key of -table, and then
// opens the public API. The error is one that waiting does not mend.
func (s *service) servedTable(ctx context.Context) error {
	for {
		ask, cancel := context.WithTimeout(ctx, pingTimeout)
		column, keyType, err := s.store.PrimaryKey(ask, s.config.Table)
		cancel()
		switch {
		case err == nil:
			return s.install(catalog.SingleTable(s.config.Table, column, keyType))
		case ctx.Err() != nil:
			return nil
		case !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrTimeout):
			return fmt.Errorf("-table %s: %w", s.config.Table, err)
		case !sleep(ctx, reachPause):
			return nil
		}
	}
}

// install opens the public API on the lookups of a catalog.
func (s *service) install(c *catalog.Catalog) error {
	served, err := s.prepare(c)
	if err == nil {
		s.front.open(served)
	}
	return err
}

// prepare gives the lookups of a catalog their places in the cache, and makes
// the public API on them.
func (s *service) prepare(c *catalog.Catalog) (*served, error) {
	served := &served{catalog: c, lookups: make(map[string]*lookup)}
	options := httpapi.Options{
		MaxKeys:        s.config.MaxKeys,
		RequestTimeout: s.config.RequestTimeout,
		ClientMaxAge:   s.config.ClientMaxAge,
		HonorNoCache:   s.config.HonorNoCache,
		Classify:       classify,
		Observe:        s.observer(),
		Logger:         s.log,
	}
	for _, of := range c.Lookups {
		l, err := s.newLookup(of)
		if err != nil {
			return nil, err
		}
		served.lookups[of.Name] = l
		options.Lookups = append(options.Lookups, httpapi.Lookup{Name: of.Name, Many: of.Many, ParseKey: of.ParseKey, Cache: l.cached})
	}
	var err error
	served.handler, err = httpapi.New(options)
	return served, err
}

// classify says what a load's error means to a client.
func classify(err error) httpapi.Fault {
	switch {
	case errors.Is(err, store.ErrTimeout):
		return httpapi.Timeout
	case errors.Is(err, store.ErrUnavailable):
		return httpapi.Unavailable
	}
	return httpapi.Internal
}

// purgeable finds the lookup that a purge names.
func (s *service) purgeable(name string) (admin.Lookup, bool) {
	served := s.front.served.Load()
	if served == nil {
		return admin.Lookup{}, false
	}
	l, ok := served.lookups[name]
	if !ok {
		return admin.Lookup{}, false
	}
	of := admin.Lookup{ParseKey: l.ParseKey, Queries: 1 + queries(l.With), Cache: l.cached, Purged: s.warm.noted(name)}
	if s.fleet != nil {
		of.Spread = s.fleet.spread(l)
	}
	return of, true
}

// queries counts those for children, and for theirs.
func queries(children []catalog.Child) (n int) {
	for _, c := range children {
		n += 1 + queries(c.With)
	}
	return n
}
