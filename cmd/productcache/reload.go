package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"syscall"

	"productcache/internal/cache"
	"productcache/internal/catalog"
)

// files are what SIGHUP has read again.
type files struct {
	catalog     *catalog.Catalog // nil: there is no -catalog
	token       string
	certificate *tls.Certificate // nil: there is no -tls-cert
}

// hangups returns a channel that gets SIGHUP, until stop is called.
func hangups() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}

// reloadOn reads the files again at each signal, until ctx is done.
func (s *service) reloadOn(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case <-signals:
			s.supervisor.reloading()
			err := s.reload(ctx)
			s.supervisor.ready()
			s.metrics.ObserveReload(err == nil)
			if err != nil {
				s.log.Error("not reloaded: everything stays as it was", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// reload reads catalog, token and certificate again, and takes all of them or
// with an error none.
func (s *service) reload(ctx context.Context) error {
	if s.config.Catalog != "" && !s.warm.await(ctx) { // what comes back belongs to the lookups of the start
		return ctx.Err()
	}
	s.tuning.changing.Lock()
	defer s.tuning.changing.Unlock()
	read, err := s.config.readFiles()
	if err != nil {
		return err
	}
	if read.catalog != nil {
		if err := s.exchange(read.catalog); err != nil {
			return err
		}
	}
	s.secrets.take(read)
	s.log.Info("reloaded", "catalog", s.config.Catalog, "token_file", s.config.AdminTokenFile, "certificate", s.config.TLSCert)
	return nil
}

// readFiles reads and checks all that can be reloaded. The error has one message
// for each file that is not valid.
func (c *Config) readFiles() (read files, err error) {
	var broken [3]error
	if c.Catalog != "" {
		read.catalog, broken[0] = readCatalog(c.Catalog)
	}
	if c.AdminTokenFile != "" {
		read.token, broken[1] = readSecret("-admin-token-file", c.AdminTokenFile)
	}
	if c.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			broken[2] = fmt.Errorf("-tls-cert, -tls-key: %w", err)
		}
		read.certificate = &pair
	}
	return read, errors.Join(broken[:]...)
}

// exchange serves another catalog in the place of the one at hand. The order
// matters: first loads go by the new definitions, then what was loaded by the
// old ones goes, then requests are read by the new ones, then changes are told
// by them. A request that was read by the old catalog meanwhile gets the answer of
// the new one.
func (s *service) exchange(c *catalog.Catalog) error {
	before := s.front.served.Load()
	after, err := s.prepare(c)
	if err != nil {
		return err
	}
	var newcomers []*catalog.Lookup
	for name, l := range after.lookups {
		mode, changed := difference(before.lookups[name], l)
		l.place.definition.Store(l.Lookup)
		if s.fleet != nil {
			s.fleet.share(l.place, l)
		}
		if changed {
			l.cached.InvalidateAll(cache.ByReload, mode)
			newcomers = append(newcomers, l.Lookup)
			s.log.Info("lookup changed", "lookup", name, "new", before.lookups[name] == nil)
		}
	}
	s.front.served.Store(after)
	s.setLifetimes()
	for name, l := range before.lookups {
		if after.lookups[name] == nil {
			l.cached.InvalidateAll(cache.ByReload, cache.PurgeRemove)
			s.log.Info("lookup removed", "lookup", name)
		}
	}
	if follower := s.follower.Load(); follower != nil {
		follower.Reroute(c.Lookups, newcomers)
	}
	return nil
}

// difference says how what is cached of a lookup has to go when after takes the
// place of before, which is nil if there was none.
func difference(before, after *lookup) (mode cache.PurgeMode, changed bool) {
	if before == nil {
		return cache.PurgeRemove, true
	}
	a, b := *before.Lookup, *after.Lookup
	a.Lifetimes, b.Lifetimes = catalog.Lifetimes{}, catalog.Lifetimes{} // act on what is cached
	if reflect.DeepEqual(a, b) {
		return 0, false
	}
	a.ChangedBy, b.ChangedBy = nil, nil
	if reflect.DeepEqual(a, b) {
		return cache.PurgeStale, true // the old answers are of the same form
	}
	return cache.PurgeRemove, true
}
