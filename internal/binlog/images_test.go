package binlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// A row image may leave columns out: MINIMAL has the primary key before, and what
// was written after.
func TestMinimalImages(t *testing.T) {
	eachServer(t, func(t *testing.T, s *mysqltest.Server, settings []string) {
		db := s.Database(t)
		s.Exec(t, db, "CREATE TABLE t (a INT, b INT, id INT PRIMARY KEY, c INT, d TEXT)", "CREATE TABLE defaults (a INT DEFAULT 1, b INT)")
		changes := changesOf(t, logOf(t, s, db, slices.Concat(settings, []string{
			"SET binlog_row_image = MINIMAL",
			"INSERT INTO t (id, a) VALUES (1, 10), (2, NULL)",
			"UPDATE t SET d = 'x', c = 3 ORDER BY id",
			"DELETE FROM t ORDER BY id",
			"INSERT INTO defaults VALUES ()",
		})...))
		wants := []struct {
			kind          rowKind
			before, after []int
		}{
			{rowsWritten, nil, []int{0, 2}}, {rowsWritten, nil, []int{0, 2}},
			{rowsUpdated, []int{2}, []int{3, 4}}, {rowsUpdated, []int{2}, []int{3, 4}},
			{rowsDeleted, []int{2}, nil}, {rowsDeleted, []int{2}, nil},
			{rowsWritten, nil, nil},
		}
		if s.Flavour() == mysqltest.FlavourMariaDB {
			wants[6].after = []int{0, 1} // it logs defaults
		}
		if len(changes) != len(wants) {
			t.Fatalf("%d rows, want %d", len(changes), len(wants))
		}
		for i, want := range wants {
			c := changes[i]
			if c.kind != want.kind || !slices.Equal(present(c.before), want.before) || !slices.Equal(present(c.after), want.after) {
				t.Errorf("row %d: kind %d with the columns %v, %v, want %+v", i+1, c.kind, present(c.before), present(c.after), want)
			}
		}
		if c := changes[1].after[0]; !c.null {
			t.Errorf("NULL written = %+v", c)
		}
		if c := changes[6]; c.after == nil {
			t.Error("a row written without values has no image after")
		}
	})
}

// More columns than one byte counts, in a table and with columns of the longest names.
func TestWideTable(t *testing.T) {
	const columns = 300
	eachServer(t, func(t *testing.T, s *mysqltest.Server, settings []string) {
		db := s.Database(t)
		name := strings.Repeat("ü", 20) + strings.Repeat("x", 44)
		var definitions, values []string
		for i := range columns {
			definitions = append(definitions, fmt.Sprintf("%s%03d VARCHAR(5)", strings.Repeat("ü", 61), i))
			values = append(values, fmt.Sprintf("'%d'", i))
		}
		s.Exec(t, db, fmt.Sprintf("CREATE TABLE `%s` (%s)", name, strings.Join(definitions, ", ")))
		changes := changesOf(t, logOf(t, s, db, slices.Concat(settings, []string{
			fmt.Sprintf("INSERT INTO `%s` VALUES (%s)", name, strings.Join(values, ", ")),
			fmt.Sprintf("UPDATE `%s` SET %s298 = 'x', %s299 = NULL", name, strings.Repeat("ü", 61), strings.Repeat("ü", 61)),
		})...))
		if len(changes) != 2 {
			t.Fatalf("%d rows, want 2", len(changes))
		}
		if m := changes[0].table; m.schema != db || m.table != name || len(m.types) != columns {
			t.Errorf("table map of %s.%s with %d columns, want %s.%s with %d", m.schema, m.table, len(m.types), db, name, columns)
		}
		for i, c := range changes[0].after {
			if string(c.raw) != fmt.Sprint(i) {
				t.Errorf("column %d = %q", i, c.raw)
			}
		}
		if got := differing(changes[1].before, changes[1].after); !slices.Equal(got, []int{298, 299}) {
			t.Errorf("columns %v differ, want 298 and 299", got)
		}
	})
}

// A row longer than 16 MiB, and a transaction of many rows.
func TestLargeRows(t *testing.T) {
	const rows, size = 5000, 17 << 20
	eachServer(t, func(t *testing.T, s *mysqltest.Server, settings []string) {
		db := s.Database(t)
		s.Exec(t, "", "SET GLOBAL max_allowed_packet = 67108864")
		s.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a LONGTEXT, b INT)", "INSERT INTO t (b) VALUES "+strings.Repeat("(0), ", rows-1)+"(0)")
		changes := changesOf(t, logOf(t, s, db, slices.Concat(settings, []string{
			"UPDATE t SET b = 1",
			fmt.Sprintf("UPDATE t SET a = REPEAT('x', %d), b = 2 WHERE id = %d", size, rows/2),
		})...))
		if len(changes) != rows+1 {
			t.Fatalf("%d rows, want %d", len(changes), rows+1)
		}
		for i, c := range changes[:rows] {
			if got := differing(c.before, c.after); !slices.Equal(got, []int{2}) {
				t.Fatalf("row %d: columns %v differ, want 2", i+1, got)
			}
		}
		if got := len(changes[rows].after[1].raw); got != size {
			t.Errorf("the long text has %d bytes, want %d", got, size)
		}
	})
}

// MySQL can log of a JSON column only what changed in it, in any of several columns.
func TestPartialJSON(t *testing.T) {
	s := mysqltest.MySQL(t, mysqltest.Binlog())
	db := s.Database(t)
	for _, image := range []string{"FULL", "MINIMAL"} {
		s.Exec(t, db, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id INT PRIMARY KEY, a JSON, n INT, b JSON, c JSON, z VARCHAR(9))",
			`INSERT INTO t VALUES (1, '{"x": "long enough to be worth it"}', 5, '{"y": [1, 2, "long enough to be worth it"]}', '{}', 'end')`)
		log := logOf(t, s, db, "SET binlog_row_value_options = PARTIAL_JSON", "SET binlog_row_image = "+image,
			`UPDATE t SET b = JSON_SET(b, '$.y[0]', 7), z = 'END' WHERE id = 1`,
			`UPDATE t SET a = JSON_SET(a, '$.x', "other"), b = JSON_REMOVE(b, '$.y[1]'), c = NULL WHERE id = 1`,
			`UPDATE t SET n = 6`)
		changes := changesOf(t, log)
		wants := [][]int{{3, 5}, {1, 3, 4}, {2}}
		if len(changes) != len(wants) {
			t.Fatalf("%s: %d rows, want %d", image, len(changes), len(wants))
		}
		if !slices.ContainsFunc(log, func(e logEvent) bool { return e.kind == eventPartialUpdateRows }) {
			t.Errorf("%s: no event is partial", image)
		}
		for i, want := range wants {
			got := differing(changes[i].before, changes[i].after)
			if image == "MINIMAL" {
				got = present(changes[i].after)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: update %d: columns %v differ, want %v", image, i+1, got, want)
			}
		}
		if z := changes[0].after[5].raw; string(z) != "END" {
			t.Errorf("%s: the column behind a partial one = %q, want END", image, z)
		}
	}
}

// What is indexed by many values each is a hidden column in MySQL.
func TestMultiValuedIndex(t *testing.T) {
	s := mysqltest.MySQL(t, mysqltest.Binlog())
	db := s.Database(t)
	s.Exec(t, db, `CREATE TABLE t (id INT PRIMARY KEY, doc JSON, z INT,
		INDEX ((CAST(doc->'$.n' AS UNSIGNED ARRAY))), INDEX ((CAST(doc->'$.s' AS CHAR(30) ARRAY))), INDEX ((CAST(doc->'$.d' AS DECIMAL(9,2) ARRAY))), INDEX ((CAST(doc->>'$.t' AS CHAR(20)))))`)
	changes := changesOf(t, logOf(t, s, db, "SET binlog_row_value_options = PARTIAL_JSON",
		`INSERT INTO t VALUES (1, '{"n": [1, 2], "s": ["ä", "b"], "d": [1.5], "t": "T"}', 77)`,
		`UPDATE t SET z = 78, doc = JSON_SET(doc, '$.n[0]', 3)`, `DELETE FROM t`))
	if len(changes) != 3 {
		t.Fatalf("%d rows, want 3", len(changes))
	}
	for i, z := range []uint64{77, 77, 78} {
		cells := changes[i].before
		if i == 0 {
			cells = changes[i].after
		}
		if littleEndian(cells[0].raw) != 1 || littleEndian(cells[2].raw) != z {
			t.Errorf("row %d: id %v, z %v, want 1, %d", i+1, cells[0].raw, cells[2].raw, z)
		}
	}
}

// Tables of old servers keep the older formats of times.
func TestOldTimes(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	db := s.Database(t)
	s.Exec(t, "", "SET GLOBAL mysql56_temporal_format = OFF")
	t.Cleanup(func() { s.Exec(t, "", "SET GLOBAL mysql56_temporal_format = ON") })
	s.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, a TIMESTAMP NULL, b DATETIME, c TIME, z INT)")
	changes := changesOf(t, logOf(t, s, db, "INSERT INTO t VALUES (1, NOW(), NOW(), '1:2:3', 77)"))
	if len(changes) != 1 || littleEndian(changes[0].after[4].raw) != 77 {
		t.Errorf("changes = %+v", changes)
	}
}
