package store_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

// listings has a product in many categories, and codes in latin1.
func listings(t *testing.T, server *mysqltest.Server) (db string) {
	t.Helper()
	db = server.Database(t)
	server.Exec(t, db, "SET sql_mode = ''", "SET NAMES utf8mb4",
		"CREATE TABLE link (product_id INT(5) ZEROFILL, category_id INT(5) ZEROFILL NULL, KEY (product_id))",
		"INSERT INTO link VALUES (1, 7), (1, 8), (2, 8), (2, NULL), (3, 9)",
		"CREATE TABLE word (id INT, code VARCHAR(20) CHARACTER SET latin1, word VARCHAR(20) COLLATE utf8mb4_bin, KEY (id), KEY (code))",
		"INSERT INTO word VALUES (1, 'é', 'Ab'), (1, 'e', 'aB'), (1, '', ''), (2, 'x', 'a\tb'), (2, 'x', ' c '), (2, 'x', 'É')",
		"CREATE TABLE number (n INT PRIMARY KEY)")
	for from := 0; from < 250; from += 50 {
		server.Exec(t, db, fmt.Sprintf("INSERT INTO number SELECT %d + a.n + 10*b.n FROM (SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) a, (SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) b", from))
	}
	return db
}

// finding returns a lookup with keys of a type, and the change in it that finds
// them by a query.
func finding(t testing.TB, keyType, query string) (*catalog.Lookup, catalog.Change) {
	t.Helper()
	l := lookup(t, "key: k\nkey_type: "+keyType+"\nquery: SELECT k FROM t WHERE k IN (:keys)\nchanged_by:\n  product:\n    key: id\n    find: "+query)
	return l, l.ChangedBy[0]
}

func TestFind(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		s := open(t, server.DSN(listings(t, server)))
		for _, test := range []struct {
			name, keyType, query string
			t                    catalog.KeyType
			values               []string
			want                 []string
			queries              uint64
		}{
			{"one value", "integer", "SELECT category_id FROM link WHERE product_id IN (:keys)", catalog.Integer, []string{"1"}, []string{"7", "8"}, 1},
			{"each key once", "integer", "SELECT category_id FROM link WHERE product_id IN (:keys)", catalog.Integer, []string{"1", "2"}, []string{"7", "8"}, 1},
			{"nothing to find", "integer", "SELECT category_id FROM link WHERE product_id IN (:keys)", catalog.Integer, []string{"5"}, nil, 1},
			{"no values", "integer", "SELECT category_id FROM link WHERE product_id IN (:keys)", catalog.Integer, nil, nil, 0},
			{"text that is no number", "integer", "SELECT word FROM word WHERE id IN (:keys)", catalog.Integer, []string{"1"}, nil, 1},
			{"number as text, as Load knows it", "string", "SELECT category_id FROM link WHERE product_id IN (:keys)", catalog.Integer, []string{"3"}, []string{"9"}, 1},
			{"string", "string", "SELECT word FROM word WHERE id IN (:keys)", catalog.Integer, []string{"1", "2"}, []string{" c ", "Ab", "aB", "É"}, 1},
			{"string_ci", "string_ci", "SELECT word FROM word WHERE id IN (:keys)", catalog.Integer, []string{"1", "2"}, []string{" c ", "ab", "é"}, 1},
			{"by text of another charset", "string_ci", "SELECT word FROM word WHERE code IN (:keys)", catalog.String, []string{"x"}, []string{" c ", "é"}, 1},
			{"by a letter that the column has not", "string", "SELECT word FROM word WHERE code IN (:keys)", catalog.String, []string{"😀"}, nil, 1},
			{"by such a letter and others", "string", "SELECT word FROM word WHERE code IN (:keys)", catalog.String, []string{"x", "😀", "q"}, []string{" c ", "É"}, 5},
			{"a hundred", "integer", "SELECT n FROM number WHERE n IN (:keys)", catalog.Integer, count(100), count(100), 1},
			{"more than a hundred", "integer", "SELECT n FROM number WHERE n IN (:keys)", catalog.Integer, count(201), count(201), 3},
		} {
			t.Run(test.name, func(t *testing.T) {
				l, c := finding(t, test.keyType, test.query)
				before := s.Stats().Queries
				got, err := s.Find(t.Context(), l, c, test.t, test.values)
				slices.Sort(got)
				slices.Sort(test.want)
				if err != nil || !slices.Equal(got, test.want) {
					t.Errorf("Find(%.100q) = %q, %v, want %q", test.values, got, err, test.want)
				}
				if n := s.Stats().Queries - before; n != test.queries {
					t.Errorf("Find(%.100q) sent %d queries, want %d", test.values, n, test.queries)
				}
			})
		}
	})
}

// count returns the first n numbers.
func count(n int) (numbers []string) {
	for i := range n {
		numbers = append(numbers, strconv.Itoa(i))
	}
	return numbers
}

func TestFindFails(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := listings(t, server)
		s := open(t, server.DSN(db), timeout(100*time.Millisecond), conns(1))
		for _, test := range []struct {
			name, query string
			value       string
			want        error
		}{
			{"two columns", "SELECT product_id, category_id FROM link WHERE product_id IN (:keys)", "1", store.ErrQuery},
			{"no such table", "SELECT category_id FROM nosuch WHERE product_id IN (:keys)", "1", store.ErrQuery},
			{"a value of another type", "SELECT category_id FROM link WHERE product_id IN (:keys)", "1) OR (1", store.ErrQuery},
			{"over the limit", "SELECT MAX(SHA2(CONCAT(a.n, b.n, c.n, d.n), 512)) FROM number a, number b, number c, number d WHERE a.n IN (:keys)", "1", store.ErrTimeout},
		} {
			l, c := finding(t, "integer", test.query)
			failed := s.Stats().Errors
			keys, err := s.Find(t.Context(), l, c, catalog.Integer, []string{test.value})
			refused(t, test.name+": Find", err, test.want)
			if keys != nil || s.Stats().Errors != failed+1 {
				t.Errorf("%s: Find() = %q with its error, Stats().Errors %d, want no keys, and %d", test.name, keys, s.Stats().Errors, failed+1)
			}
		}
		// None of it has cost the only slot or its connection.
		l, c := finding(t, "integer", "SELECT category_id FROM link WHERE product_id IN (:keys)")
		if keys, err := s.Find(t.Context(), l, c, catalog.Integer, []string{"3"}); err != nil || !slices.Equal(keys, []string{"9"}) {
			t.Errorf("Find() = %q, %v, want 9", keys, err)
		}
		if got := s.Stats(); got.Connections != 1 || got.Abandoned != 0 {
			t.Errorf("Stats() = %+v, want one connection, nothing abandoned", got)
		}
	})
}

// A find takes a slot as a load does, waits for one, and keeps it for as long as
// its query runs in the server.
func TestFindTakesASlot(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db, _, quick := slowDatabase(t, server)
		s := open(t, server.DSN(db), timeout(time.Minute), conns(1))
		l, c := finding(t, "integer", "SELECT k + 0 * MAX(LENGTH(SHA2(CONCAT(t.k, a.n, b.n, c.n, d.n, e.n, f.n, g.n), 512))) FROM t, n a, n b, n c, n d, n e, n f, n g WHERE k IN (:keys)")
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, err := s.Find(ctx, l, c, catalog.Integer, []string{"1"})
			failed <- err
		}()
		eventually(t, "the slow query", func() bool { return running(t, server, db, "SHA2") == 1 })
		hurry, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer stop()
		_, err := s.Find(hurry, l, c, catalog.Integer, []string{"1"})
		refused(t, "Find without a free slot", err, context.DeadlineExceeded)
		if n := s.Stats().Queries; n != 1 {
			t.Errorf("%d queries were sent, want 1", n)
		}
		cancel()
		refused(t, "Find whose caller left", <-failed, context.Canceled)
		expect(t, s, quick, []string{"2"}, `{"k":2}`)
		if n := running(t, server, db, "SHA2"); n != 0 {
			t.Errorf("%d queries run when their slot is free", n)
		}
	})
}

func TestFindReplacesBrokenConnectionOnce(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		p, dsn := newProxy(t, server.DSN(listings(t, server)))
		s := open(t, dsn)
		l, c := finding(t, "integer", "SELECT category_id FROM link WHERE product_id IN (:keys)")
		for _, test := range []struct {
			cuts    int
			queries uint64
			err     error
		}{{0, 1, nil}, {1, 2, nil}, {2, 2, store.ErrUnavailable}} {
			before := s.Stats().Queries
			p.Fault("FROM link", test.cuts, 0)
			_, err := s.Find(t.Context(), l, c, catalog.Integer, []string{"1"})
			refused(t, fmt.Sprintf("%d cuts: Find", test.cuts), err, test.err)
			if n := s.Stats().Queries - before; n != test.queries {
				t.Errorf("%d cuts: %d queries, want %d", test.cuts, n, test.queries)
			}
		}
	})
}

func TestFindAnswerNeverComes(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		p, dsn := newProxy(t, server.DSN(listings(t, server)))
		s := open(t, dsn, timeout(50*time.Millisecond), conns(1))
		l, c := finding(t, "integer", "SELECT category_id FROM link WHERE product_id IN (:keys)")
		for _, want := range []error{store.ErrTimeout, nil} {
			if want != nil {
				p.Fault("FROM link", 0, 1)
			}
			_, err := s.Find(t.Context(), l, c, catalog.Integer, []string{"1"})
			refused(t, "Find", err, want)
		}
	})
}

func TestFindAfterClose(t *testing.T) {
	s := open(t, "shop@tcp(127.0.0.1:1)/shop")
	l, c := finding(t, "integer", "SELECT k FROM t WHERE k IN (:keys)")
	_, err := s.Find(t.Context(), l, c, catalog.Integer, []string{"1"})
	refused(t, "Find without MySQL", err, store.ErrUnavailable)
	_ = s.Close()
	_, err = s.Find(t.Context(), l, c, catalog.Integer, nil)
	refused(t, "Find after Close", err, store.ErrUnavailable)
	_, err = s.Columns(t.Context(), "", "t")
	refused(t, "Columns after Close", err, store.ErrUnavailable)
	_, err = s.Cascades(t.Context(), "", "t")
	refused(t, "Cascades after Close", err, store.ErrUnavailable)
}
