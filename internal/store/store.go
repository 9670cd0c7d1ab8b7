// Package store reads a shop's MySQL or MariaDB and turns rows into JSON. It is
// the only importer of the MySQL driver.
//
// # What it promises
//
//   - Nothing is written: every session is read only.
//   - No more than MaxConns queries are in the server, counting those whose
//     client has left. A query's slot is free when the query has ended in the
//     server, not when somebody stopped waiting for it.
//   - Every query has a limit that the server enforces, and a client that gives
//     up a little later.
//   - A result that is too large is given up before it fills the memory.
//   - A dead server, or one that refuses us, sees one attempt to connect at a
//     time, in growing intervals. Meanwhile loads fail at once.
//   - A key is never given another key's row, however loosely the column's
//     collation compares.
//   - Passwords are in no error and no log line.
//
// It does not cache, does not limit who asks, and does not merge loads: its
// caller does.
//
// # The path of a load
//
// [Store.Load] takes a slot (slot.go) and a connection of the pool, which the
// connector opened and prepared (connect.go) if the gate let it (gate.go). It
// sends the lookup's query with the keys rendered as literals (literal.go), and
// the children's in the same snapshot. Each row is encoded while the driver
// still holds it (read.go, column.go, encode.go); the pieces are put together
// per key (nest.go). If a query may live on in the server, it is looked after
// until it has ended (abandon.go). Errors are named in errors.go. [Store.Find]
// and what else is asked for while the service runs go the same way.
//
// # Goroutines
//
// The gate starts one while MySQL is away, and the abandoned list one while it
// is not empty. Both end by themselves; [Store.Close] waits for them.
package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// The client gives up this much later than the server should have.
	grace = 500 * time.Millisecond

	// A connection lives this long in the pool; the server is told to keep it
	// for twice that, so that it never closes one that is about to be used.
	connLifetime = 5 * time.Minute

	// Close looks after abandoned queries for this long.
	closeTimeout = 2 * time.Second
)

// Options say how to reach MySQL.
type Options struct {
	// DSN as the Go driver reads it: user:password@tcp(host:3306)/database.
	// Times are read and shown in UTC, unless time_zone gives a fixed offset:
	// ?time_zone='%2B02:00'.
	DSN string

	MaxConns     int           // queries at a time in the server; at least 1
	QueryTimeout time.Duration // limit of one query, enforced by the server; at least 1 ms

	// MaxResultBytes bounds what one load or find may get from MySQL, as it comes over
	// the network. One of several keys that is above is Splittable. 0: no bound.
	MaxResultBytes int64

	Logger *slog.Logger // nil: silent
}

// A Store is a pool of connections to one MySQL. Its methods may be called
// concurrently.
type Store struct {
	db        *sql.DB
	connector *connector
	gate      *gate
	abandoned *abandoned
	timeout   time.Duration
	most      int64 // Options.MaxResultBytes
	logger    *slog.Logger

	slots  chan struct{} // holds one element per query that may be in the server
	up     atomic.Bool   // the last attempt to use MySQL reached it
	closed atomic.Bool

	queries, failures, duplicates atomic.Uint64
}

// Open makes a Store. It connects to nothing: the first load does.
func Open(o Options) (*Store, error) {
	switch {
	case o.MaxConns < 1:
		return nil, errors.New("store: MaxConns must be at least 1")
	case o.QueryTimeout < time.Millisecond:
		return nil, errors.New("store: QueryTimeout must be at least 1ms")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	source, err := parseDSN(o.DSN)
	if err != nil {
		return nil, err
	}
	s := &Store{
		timeout: o.QueryTimeout,
		most:    o.MaxResultBytes,
		logger:  o.Logger,
		slots:   make(chan struct{}, o.MaxConns),
	}
	if s.connector, err = newConnector(source, o.QueryTimeout, o.Logger); err != nil {
		return nil, err
	}
	s.gate = newGate(s.connector.probe, s.gateMoved)
	s.connector.gate = s.gate
	s.abandoned = newAbandoned(s)
	s.db = sql.OpenDB(s.connector)
	// One more than there are slots: room to look after abandoned queries.
	s.db.SetMaxOpenConns(o.MaxConns + 1)
	s.db.SetMaxIdleConns(o.MaxConns + 1)
	s.db.SetConnMaxLifetime(connLifetime)
	return s, nil
}

// gateMoved keeps the world informed. The gate calls it once per change.
func (s *Store) gateMoved(m movement) {
	s.up.Store(m.cause == nil)
	switch {
	case m.cause != nil:
		s.logger.Warn(s.connector.explain(m.cause), "error", m.cause)
	case m.first:
		s.logger.Info("connected to MySQL", "version", s.connector.serverVersion())
	default:
		s.logger.Info("MySQL is back", "version", s.connector.serverVersion(), "away_since_noticed", m.away.Round(time.Millisecond))
	}
}

// Ping asks MySQL for a sign of life. It takes no more than a few seconds.
func (s *Store) Ping(ctx context.Context) error {
	if s.closed.Load() {
		return errClosed
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return named("ping", s.db.PingContext(ctx))
}

// Reached reports whether MySQL has ever let us in.
func (s *Store) Reached() bool { return s.gate.reached() }

// Up reports whether the last attempt to use MySQL reached it.
func (s *Store) Up() bool { return s.up.Load() }

// Stats are counts since Open, and gauges of now.
type Stats struct {
	Queries       uint64 // queries of the catalog sent, of loads and of finds
	Errors        uint64 // loads and finds that failed
	DuplicateRows uint64 // rows left out because their key, in a lookup of one row per key, had one already
	Slots         int    // taken by queries that may be in the server, abandoned ones included
	Abandoned     int    // queries that nobody waits for, but that may still run in the server
	Connections   int    // open connections
}

// Stats returns the current numbers.
func (s *Store) Stats() Stats {
	return Stats{
		Queries:       s.queries.Load(),
		Errors:        s.failures.Load(),
		DuplicateRows: s.duplicates.Load(),
		Slots:         len(s.slots),
		Abandoned:     s.abandoned.count(),
		Connections:   s.db.Stats().OpenConnections,
	}
}

// Close ends abandoned queries as far as the server lets it within two
// seconds, and closes all connections. Loads after it fail with
// [ErrUnavailable]; loads under way should have been cancelled before.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.abandoned.close(closeTimeout)
	s.gate.close()
	return s.db.Close()
}
