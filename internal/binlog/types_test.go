package binlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// A columnTest is a type of column with two values that differ.
type columnTest struct{ kind, a, b string }

var columnTests = []columnTest{
	{"TINYINT", "-128", "127"},
	{"SMALLINT UNSIGNED", "0", "65535"},
	{"MEDIUMINT", "-8388608", "8388607"},
	{"INT", "-2147483648", "2147483647"},
	{"BIGINT UNSIGNED", "0", "18446744073709551615"},
	{"FLOAT", "1.5", "-2.5"},
	{"DOUBLE", "1.5e300", "-2.5"},
	{"DECIMAL(65,30)", "-12345678901234567890123456789012345.123456789012345678901234567890", "0"},
	{"DECIMAL(10,2)", "12345678.90", "-0.01"},
	{"DECIMAL(9,9)", "0.123456789", "0"},
	{"DECIMAL(1,0)", "9", "-9"},
	{"BIT(1)", "b'0'", "b'1'"},
	{"BIT(13)", "b'1010101010101'", "b'1'"},
	{"BIT(64)", "0", "18446744073709551615"},
	{"DATE", "'1000-01-01'", "'9999-12-31'"},
	{"YEAR", "1901", "2155"},
	{"TIME", "'-838:59:59'", "'00:00:01'"},
	{"TIME(3)", "'-838:59:58.123'", "'00:00:01.5'"},
	{"TIME(6)", "'12:00:00.123456'", "'12:00:00.123457'"},
	{"DATETIME", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"},
	{"DATETIME(1)", "'2024-02-29 12:34:56.7'", "'2024-02-29 12:34:56.8'"},
	{"DATETIME(6)", "'2024-02-29 12:34:56.123456'", "'2024-02-29 12:34:56.123457'"},
	{"TIMESTAMP", "'1971-01-01 00:00:01'", "'2037-01-01 00:00:00'"},
	{"TIMESTAMP(4)", "'1971-01-01 00:00:01.1234'", "'2037-01-01 00:00:00'"},
	{"CHAR(0)", "NULL", "''"},
	{"CHAR(3)", "'ä'", "'€€€'"},
	{"CHAR(85)", "'ä'", "REPEAT('€', 85)"},
	{"CHAR(255)", "'ä'", "REPEAT('😀', 255)"},
	{"CHAR(255) CHARACTER SET latin1", "'ä'", "REPEAT('ö', 255)"},
	{"BINARY(5)", "'ab'", "x'0001020000'"},
	{"BINARY(255)", "'ab'", "REPEAT('x', 255)"},
	{"VARCHAR(10)", "'ä'", "''"},
	{"VARCHAR(63)", "'ä'", "REPEAT('😀', 63)"},
	{"VARCHAR(64)", "'ä'", "REPEAT('😀', 64)"},
	{"VARCHAR(3000)", "'ä'", "REPEAT('😀', 3000)"},
	{"VARBINARY(300)", "'ä'", "REPEAT('x', 300)"},
	{"TINYTEXT", "'ä'", "REPEAT('x', 255)"},
	{"TEXT", "'ä'", "REPEAT('x', 60000)"},
	{"MEDIUMTEXT", "'ä'", "REPEAT('x', 70000)"},
	{"LONGBLOB", "'ä'", "REPEAT('x', 70000)"},
	{"ENUM('a','b')", "'a'", "'b'"},
	{"ENUM(" + manyNames(300) + ")", "'n0'", "'n299'"},
	{"SET('a','b','c')", "'a'", "'a,c'"},
	{"SET(" + manyNames(64) + ")", "'n0'", "'n63'"},
	{"JSON", `'{"a": 1}'`, `'{"a": [1, 2, "ä"]}'`},
	{"GEOMETRY", "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('LINESTRING(1 2, 3 4)')"},
}

var mariaDBColumnTests = []columnTest{
	{"VARCHAR(100) COMPRESSED", "'ä'", "REPEAT('x', 100)"},
	{"VARCHAR(3000) COMPRESSED", "'ä'", "REPEAT('x', 3000)"},
	{"BLOB COMPRESSED", "'ä'", "REPEAT('x', 60000)"},
	{"LONGTEXT COMPRESSED", "'ä'", "REPEAT('x', 70000)"},
	{"INET6", "'::1'", "'ff::'"},
	{"INET4", "'127.0.0.1'", "'1.2.3.4'"},
	{"UUID", "'123e4567-e89b-12d3-a456-426655440000'", "'00000000-0000-0000-0000-000000000000'"},
}

var mySQLColumnTests = []columnTest{
	{"VECTOR(3)", "STRING_TO_VECTOR('[1,2,3]')", "STRING_TO_VECTOR('[3,2]')"},
}

func manyNames(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("'n%d'", i)
	}
	return strings.Join(names, ",")
}

func columnTestsOf(s *mysqltest.Server) []columnTest {
	if s.Flavour() == mysqltest.FlavourMySQL {
		return slices.Concat(columnTests, mySQLColumnTests)
	}
	return slices.Concat(columnTests, mariaDBColumnTests)
}

// Every type is written in every kind of event: what follows a column is read
// right only if the column is.
func TestRowsOfEveryType(t *testing.T) {
	eachServer(t, func(t *testing.T, s *mysqltest.Server, settings []string) {
		tests := columnTestsOf(s)
		db := s.Database(t)
		create, insert, updates := statementsFor(tests)
		s.Exec(t, db, create)
		log := logOf(t, s, db, slices.Concat(settings, insert, updates, []string{"DELETE FROM t"})...)
		if got, want := slices.ContainsFunc(log, logEvent.compressed), strings.HasSuffix(t.Name(), "/compressed"); got != want {
			t.Errorf("the log has compressed events: %t, want %t", got, want)
		}
		changes := changesOf(t, log)
		if want := 3 + len(tests) + 3; len(changes) != want {
			t.Fatalf("%d rows, want %d", len(changes), want)
		}
		checkInserts(t, changes[:3])
		for i, c := range changes[3 : 3+len(tests)] {
			if got := differing(c.before, c.after); c.kind != rowsUpdated || !slices.Equal(got, []int{i + 1}) {
				t.Errorf("%s: event of kind %d changes the columns %v, want kind %d and column %d", updates[i], c.kind, got, rowsUpdated, i+1)
			}
		}
		for i, c := range changes[3+len(tests):] {
			// Updated one column after the other, the first row has become the second.
			want := changes[max(i, 1)].after
			if got := differing(c.before[1:], want[1:]); c.kind != rowsDeleted || c.after != nil || got != nil {
				t.Errorf("row %d deleted: kind %d, columns %v differ", i+1, c.kind, got)
			}
		}
	})
}

func statementsFor(tests []columnTest) (create string, insert, updates []string) {
	var columns, a, b, nulls []string
	for i, tt := range tests {
		columns = append(columns, fmt.Sprintf("c%d %s NULL", i, tt.kind))
		a, b, nulls = append(a, tt.a), append(b, tt.b), append(nulls, "NULL")
		updates = append(updates, fmt.Sprintf("UPDATE t SET c%d = %s WHERE id = 1", i, tt.b))
	}
	create = "CREATE TABLE t (id INT PRIMARY KEY, " + strings.Join(columns, ", ") + ") CHARACTER SET utf8mb4"
	insert = []string{fmt.Sprintf("INSERT INTO t VALUES (1, %s), (2, %s), (3, %s)", strings.Join(a, ", "), strings.Join(b, ", "), strings.Join(nulls, ", "))}
	return create, insert, updates
}

func checkInserts(t *testing.T, changes []change) {
	t.Helper()
	for i, c := range changes {
		if c.kind != rowsWritten || c.before != nil {
			t.Fatalf("row %d: kind %d, before %v, want kind %d and nothing before", i+1, c.kind, c.before, rowsWritten)
		}
		if id := littleEndian(c.after[0].raw); id != uint64(i+1) {
			t.Errorf("row %d has the id %d", i+1, id)
		}
		for column, cell := range c.after[1:] {
			if empty := c.table.types[column+1] == typeString && c.table.meta[column+1] == 0; cell.null != (i == 2) && !empty {
				t.Errorf("row %d: column %d is NULL: %t", i+1, column+1, cell.null)
			}
		}
	}
}
