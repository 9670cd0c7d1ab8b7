package store_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

// recovery is how long a store may need after MySQL is back.
const recovery = 5 * time.Second

// withLog has a Store write to a logbook.
func withLog(b *logbook) func(*store.Options) {
	return func(o *store.Options) { o.Logger = newLogger(b) }
}

// smallShop has a table with one row.
func smallShop(t *testing.T, server *mysqltest.Server) (db string, l *catalog.Lookup) {
	t.Helper()
	db = server.Database(t)
	server.Exec(t, db, "CREATE TABLE t (k INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	return db, lookup(t, "key: k\nkey_type: integer\nquery: SELECT k FROM t WHERE k IN (:keys)")
}

// comesBack expects loads to work again within the time of recovery.
func comesBack(t *testing.T, s *store.Store, l *catalog.Lookup) {
	t.Helper()
	began := time.Now()
	eventually(t, "loads work again", func() bool {
		_, err := s.Load(t.Context(), l, []string{"1"})
		if err != nil && !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("Load() = %v, want ErrUnavailable until it works", err)
		}
		return err == nil
	})
	if took := time.Since(began); took > recovery {
		t.Errorf("loads work again after %v, want %v at most", took, recovery)
	}
	if !s.Up() {
		t.Error("Up() = false after a load worked")
	}
}

// failsFast expects many loads to fail at once.
func failsFast(t *testing.T, s *store.Store, l *catalog.Lookup) {
	t.Helper()
	began := time.Now()
	for range 1000 {
		_, err := s.Load(t.Context(), l, []string{"1"})
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("Load() = %v, want ErrUnavailable", err)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("1000 loads failed in %v, want at once", took)
	}
	if s.Up() {
		t.Error("Up() = true with MySQL away")
	}
}

func TestRestart(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, l := smallShop(t, server)
		log := newLogbook()
		s := open(t, server.DSN(db), withLog(log))
		expect(t, s, l, []string{"1"}, `{"k":1}`)
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		// The pooled connection is dead, and nobody notices.
		expect(t, s, l, []string{"1"}, `{"k":1}`)

		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		_, err := s.Load(t.Context(), l, []string{"1"})
		refused(t, "Load from a dead server", err, store.ErrUnavailable)
		failsFast(t, s, l)
		refused(t, "Ping of a dead server", s.Ping(t.Context()), store.ErrUnavailable)
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		comesBack(t, s, l)
		for text, want := range map[string]int{"connected to MySQL": 1, "MySQL cannot be reached at " + server.Addr(): 1, "MySQL is back": 1, "away_since_noticed=": 1} {
			if got := log.about(text); len(got) != want {
				t.Errorf("the log says %q, want %q %d times", got, text, want)
			}
		}
	}, mysqltest.Private())
}

// Queries that run when MySQL dies fail at once, and none counts as running on.
func TestDeathUnderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, slow, quick := slowDatabase(t, server)
		s := open(t, server.DSN(db), timeout(time.Minute), conns(3))
		failed := make(chan error)
		for range 3 {
			go func() {
				_, err := s.Load(t.Context(), slow, []string{"1"})
				failed <- err
			}()
		}
		eventually(t, "three slow queries", func() bool { return running(t, server, db, "SHA2") == 3 })
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			refused(t, "Load from a server that died", <-failed, store.ErrUnavailable)
		}
		eventually(t, "nothing runs on in a dead server", func() bool { return s.Stats().Abandoned == 0 })
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		comesBack(t, s, quick)
	}, mysqltest.Private())
}

// A server that is stopped in its tracks holds nobody up for long, and its
// query, which goes on when it does, keeps its slot until then.
func TestFrozenServer(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, slow, quick := slowDatabase(t, server)
		log := newLogbook()
		s := open(t, server.DSN(db), timeout(200*time.Millisecond), conns(2), withLog(log))
		warm(t, s, 2)
		if err := server.Freeze(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := s.Load(t.Context(), slow, []string{"1"})
		refused(t, "Load from a frozen server", err, store.ErrTimeout)
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("a load from a frozen server took %v", took)
		}
		failsFast(t, s, quick)
		if got := s.Stats(); got.Abandoned != 1 || got.Slots != 1 || got.Connections > 1 {
			t.Errorf("Stats() = %+v, want one abandoned in its slot, the query that the server will find when it wakes up, and no idle connection", got)
		}
		if got := log.about("does not answer"); len(got) != 1 || !strings.Contains(got[0], "simple question") {
			t.Errorf("the log says %q, want once that MySQL does not answer a simple question", got)
		}
		if err := server.Thaw(); err != nil {
			t.Fatal(err)
		}
		comesBack(t, s, quick)
		eventually(t, "the abandoned query is ended", func() bool { return s.Stats().Abandoned == 0 })
		if n := running(t, server, db, "SHA2"); n != 0 {
			t.Errorf("%d slow queries run on", n)
		}
	}, mysqltest.Private())
}

// warm has a Store open n connections.
func warm(t *testing.T, s *store.Store, n int) {
	t.Helper()
	l := lookup(t, "key: k\nkey_type: integer\nquery: SELECT k, SLEEP(0.1) AS s FROM t WHERE k IN (:keys)")
	eventually(t, "connections", func() bool {
		var loads sync.WaitGroup
		for range n {
			loads.Go(func() { load(t, s, l, "1") })
		}
		loads.Wait()
		return s.Stats().Connections >= n
	})
}

// A network that swallows everything is like a frozen server; when it is back,
// so is the service.
func TestBlackHole(t *testing.T) {
	server := mysqltest.MariaDB(t)
	db, l := smallShop(t, server)
	p, dsn := newProxy(t, server.DSN(db))
	s := open(t, dsn, timeout(50*time.Millisecond), conns(2))
	expect(t, s, l, []string{"1"}, `{"k":1}`)
	p.Swallow(true)
	_, err := s.Load(t.Context(), l, []string{"1"})
	refused(t, "Load through a black hole", err, store.ErrTimeout)
	failsFast(t, s, l)
	p.Swallow(false)
	comesBack(t, s, l)
	eventually(t, "the abandoned connection is ended", func() bool { return s.Stats().Abandoned == 0 })
}

func TestAbsentAtStart(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, l := smallShop(t, server)
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		s := open(t, server.DSN(db))
		_, err := s.Load(t.Context(), l, []string{"1"})
		refused(t, "Load before MySQL is there", err, store.ErrUnavailable)
		failsFast(t, s, l)
		if s.Reached() {
			t.Error("Reached() = true before MySQL was there")
		}
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		comesBack(t, s, l)
		if !s.Reached() {
			t.Error("Reached() = false after a load worked")
		}
	}, mysqltest.Private())
}

// status returns a counter of the server.
func status(t testing.TB, server *mysqltest.Server, name string) int {
	t.Helper()
	n, err := strconv.Atoi(server.Query(t, "", "SHOW GLOBAL STATUS LIKE '"+name+"'")[0][1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWrongPassword(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, l := smallShop(t, server)
		server.Exec(t, "", "CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY 'new-secret'", "GRANT SELECT ON *.* TO 'reader'@'127.0.0.1'")
		t.Cleanup(func() { server.Exec(t, "", "DROP USER 'reader'@'127.0.0.1'") })
		log := newLogbook()
		s := open(t, fmt.Sprintf("reader:old-secret@tcp(%s)/%s", server.Addr(), db), conns(8), withLog(log))
		before := status(t, server, "Aborted_connects")
		began := time.Now()
		var loads sync.WaitGroup
		for range 8 {
			loads.Go(func() { failsFast(t, s, l) })
		}
		loads.Wait()
		// In the first second the pauses are 25 to 50 ms, 50 to 100, and so on.
		most := 1 + 5 + int(time.Since(began)/(500*time.Millisecond))
		if got := status(t, server, "Aborted_connects") - before; got < 1 || got > most {
			t.Errorf("8000 loads knocked %d times, want 1 to %d", got, most)
		}
		lines := log.about("")
		if len(lines) != 1 || !strings.Contains(lines[0], "MySQL refuses the password for user \"reader\"") {
			t.Errorf("the log says %q, want one line about the password", lines)
		}
		_, err := s.Load(t.Context(), l, []string{"1"})
		if text := fmt.Sprint(err, lines); strings.Contains(text, "secret") {
			t.Errorf("the password is in %q", text)
		}
		server.Exec(t, "", "ALTER USER 'reader'@'127.0.0.1' IDENTIFIED BY 'old-secret'")
		eventually(t, "loads work with the right password", func() bool {
			_, err := s.Load(t.Context(), l, []string{"1"})
			return err == nil
		})
	})
}

func TestUnknownDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		log := newLogbook()
		s := open(t, server.DSN("no_such_shop"), withLog(log))
		refused(t, "Ping", s.Ping(t.Context()), store.ErrUnavailable)
		eventually(t, "a line about the database", func() bool { return len(log.about("into database \"no_such_shop\"")) == 1 })
	})
}

// When others take up all connections, the service goes on with those it has,
// and opens more when it can.
func TestTooManyConnections(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE t (k INT PRIMARY KEY)", "INSERT INTO t VALUES (1)",
			"CREATE USER IF NOT EXISTS 'reader'@'127.0.0.1' IDENTIFIED BY 'x'", "GRANT SELECT ON *.* TO 'reader'@'127.0.0.1'")
		l := lookup(t, "key: k\nkey_type: integer\nquery: SELECT k, SLEEP(0.02) AS s FROM t WHERE k IN (:keys)")
		dsn := fmt.Sprintf("reader:x@tcp(%s)/%s", server.Addr(), db)
		log := newLogbook()
		s := open(t, dsn, conns(4), withLog(log))
		refused(t, "Ping", s.Ping(t.Context()), nil)
		hogs := hog(t, dsn)
		var loads sync.WaitGroup
		for range 20 {
			loads.Go(func() {
				if _, err := s.Load(t.Context(), l, []string{"1"}); err != nil {
					t.Errorf("Load() = %v", err)
				}
			})
		}
		loads.Wait()
		if got := log.about("no connection left"); len(got) != 1 {
			t.Errorf("the log says %q, want once that there is no connection left", log.about(""))
		}
		if got := s.Stats().Connections; got != 1 {
			t.Errorf("%d connections, want the one that it had", got)
		}
		other := open(t, dsn)
		refused(t, "Ping without any connection", other.Ping(t.Context()), store.ErrUnavailable)
		hogs()
		eventually(t, "MySQL has room again", func() bool { return len(log.about("MySQL is back")) == 1 })
		comesBack(t, other, l)
	}, mysqltest.Args("--max-connections=10"))
}

func TestReadOnly(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, _ := smallShop(t, server)
		server.Exec(t, db, "CREATE FUNCTION sneak(x INT) RETURNS INT BEGIN DELETE FROM t; RETURN x; END")
		l := lookup(t, "key: k\nkey_type: integer\nquery: SELECT sneak(1) AS k FROM DUAL WHERE 1 IN (:keys)")
		_, err := open(t, server.DSN(db)).Load(t.Context(), l, []string{"1"})
		refused(t, "Load by a function that writes", err, store.ErrQuery)
		if got := server.Query(t, db, "SELECT COUNT(*) FROM t")[0][0]; got != "1" {
			t.Errorf("the table has %s rows, want the one", got)
		}
	})
}

// One SELECT for all keys; with children one each, in one transaction.
func TestStatementsCounted(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, strings.Split(shopSchema, ";")...)
		s := open(t, server.DSN(db), conns(1))
		simple := lookup(t, "key: product_id\nkey_type: integer\nquery: SELECT product_id FROM product WHERE product_id IN (:keys)")
		nested := lookup(t, shopLookup)
		var keys []string
		for i := range 100 {
			keys = append(keys, strconv.Itoa(i))
		}
		load(t, s, simple, "1") // connects
		names := []string{"Com_select", "Com_begin", "Com_commit", "Com_set_option", "Connections"}
		count := func(f func()) map[string]int {
			counted := map[string]int{}
			for _, name := range names {
				counted[name] -= status(t, server, name)
			}
			f()
			for _, name := range names { // in the same order: asking counts too
				counted[name] += status(t, server, name)
			}
			return counted
		}
		idle := count(func() {})
		for _, test := range []struct {
			lookup *catalog.Lookup
			want   map[string]int
		}{
			{simple, map[string]int{"Com_select": 1}},
			{nested, map[string]int{"Com_select": 4, "Com_begin": 1, "Com_commit": 1}},
		} {
			got := count(func() { load(t, s, test.lookup, keys...) })
			for _, name := range names {
				if n := got[name] - idle[name]; n != test.want[name] {
					t.Errorf("%d children: %s rose by %d, want %d", len(test.lookup.With), name, n, test.want[name])
				}
			}
		}
	}, mysqltest.Private())
}

func TestClosed(t *testing.T) {
	server := mysqltest.MariaDB(t)
	db, l := smallShop(t, server)
	s := open(t, server.DSN(db))
	expect(t, s, l, []string{"1"}, `{"k":1}`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Load(t.Context(), l, []string{"1"})
	refused(t, "Load from a closed Store", err, store.ErrUnavailable)
	refused(t, "Ping of a closed Store", s.Ping(t.Context()), store.ErrUnavailable)
}
