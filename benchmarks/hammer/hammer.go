// Package hammer hunts for races between a follower of the binlog and a cache. Store, cache and follower
// run in one process, connected as cmd/productcache connects them, against a MySQL that is restarted and
// killed meanwhile. Writers raise the versions of a few rows as fast as the server takes them, readers
// compare what the cache answers with two bounds, both noted before they ask:
//
//   - applied: once the follower counts a position as applied, no answer carries a version from before it;
//   - seen: than what a reader was answered from memory, or by a load that was kept, no reader is answered
//     an older version. (A load's answer that is not kept, since a change came between, may be younger than
//     what another load, begun later, answers and keeps: until the younger change is applied.)
//
// An answer may be older only if it says stale-error, and that only while MySQL is away, or shortly after.
// In the end, when all is applied, everything is asked for once more and must be the last version.
//
// Writers queue their versions with a position of the server that includes them (writer.go), a goroutine
// raises the bounds as the follower gets there (applied.go), readers judge (reader.go, ledger.go), and
// outages.go restarts MySQL. Run starts a goroutine for each of these and waits for all of them.
package hammer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"productcache/internal/mysqltest"
)

// Config of a run.
type Config struct {
	MySQL    *mysqltest.Server // with a binlog, and used by nobody else
	Database string            // empty
	Pool     *sql.DB           // of connections to Database
	Duration time.Duration
	Out      io.Writer // gets a line at most every minute, and the verdict
}

const (
	items   = 48
	lists   = 6 // an item is in one: its number modulo lists
	writers = 12
)

// catalogText has some loads take a while after MySQL has decided what the rows hold: in that time they
// change, and the answer must not be kept.
const catalogText = `lookups:
  items:
    key: id
    key_type: integer
    omit: [slept]
    query: SELECT id, version, SLEEP(IF(RAND() < 0.05, 0.002, 0)) AS slept FROM items WHERE id IN (:keys)
    changed_by:
      items: {key: id}
  brief:
    key: id
    key_type: integer
    query: SELECT id, version FROM items WHERE id IN (:keys)
    changed_by:
      items: {key: id}
  lists:
    rows: many
    key: list
    key_type: integer
    omit: [list]
    query: SELECT m.list, i.id, i.version FROM members m JOIN items i ON i.id = m.item WHERE m.list IN (:keys)
    changed_by:
      members: {key: list}
      items: {key: id, find: SELECT list FROM members WHERE item IN (:keys)}
`

// hammer is a run.
type hammer struct {
	Config
	service  *service
	ledger   *ledger
	awaited  awaited
	outages  *outages
	findings findings
	counts   counts
	began    time.Time
}

// Run runs and returns an error that says what was wrong.
func Run(ctx context.Context, c Config) (err error) {
	h := &hammer{Config: c, ledger: newLedger(), outages: &outages{server: c.MySQL}, began: time.Now()}
	h.Pool.SetMaxIdleConns(writers)
	if err := h.prepare(ctx); err != nil {
		return err
	}
	if h.service, err = newService(c.MySQL.DSN(c.Database)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.service.close()) }()
	if err := h.load(ctx); err != nil {
		return err
	}
	if err := h.settle(ctx); err != nil {
		return err
	}
	h.tell()
	fmt.Fprintln(h.Out, "verdict:", h.findings.verdict())
	return h.findings.err()
}

// prepare makes the tables.
func (h *hammer) prepare(ctx context.Context) error {
	statements := []string{
		"CREATE TABLE items (id INT NOT NULL PRIMARY KEY, version BIGINT NOT NULL) ENGINE=InnoDB",
		"CREATE TABLE members (list INT NOT NULL, item INT NOT NULL, PRIMARY KEY (list, item), KEY (item)) ENGINE=InnoDB",
	}
	for id := range items {
		statements = append(statements, fmt.Sprintf("INSERT INTO items VALUES (%d, 1)", id),
			fmt.Sprintf("INSERT INTO members VALUES (%d, %d)", listOf(id), id))
	}
	for _, s := range statements {
		if _, err := h.Pool.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("hammer: %s: %w", s, err)
		}
	}
	return nil
}

func listOf(id int) int { return id % lists }

// load lets everything run for the time of the run, and longer by how long MySQL was away.
func (h *hammer) load(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx) // writers finish what they have begun, unless MySQL does not come back
	defer cancel()
	loading, stop := context.WithCancel(ctx)
	defer stop()
	var running sync.WaitGroup
	for i, read := range []func(*reader){(*reader).item, (*reader).item, (*reader).brief, (*reader).several, (*reader).list, (*reader).list} {
		running.Go(func() { newReader(h, uint64(i)).run(loading, read) })
	}
	for i := range writers {
		running.Go(func() { newWriter(h, i).run(ctx, loading.Done()) })
	}
	running.Go(func() { h.watch(loading) })
	running.Go(func() { h.raise(loading) })
	err := h.outages.run(ctx, h.Duration)
	stop()
	if err != nil {
		cancel()
	}
	running.Wait()
	return err
}

// watch writes a line every minute.
func (h *hammer) watch(ctx context.Context) {
	for minute := time.NewTicker(time.Minute); wait(ctx, minute.C); {
		h.tell()
	}
}

func (h *hammer) tell() {
	fmt.Fprintf(h.Out, "%s: %v %v outages=%d violations=%d\n", time.Since(h.began).Round(time.Second), &h.counts, h.service,
		h.outages.Count(), h.findings.number())
}

// wait returns false if ctx is done first.
func wait(ctx context.Context, c <-chan time.Time) bool {
	select {
	case <-c:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
