// Package soak runs the real program for a long time against a MySQL that comes and goes, while rows
// change, and checks what the program promises:
//
//   - after a purge has answered, no answer carries a version older than the purged one, unless it says
//     detail=stale-error and the purge did not say remove;
//   - every answer is whole, and of the row that was asked for;
//   - requests fail only while MySQL is away, and shortly after;
//   - memory, goroutines and open files do not grow.
//
// Writers change rows and purge them (writer.go), readers ask and compare with the ledger of versions
// (reader.go, benchmarks/internal/ledger), outages.go ends and restarts MySQL, and usage.go looks at the process. Run
// starts a goroutine for each of these and waits for all of them.
package soak

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/benchmarks/internal/ledger"
	"productcache/internal/mysqltest"
)

// Config of a run.
type Config struct {
	Binary   string            // the program
	MySQL    *mysqltest.Server // which nobody else uses
	Folder   string            // for the catalog
	Duration time.Duration
	Out      io.Writer // gets a line a minute, and the verdict
}

const (
	products = 20_000 // more than the cache has room for
	readers  = 8
	writers  = 4
	database = "soak"
)

// settings make in minutes happen what takes hours otherwise: entries expire, are evicted and
// revalidated all the time.
var settings = [...]string{"-cache-bytes=8MiB", "-max-entry-bytes=64KiB", "-ttl=3s", "-stale-while-revalidate=1s", "-stale-if-error=1h",
	"-negative-ttl=1s", "-negative-entries=2000"}

// soak is a run.
type soak struct {
	Config
	program  *child.Process
	pool     *sql.DB
	client   *http.Client
	ledger   *ledger.Ledger
	outages  *outages
	findings findings
	counts   counts
}

// Run runs and returns an error that says what was wrong.
func Run(ctx context.Context, c Config) (err error) {
	s := &soak{Config: c, ledger: ledger.New(products)}
	s.outages = newOutages(c.MySQL, period(c.Duration))
	if err := s.prepare(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.pool.Close()) }()
	if s.program, err = s.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.program.Stop()) }()
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: readers + writers}, Timeout: answerLimit}
	idle, err := s.program.Usage(ctx)
	if err != nil {
		return err
	}
	if err := s.load(ctx); err != nil {
		return err
	}
	s.client.CloseIdleConnections()
	if err := s.settle(ctx, idle); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "verdict:", s.findings.verdict())
	return s.findings.err()
}

// period is how often MySQL goes away: every minute, and some times in a short run.
func period(d time.Duration) time.Duration { return min(time.Minute, d/4) }

// prepare makes the database. The driver is the one that mysqltest brings along.
func (s *soak) prepare(ctx context.Context) error {
	admin, err := sql.Open("mysql", s.MySQL.DSN(""))
	if err != nil {
		return err
	}
	defer admin.Close()
	for _, statement := range []string{
		"CREATE DATABASE " + database,
		"CREATE TABLE " + database + ".products (id INT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, name VARCHAR(255) NOT NULL, text TEXT NOT NULL) ENGINE=InnoDB",
		"INSERT INTO " + database + ".products SELECT seq, 1, CONCAT('product ', seq, ' version ', 1), REPEAT(MD5(seq), 20) FROM " + database + ".seq_1_to_" + strconv.Itoa(products),
	} {
		if _, err := admin.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("soak: %s: %w", statement, err)
		}
	}
	s.pool, err = sql.Open("mysql", s.MySQL.DSN(database)+"?interpolateParams=true")
	return err
}

// catalogText has MySQL take a millisecond for each row after it has decided what the rows hold: in that
// time they may change, and the answer must not be kept.
const catalogText = `lookups:
  products:
    key: id
    key_type: integer
    omit: [slept]
    query: SELECT id, version, name, text, SLEEP(0.001) AS slept FROM products WHERE id IN (:keys)
`

func (s *soak) start(ctx context.Context) (*child.Process, error) {
	file := filepath.Join(s.Folder, "catalog.yaml")
	if err := os.WriteFile(file, []byte(catalogText), 0o600); err != nil {
		return nil, err
	}
	return child.Productcache(ctx, s.Binary, s.MySQL.DSN(database), append(settings[:], "-catalog="+file)...)
}

// load lets everything run for the time of the run.
func (s *soak) load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.Duration)
	defer cancel()
	var running sync.WaitGroup
	for i := range readers {
		running.Go(func() { newReader(s, uint64(i)).run(ctx) })
	}
	for i := range writers {
		running.Go(func() { newWriter(s, i).run(ctx) })
	}
	failed := make(chan error, 2)
	running.Go(func() { failed <- s.outages.run(ctx) })
	running.Go(func() { failed <- s.watch(ctx) })
	running.Wait()
	return errors.Join(<-failed, <-failed)
}
