package store_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

// A collation that is looser than the key type gives nobody another key's row.
func TestKeysMatchByteForByte(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db,
			"CREATE TABLE t (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT)", // pads with blanks
			"INSERT INTO t VALUES ('ABC', 1), ('é', 2), ('straße', 3), ('x', 4), ('7', 5)")
		s := open(t, server.DSN(db))
		exact := lookup(t, "key: k\nkey_type: string\nomit: [k]\nquery: SELECT * FROM t WHERE k IN (:keys)")
		expect(t, s, exact, []string{"abc", "ABC", "e", "é", "x ", "x", "STRASSE", "7abc", "7"},
			"-", `{"v":1}`, "-", `{"v":2}`, "-", `{"v":4}`, "-", "-", `{"v":5}`)
		folded := lookup(t, "key: k\nkey_type: string_ci\nomit: [k]\nquery: SELECT * FROM t WHERE k IN (:keys)")
		expect(t, s, folded, []string{"abc", "e", "é", "x "}, `{"v":1}`, "-", `{"v":2}`, "-")
	})
}

func TestIntegerKeys(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE u (k BIGINT UNSIGNED PRIMARY KEY)", "INSERT INTO u VALUES (0), (18446744073709551615)",
			"CREATE TABLE z (k INT(5) ZEROFILL PRIMARY KEY)", "INSERT INTO z VALUES (42)",
			"CREATE TABLE n (k BIGINT PRIMARY KEY)", "INSERT INTO n VALUES (-9223372036854775808)",
			"CREATE TABLE s (k VARCHAR(9) PRIMARY KEY)", "INSERT INTO s VALUES ('07'), ('7x')")
		s := open(t, server.DSN(db))
		for _, test := range []struct {
			table string
			keys  []string
			want  []string
		}{
			{"u", []string{"18446744073709551615", "0", "1"}, []string{`{"k":18446744073709551615}`, `{"k":0}`, "-"}},
			{"z", []string{"42"}, []string{`{"k":42}`}},
			{"n", []string{"-9223372036854775808"}, []string{`{"k":-9223372036854775808}`}},
		} {
			l := lookup(t, "key: k\nkey_type: integer\nquery: SELECT * FROM "+test.table+" WHERE k IN (:keys)")
			expect(t, s, l, test.keys, test.want...)
		}
		// As numbers these texts are 7, but they are not the text 7.
		l := lookup(t, "key: k\nkey_type: string\nquery: SELECT * FROM s WHERE k + 0 IN (:keys)")
		expect(t, s, l, []string{"7", "07"}, "-", `{"k":"07"}`)
	})
}

// Keys in columns of other character sets; a letter that the column cannot have
// makes the key absent, and a larger load one to be split.
func TestKeysOfOtherCharacterSets(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		for _, column := range []string{"VARCHAR(20) CHARACTER SET latin1", "VARCHAR(20) CHARACTER SET utf8mb3"} {
			server.Exec(t, db, "DROP TABLE IF EXISTS t", "SET NAMES utf8mb4",
				"CREATE TABLE t (k "+column+" PRIMARY KEY)", "INSERT INTO t VALUES ('é'), ('a')")
			s := open(t, server.DSN(db))
			l := lookup(t, "key: k\nkey_type: string\nquery: SELECT * FROM t WHERE k IN (:keys)")
			expect(t, s, l, []string{"a", "é", "ö"}, `{"k":"a"}`, `{"k":"é"}`, "-")
			expect(t, s, l, []string{"😀"}, "-")
			_, err := s.Load(t.Context(), l, []string{"a", "😀"})
			refused(t, column+": Load of a key with an impossible letter and another", err, store.ErrQuery)
			if !store.Splittable(err) {
				t.Errorf("%s: Splittable(%v) = false, want true", column, err)
			}
		}
	})
}

func TestBinaryKeys(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE t (k VARBINARY(20) PRIMARY KEY)", "INSERT INTO t VALUES ('sku'), ('SKU')")
		l := lookup(t, "key: k\nkey_type: string\nquery: SELECT * FROM t WHERE k IN (:keys)")
		expect(t, open(t, server.DSN(db)), l, []string{"SKU", "sku", "Sku"}, `{"k":"U0tV"}`, `{"k":"c2t1"}`, "-")
	})
}

// Keys made to break out of their literal find themselves, under every way that
// the server may read quotes.
func TestInjection(t *testing.T) {
	keys := []string{`' OR '1'='1`, `\' OR 1=1 -- `, `") OR ("a"="a`, `x'); DROP TABLE t; -- `, `\`, `'`, `''`, `"`, "`", `/*`, `:keys`, `?`, `%`, `_`}
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		for _, mode := range []string{"", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"} {
			db := server.Database(t)
			pool := server.Open(t, db)
			server.Exec(t, db, "CREATE TABLE t (k VARCHAR(50) COLLATE utf8mb4_bin PRIMARY KEY)", "INSERT INTO t VALUES ('secret')")
			s := open(t, server.DSN(db)+"?sql_mode='"+mode+"'")
			l := lookup(t, "key: k\nkey_type: string\nquery: SELECT k, 1 AS v FROM t WHERE k IN (:keys)")
			for i, got := range load(t, s, l, keys...) {
				if got != "-" {
					t.Errorf("sql_mode=%s: key %q found %s", mode, keys[i], got)
				}
			}
			for _, key := range keys {
				if _, err := pool.Exec("INSERT INTO t VALUES (?)", key); err != nil {
					t.Fatal(err)
				}
			}
			for i, got := range load(t, s, l, keys...) {
				if got == "-" {
					t.Errorf("sql_mode=%s: key %q does not find itself", mode, keys[i])
				}
			}
		}
	})
}

// Random text makes the round trip: literal, server, key column, JSON.
func TestRandomKeysRoundTrip(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		pool := server.Open(t, db)
		server.Exec(t, db, "CREATE TABLE t (n INT PRIMARY KEY, k VARCHAR(64) COLLATE utf8mb4_bin, KEY (k))")
		random := rand.New(rand.NewPCG(1, 2))
		var keys []string
		for n := range 300 {
			key := randomText(random)
			if slices.Contains(keys, key) {
				continue
			}
			keys = append(keys, key)
			if _, err := pool.Exec("INSERT INTO t VALUES (?, ?)", n, key); err != nil {
				t.Fatal(err)
			}
		}
		l := lookup(t, "key: k\nkey_type: string\nomit: [k]\nquery: SELECT k, n FROM t WHERE k IN (:keys)")
		for i, got := range load(t, open(t, server.DSN(db)), l, keys...) {
			if got == "-" {
				t.Errorf("key %q was not found again", keys[i])
			}
		}
	})
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(20) {
		c := rune(r.IntN(0x250))
		if r.IntN(8) == 0 {
			c = rune(r.IntN(utf8.MaxRune))
		}
		if utf8.ValidRune(c) && c != ' ' { // PAD SPACE would make "a" of "a "
			b.WriteRune(c)
		}
	}
	return "k" + b.String()
}

// Where several rows have the key of a lookup that wants one, the first is it.
func TestFirstRowWins(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE t (n INT PRIMARY KEY, k INT)", "INSERT INTO t VALUES (1, 7), (2, 7), (3, 8), (4, 7)")
		s := open(t, server.DSN(db))
		l := lookup(t, "key: k\nkey_type: integer\nquery: SELECT k, n FROM t WHERE k IN (:keys) ORDER BY n DESC")
		expect(t, s, l, []string{"7", "8"}, `{"k":7,"n":4}`, `{"k":8,"n":3}`)
		if got := s.Stats().DuplicateRows; got != 2 {
			t.Errorf("Stats().DuplicateRows = %d, want 2", got)
		}
	})
}
