package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

// slowDatabase has a query that runs for minutes unless it is stopped.
func slowDatabase(t *testing.T, server *mysqltest.Server) (db string, slow, quick *catalog.Lookup) {
	t.Helper()
	db = server.Database(t)
	server.Exec(t, db, "CREATE TABLE t (k INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2), (3)",
		"CREATE TABLE n (n INT PRIMARY KEY)", "INSERT INTO n VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")
	slow = lookup(t, `
key: k
key_type: integer
query: |
  SELECT k, (SELECT MAX(SHA2(CONCAT(t.k, a.n, b.n, c.n, d.n, e.n, f.n, g.n), 512)) FROM n a, n b, n c, n d, n e, n f, n g) AS slow
  FROM t WHERE k IN (:keys)`)
	quick = lookup(t, "key: k\nkey_type: integer\nquery: SELECT k FROM t WHERE k IN (:keys)")
	return db, slow, quick
}

// running counts the queries with some text that run in db.
func running(t testing.TB, server *mysqltest.Server, db, text string) int {
	t.Helper()
	rows := server.Query(t, "", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = ? AND INFO LIKE ?", db, "SELECT k%"+text+"%")
	n, err := strconv.Atoi(rows[0][0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func timeout(d time.Duration) func(*store.Options) {
	return func(o *store.Options) { o.QueryTimeout = d }
}

func conns(n int) func(*store.Options) { return func(o *store.Options) { o.MaxConns = n } }

func TestServerStopsSlowQuery(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, slow, quick := slowDatabase(t, server)
		s := open(t, server.DSN(db), timeout(100*time.Millisecond), conns(1))
		expect(t, s, quick, []string{"1"}, `{"k":1}`)
		eventually(t, "those that made the tables are gone", func() bool { return len(threads(t, server, db)) == 1 })
		before := threads(t, server, db)
		_, err := s.Load(t.Context(), slow, []string{"1"})
		refused(t, "Load of a slow query", err, store.ErrTimeout)
		// The error comes before the thread has cleared its line in the list.
		eventually(t, "the query is gone from the list", func() bool { return running(t, server, db, "SHA2") == 0 })
		expect(t, s, quick, []string{"2"}, `{"k":2}`)
		if got := s.Stats(); got.Abandoned != 0 || got.Connections != 1 || got.Errors != 1 {
			t.Errorf("Stats() = %+v, want nothing abandoned, one connection, one error", got)
		}
		if after := threads(t, server, db); !maps.Equal(before, after) {
			t.Errorf("threads were %v and are %v: the connection was not kept", before, after)
		}
	})
}

// The limit holds while a query waits for a lock on a table, too.
func TestServerStopsLockWait(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, _, quick := slowDatabase(t, server)
		s := open(t, server.DSN(db), timeout(100*time.Millisecond))
		lock, err := server.Open(t, db).Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Close()
		if _, err := lock.ExecContext(t.Context(), "LOCK TABLES t WRITE"); err != nil {
			t.Fatal(err)
		}
		refused(t, "Ping", s.Ping(t.Context()), nil)
		eventually(t, "those that made the tables are gone", func() bool { return len(threads(t, server, db)) == 2 })
		before := threads(t, server, db)
		_, err = s.Load(t.Context(), quick, []string{"1"})
		refused(t, "Load of a locked table", err, store.ErrTimeout)
		if after := threads(t, server, db); !maps.Equal(before, after) {
			t.Errorf("threads were %v and are %v: the connection was not kept", before, after)
		}
		if _, err := lock.ExecContext(t.Context(), "UNLOCK TABLES"); err != nil {
			t.Fatal(err)
		}
		expect(t, s, quick, []string{"1"}, `{"k":1}`)
	})
}

// An administrator's KILL QUERY is a timeout, not a reason to try again.
func TestKilledQuery(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, slow, _ := slowDatabase(t, server)
		s := open(t, server.DSN(db), timeout(time.Minute))
		failed := make(chan error)
		go func() {
			_, err := s.Load(t.Context(), slow, []string{"1"})
			failed <- err
		}()
		kill(t, server, db, "KILL QUERY ")
		refused(t, "Load of a killed query", <-failed, store.ErrTimeout)
		if got := s.Stats().Queries; got != 1 {
			t.Errorf("%d queries, want 1", got)
		}
	})
}

// kill waits for a running query of db and kills it.
func kill(t *testing.T, server *mysqltest.Server, db, how string) {
	t.Helper()
	eventually(t, "a query to kill", func() bool {
		rows := server.Query(t, "", "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ? AND INFO LIKE '%SHA2%' AND ID <> CONNECTION_ID()", db)
		if len(rows) > 0 {
			server.Exec(t, "", how+rows[0][0])
		}
		return len(rows) > 0
	})
}

// A caller who leaves is let go at once. The query goes on in the server, and
// keeps its slot until it has been ended.
func TestCancelledLoad(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, slow, quick := slowDatabase(t, server)
		s := open(t, server.DSN(db), timeout(time.Minute), conns(1))
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error)
			go func() {
				_, err := s.Load(ctx, slow, []string{"1"})
				failed <- err
			}()
			eventually(t, "the slow query", func() bool { return running(t, server, db, "SHA2") == 1 })
			cancel()
			if err := <-failed; !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Load() = %v, want context.Canceled alone", err)
			}
			// The only slot is free as soon as the slow query has ended.
			expect(t, s, quick, []string{"2"}, `{"k":2}`)
			if n := running(t, server, db, "SHA2"); n != 0 {
				t.Errorf("%d queries run when their slot is free", n)
			}
		}
		if got := s.Stats().Abandoned; got != 0 {
			t.Errorf("Stats().Abandoned = %d, want 0", got)
		}
	})
}

// A query whose answer never comes is given up, and its connection is ended in
// the server over another one before Load returns.
func TestAnswerNeverComes(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, _, quick := slowDatabase(t, server)
		p, dsn := newProxy(t, server.DSN(db))
		s := open(t, dsn, timeout(50*time.Millisecond), conns(1))
		expect(t, s, quick, []string{"1"}, `{"k":1}`)
		before := threads(t, server, db)
		p.Fault("FROM t", 0, 1)
		_, err := s.Load(t.Context(), quick, []string{"1"})
		refused(t, "Load without an answer", err, store.ErrTimeout)
		if got := s.Stats().Abandoned; got != 0 {
			t.Errorf("Stats().Abandoned = %d after Load has returned, want 0", got)
		}
		for id := range before {
			if threads(t, server, db)[id] {
				t.Errorf("thread %s is still in the server", id)
			}
		}
		expect(t, s, quick, []string{"1"}, `{"k":1}`)
	})
}

func threads(t *testing.T, server *mysqltest.Server, db string) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, row := range server.Query(t, "", "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ?", db) {
		ids[row[0]] = true
	}
	return ids
}

// A connection that breaks under a query is replaced once, unnoticed.
func TestBrokenConnectionIsReplacedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, _, quick := slowDatabase(t, server)
		p, dsn := newProxy(t, server.DSN(db))
		s := open(t, dsn)
		for _, test := range []struct {
			cuts    int
			queries uint64
			err     error
		}{{0, 1, nil}, {1, 2, nil}, {2, 2, store.ErrUnavailable}, {0, 1, nil}} {
			before := s.Stats().Queries
			p.Fault("FROM t", test.cuts, 0)
			_, err := s.Load(t.Context(), quick, []string{"1"})
			if !errors.Is(err, test.err) || s.Stats().Queries-before != test.queries {
				t.Errorf("%d cuts: Load() = %v after %d queries, want %v after %d", test.cuts, err, s.Stats().Queries-before, test.err, test.queries)
			}
		}
	})
}

// However many load at once, the server never has more than MaxConns queries.
func TestNeverMoreThanMaxConns(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE t (k INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		l := lookup(t, "key: k\nkey_type: integer\nquery: SELECT k, SLEEP(0.02) AS s FROM t WHERE k IN (:keys)")
		s := open(t, server.DSN(db), conns(3))
		var loads sync.WaitGroup
		for i := range 40 {
			loads.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i%3 == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*time.Millisecond)
					defer cancel()
				}
				if _, err := s.Load(ctx, l, []string{"1"}); err != nil && i%3 != 0 {
					t.Errorf("Load() = %v", err)
				}
			})
		}
		done := make(chan struct{})
		go func() { loads.Wait(); close(done) }()
		most := 0
		for over := false; !over; {
			select {
			case <-done:
				over = true
			default:
			}
			most = max(most, running(t, server, db, "SLEEP"))
		}
		if most == 0 || most > 3 {
			t.Errorf("up to %d queries at a time, want 1 to 3", most)
		}
	})
}

// A table that is altered between snapshot and query makes a second attempt.
func TestAlteredTable(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, _, _ := slowDatabase(t, server)
		server.Exec(t, db, "CREATE TABLE c (k INT PRIMARY KEY, v INT)", "INSERT INTO c VALUES (1, 5)")
		l := lookup(t, `
key: k
key_type: integer
query: SELECT k, GET_LOCK(DATABASE(), 60) + RELEASE_LOCK(DATABASE()) AS locks FROM t WHERE k IN (:keys)
with:
  c: {key: k, query: "SELECT k, v FROM c WHERE k IN (:keys)"}`)
		s := open(t, server.DSN(db), timeout(time.Minute))
		holder, err := server.Open(t, db).Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer holder.Close()
		if _, err := holder.ExecContext(t.Context(), "DO GET_LOCK(DATABASE(), 0)"); err != nil {
			t.Fatal(err)
		}
		loaded := make(chan []store.Row)
		go func() {
			rows, err := s.Load(t.Context(), l, []string{"1"})
			if err != nil {
				t.Errorf("Load() = %v", err)
			}
			loaded <- rows
		}()
		eventually(t, "the first query", func() bool { return running(t, server, db, "LOCK") == 1 })
		server.Exec(t, db, "ALTER TABLE c MODIFY v BIGINT NOT NULL")
		if _, err := holder.ExecContext(t.Context(), "DO RELEASE_LOCK(DATABASE())"); err != nil {
			t.Fatal(err)
		}
		rows := <-loaded
		if want := `{"k":1,"locks":2,"c":[{"k":1,"v":5}]}`; len(rows) != 1 || bodies(rows)[0] != want {
			t.Errorf("Load() = %q, want %s", bodies(rows), want)
		}
		if got := s.Stats().Queries; got != 4 {
			t.Errorf("%d queries, want 4: two in each attempt", got)
		}
	})
}

// TestResultTooLarge: what does not fit is given up before it is in memory; a load of several keys that does
// not fit may be tried in halves; the query is gone from the server, and others are answered.
func TestResultTooLarge(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE t (k INT PRIMARY KEY, size INT NOT NULL)", "INSERT INTO t VALUES (1, 3000), (2, 6000), (3, 9000000)",
			"CREATE TABLE many (n INT PRIMARY KEY)", "INSERT INTO many WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 900) SELECT n FROM s")
		rows := lookup(t, "key: k\nkey_type: integer\nquery: SELECT k, REPEAT('x', size) AS text FROM t WHERE k IN (:keys)")
		listing := lookup(t, "rows: many\nkey: k\nkey_type: integer\nquery: SELECT k, n, REPEAT('x', 100000) AS text FROM t JOIN many WHERE k IN (:keys)")
		s := open(t, server.DSN(db), conns(1), func(o *store.Options) { o.MaxResultBytes = 8000 })
		for range 3 { // each load counts anew
			if got := load(t, s, rows, "2"); len(got) != 1 {
				t.Fatalf("%d rows, want one", len(got))
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, test := range []struct {
			lookup *catalog.Lookup
			keys   []string
		}{{rows, []string{"1", "2"}}, {rows, []string{"3"}}, {listing, []string{"1"}}} {
			_, err := s.Load(t.Context(), test.lookup, test.keys)
			refused(t, fmt.Sprintf("Load(%v)", test.keys), err, store.ErrQuery)
			if !store.Splittable(err) || !store.Lasting(err) {
				t.Errorf("Splittable(%v) = %v, Lasting = %v", err, store.Splittable(err), store.Lasting(err))
			}
			if got := s.Stats(); got.Slots != 0 || got.Abandoned != 0 {
				t.Errorf("%+v, want no query left", got)
			}
			load(t, s, rows, "1")
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
			t.Errorf("%d bytes were allocated for results of at most 8000", grown)
		}
		if !s.Up() {
			t.Error("Up() = false, since a result was too large")
		}
	}, mysqltest.Args("--max-allowed-packet=64M"))
}

// TestRightsRevoked: what an account may no longer read is unavailable, and no defect of the catalog.
func TestRightsRevoked(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, l := smallShop(t, server)
		server.Exec(t, db, "CREATE USER 'revoked'@'127.0.0.1' IDENTIFIED BY 'x'", "GRANT SELECT ON "+db+".t TO 'revoked'@'127.0.0.1'")
		t.Cleanup(func() { server.Exec(t, "", "DROP USER 'revoked'@'127.0.0.1'") })
		s := open(t, fmt.Sprintf("revoked:x@tcp(%s)/%s", server.Addr(), db))
		expect(t, s, l, []string{"1"}, `{"k":1}`)
		server.Exec(t, db, "CREATE TABLE other (k INT)", "GRANT SELECT ON other TO 'revoked'@'127.0.0.1'", "REVOKE SELECT ON "+db+".t FROM 'revoked'@'127.0.0.1'")
		_, err := s.Load(t.Context(), l, []string{"1"})
		refused(t, "Load without the right to", err, store.ErrUnavailable)
		if !s.Up() {
			t.Error("Up() = false, though MySQL has answered")
		}
		// A right to the whole database is one that a connection has from its beginning.
		server.Exec(t, db, "GRANT SELECT ON "+db+".* TO 'revoked'@'127.0.0.1'")
		comesBack(t, s, l)
	})
}
