package binlog

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// durable has a server take the time that it takes in a shop to make a commit
// durable, which is when events come early.
func durable() mysqltest.Option {
	return mysqltest.Args("--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=fsync")
}

// TestEarlyEvent reads every changed row as soon as its event is there, and
// again when the horizon says that its commit is visible. The first read may see
// the old row: the test says how often it has. The second must not.
func TestEarlyEvent(t *testing.T) {
	t.Run("MariaDB", func(t *testing.T) { testEarlyEvent(t, mysqltest.MariaDB(t, mysqltest.Binlog(), durable())) })
	t.Run("MySQL", func(t *testing.T) { testEarlyEvent(t, mysqltest.MySQL(t, mysqltest.Binlog(), durable())) })
}

func testEarlyEvent(t *testing.T, server *mysqltest.Server) {
	const writers, versions = 8, 200
	db := server.Database(t)
	server.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, version INT NOT NULL)")
	for id := range writers {
		server.Exec(t, db, fmt.Sprintf("INSERT INTO t VALUES (%d, 0)", id))
	}
	e := endpointOf(server, db)
	s, of, at := startHere(t, e)
	stop := context.AfterFunc(t.Context(), s.close)
	defer stop()
	pool := server.Open(t, db)
	var load sync.WaitGroup
	for id := range writers {
		load.Go(func() { write(t, pool, id, versions) })
	}
	w := &watcher{t: t, pool: pool, server: of, at: at, horizon: horizon{endpoint: e}, schema: db}
	for w.events < writers*versions || !w.done {
		w.step(s)
	}
	load.Wait()
	w.horizon.close()
	t.Logf("%d of %d events came before their commits were visible, the horizon said so at most %v later", w.early, w.events, w.longest.Round(time.Microsecond))
}

// write raises the version of one row.
func write(t *testing.T, pool *sql.DB, id, versions int) {
	for v := 1; v <= versions; v++ {
		if _, err := pool.Exec("UPDATE t SET version = ? WHERE id = ?", v, id); err != nil {
			t.Error(err)
		}
	}
}

// A watcher reads rows as their events come.
type watcher struct {
	t       *testing.T
	pool    *sql.DB
	server  *server
	at      position
	horizon horizon
	schema  string
	reader  reader
	m       tableMap

	checksums     bool
	id, version   int       // of the row at hand
	received      time.Time // its event
	isEarly       bool
	done          bool // its transaction has ended
	events, early int
	longest       time.Duration
}

func (w *watcher) step(s *session) {
	w.t.Helper()
	e, err := s.next(w.checksums || w.events == 0 && w.server.checksums)
	if err != nil {
		w.t.Fatal(err)
	}
	w.reader.advance(e)
	switch e.typ {
	case eventFormat:
		w.reader.begun = true
		if err = w.reader.readFormat(e); err != nil {
			w.t.Fatal(err)
		}
		w.checksums = w.reader.checksums
	case eventGTID, eventMariaDBGTID:
		if err := w.reader.beginTransaction(e); err != nil {
			w.t.Fatal(err)
		}
	case eventTableMap:
		if _, w.m, err = parseTableMap(e.body); err != nil {
			w.t.Fatal(err)
		}
	case eventUpdateRowsV1, eventUpdateRows:
		if w.m.schema == w.schema {
			w.updated(e)
		}
	case eventXID:
		w.ended()
	}
}

// updated is called with a row's event. Its transaction has one row, and the
// event that ends it follows at once.
func (w *watcher) updated(e event) {
	w.t.Helper()
	r, err := parseRows(e.typ, e.body)
	if err != nil {
		w.t.Fatal(err)
	}
	_, after, ok, err := r.next(&w.m)
	if !ok || err != nil {
		w.t.Fatalf("next row = %v, %v", ok, err)
	}
	id, version := int(littleEndian(after[0].raw)), int(littleEndian(after[1].raw))
	w.events++
	w.done = false
	w.id, w.version, w.received = id, version, time.Now()
	w.isEarly = w.read(id) < version
}

// ended is called with the end of the row's transaction.
func (w *watcher) ended() {
	w.t.Helper()
	w.done = true
	w.at.gtids = with(w.at.gtids, w.reader.gtid)
	w.at.file, w.at.offset = w.reader.file, w.reader.offset
	w.horizon.await(w.t.Context(), w.server, w.at, time.Now())
	if w.isEarly {
		w.early++
		w.longest = max(w.longest, time.Since(w.received))
	}
	if got := w.read(w.id); got < w.version {
		w.t.Errorf("row %d: version %d is said to be visible, but %d is read", w.id, w.version, got)
	}
}

func (w *watcher) read(id int) (version int) {
	w.t.Helper()
	if err := w.pool.QueryRow("SELECT version FROM t WHERE id = " + strconv.Itoa(id)).Scan(&version); err != nil {
		w.t.Fatal(err)
	}
	return version
}

func endpointOf(s *mysqltest.Server, db string) Endpoint {
	user, _, _ := strings.Cut(s.DSN(""), "@")
	_, password, _ := strings.Cut(user, ":")
	return Endpoint{Network: "tcp", Address: s.Addr(), User: mysqltest.User, Password: password, Schema: db}
}

// startHere streams from the end of a server's binlog.
func startHere(t *testing.T, e Endpoint) (*session, *server, position) {
	t.Helper()
	s, err := connect(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	of, err := s.inspect()
	if err != nil {
		t.Fatal(err)
	}
	at, err := s.here(of)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.start(of, at); err != nil {
		t.Fatal(err)
	}
	return s, of, at
}
