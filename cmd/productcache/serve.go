package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"productcache/internal/admin"
	"productcache/internal/binlog"
	"productcache/internal/cache"
	"productcache/internal/document"
	"productcache/internal/store"
)

// service is the parts of a running program, from leaf to root.
type service struct {
	config  *Config
	log     *slog.Logger
	store   *store.Store
	cache   *cache.Cache[*document.Document]
	metrics *admin.Metrics
	front   front
	tuning  tuning
	secrets secrets
	places  map[string]*place // of every lookup that was ever served, by name; of install and reload

	supervisor supervisor
	probe      func() // returns when the cache could be looked into

	follower  atomic.Pointer[binlog.Follower] // nil: not yet, or never
	following atomic.Bool                     // the binlog is being followed, but for interruptions
	draining  atomic.Bool                     // shutting down: not ready any more
	asked     atomic.Bool                     // MySQL was asked for a sign of life, whatever came of it
	warm      *warm
	fleet     *fleet // nil: without -l2
}

// serve runs the service until ctx is done or a part of it stops. opened, if
// given, gets the addresses of the public and the admin listeners.
func serve(ctx context.Context, c *Config, log *slog.Logger, opened func(public, admin []net.Addr)) (err error) {
	log.Info("productcache starts", "version", version)
	logSettings(c, log)
	tuneProcessors(c.MySQLMaxConns, log)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	tuneCollector(serving, log)
	s := &service{config: c, log: log, front: front{opened: make(chan struct{})}, supervisor: supervisor{log}}
	s.tuning.config.Store(c)
	signals, ignore := hangups()
	defer ignore()
	read, err := c.readFiles()
	if err != nil {
		return err
	}
	s.secrets.take(read)
	if s.store, err = openStore(c, log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.store.Close()) }()
	if s.cache, err = newCache(c, log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.closeCache()) }()
	s.probe = func() { s.cache.Stats() }
	s.warm = openWarm(s)
	defer func() { err = errors.Join(err, s.warm.close()) }()
	if err := s.openFleet(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.fleet.close()) }()
	s.metrics = admin.NewMetrics(version, s.cache.Stats, s.databaseStats, s.followerSource())
	s.warm.watch(s.metrics)
	if s.fleet != nil {
		s.metrics.WatchTier(s.fleet.stats)
	}
	if read.catalog != nil {
		if err := s.install(read.catalog); err != nil {
			return err
		}
	}
	servers, err := s.listen()
	if err != nil {
		return err
	}
	if opened != nil {
		opened(servers.addresses())
	}
	return s.serveUntilDone(ctx, servers, signals)
}

// serveUntilDone serves, keeps in touch with MySQL, follows it, and drains when
// ctx is done.
func (s *service) serveUntilDone(ctx context.Context, servers *servers, signals <-chan os.Signal) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	failed := make(chan error, 2+len(servers.all))
	var work sync.WaitGroup
	for _, part := range []func(context.Context) error{s.keepInTouch, s.follow} {
		work.Go(func() {
			if err := part(background); err != nil {
				failed <- err
			}
		})
	}
	work.Go(func() { s.audit(background) })
	work.Go(func() { s.reloadOn(background, signals) })
	work.Go(func() { s.begin(background, servers, failed) })
	work.Go(func() { s.metrics.Record(background) })
	work.Go(func() { s.warm.run(background) })
	if s.fleet != nil {
		work.Go(func() { s.fleet.run(background) })
	}
	var err error
	select {
	case err = <-failed:
		s.log.Error("a part of the service has stopped", "error", err)
	case <-ctx.Done():
		s.log.Info("shutting down", "timeout", s.config.ShutdownTimeout)
	}
	s.draining.Store(true)
	s.supervisor.stopping()
	stop()
	work.Wait()
	err = errors.Join(err, servers.shutdown(s.config.ShutdownTimeout))
	s.warm.finish()
	return err
}

// How often MySQL is asked for a sign of life: often while it was never
// reached, since the service is not ready then.
const (
	pingPause   = 10 * time.Second
	reachPause  = 250 * time.Millisecond
	pingTimeout = 5 * time.Second
)

// keepInTouch finds out what -table needs, and then pings MySQL, so that its
// state is known though nobody misses, until ctx is done.
func (s *service) keepInTouch(ctx context.Context) error {
	if s.config.Table != "" {
		if err := s.servedTable(ctx); err != nil {
			return err
		}
	}
	for {
		ping, cancel := context.WithTimeout(ctx, pingTimeout)
		_ = s.store.Ping(ping) // the store logs it, and readiness and metrics show it
		cancel()
		s.asked.Store(true)
		pause := pingPause
		if !s.store.Reached() {
			pause = reachPause
		}
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// sleep reports false if ctx is done before the time is over.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// notReady says why traffic should not come here.
func (s *service) notReady() (reasons []string) {
	if s.draining.Load() {
		reasons = append(reasons, "shutting down")
	}
	reasons = append(reasons, s.warm.notReady()...)
	reasons = append(reasons, s.fleet.notReady()...)
	if !s.store.Reached() {
		if !s.warm.serves() {
			reasons = append(reasons, "MySQL was not reached yet")
		}
	} else if s.front.served.Load() == nil {
		reasons = append(reasons, "the table's key is not known yet")
	}
	return reasons
}

func (s *service) databaseStats() admin.DatabaseStats {
	of := s.store.Stats()
	return admin.DatabaseStats{Up: s.store.Up(), Queries: of.Queries, Errors: of.Errors, Slots: of.Slots, Abandoned: of.Abandoned,
		Connections: of.Connections, DuplicateRows: of.DuplicateRows}
}

func (s *service) closeCache() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.MySQLQueryTimeout+time.Second)
	defer cancel()
	return s.cache.Close(ctx)
}

func openStore(c *Config, log *slog.Logger) (*store.Store, error) {
	dsn, err := c.dsn()
	if err != nil {
		return nil, err
	}
	return store.Open(store.Options{DSN: dsn, MaxConns: c.MySQLMaxConns, QueryTimeout: c.MySQLQueryTimeout,
		MaxResultBytes: int64(c.MaxResultBytes), Logger: log})
}

// tierLoads are loads that ask -l2, or wait for another node: those of MySQL are counted apart.
const tierLoads = 64

func newCache(c *Config, log *slog.Logger) (*cache.Cache[*document.Document], error) {
	concurrency := c.MySQLMaxConns
	if c.L2 != "" {
		concurrency += tierLoads
	}
	return cache.New(cache.Options[*document.Document]{
		MaxWeight:      int64(c.CacheBytes),
		MaxEntries:     c.CacheEntries,
		MaxEntryWeight: int(c.MaxEntryBytes),
		MaxNegatives:   c.NegativeEntries,
		Concurrency:    concurrency,
		BatchKeys:      c.BatchKeys,
		MaxWaiting:     c.MaxWaiting,
		LoadTimeout:    c.RequestTimeout,
		Eviction:       cache.Eviction(c.Eviction),
		Weigh:          (*document.Document).Weight,
		Splittable:     store.Splittable,
		Lasting:        store.Lasting,
		Logger:         log,
	})
}

func logSettings(c *Config, log *slog.Logger) {
	var settings []any
	for _, s := range c.settings {
		settings = append(settings, slog.String(s.Name, fmt.Sprintf("%s (%s)", s.Value, s.Source)))
	}
	log.Info("settings", settings...)
}
