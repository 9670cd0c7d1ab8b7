package binlog

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

var keyTests = []struct {
	kind   string
	values []string
}{
	{"TINYINT", []string{"-128", "-1", "0", "1", "127"}},
	{"TINYINT UNSIGNED", []string{"0", "128", "255"}},
	{"SMALLINT", []string{"-32768", "-1", "32767"}},
	{"SMALLINT UNSIGNED", []string{"0", "32768", "65535"}},
	{"MEDIUMINT", []string{"-8388608", "-1", "0", "8388607"}},
	{"MEDIUMINT UNSIGNED", []string{"0", "8388608", "16777215"}},
	{"INT", []string{"-2147483648", "-1", "2147483647"}},
	{"INT UNSIGNED", []string{"0", "2147483648", "4294967295"}},
	{"INT(8) ZEROFILL", []string{"0", "42"}},
	{"BIGINT", []string{"-9223372036854775808", "-1", "9223372036854775807"}},
	{"BIGINT UNSIGNED", []string{"0", "9223372036854775808", "18446744073709551615"}},
	{"BOOLEAN", []string{"TRUE", "FALSE"}},
	{"YEAR", []string{"1901", "1999", "2155", "0"}},
	{"VARCHAR(40) CHARACTER SET utf8mb4", []string{"''", "'Müller 😀 ,/'", "' a b  '"}},
	{"VARCHAR(300) CHARACTER SET utf8mb3", []string{"'größer €'", "REPEAT('ü', 300)"}},
	{"VARCHAR(300) CHARACTER SET latin1", []string{"'Größe € ß'", "x'818d8f909d80ff'", "''", "REPEAT('ü', 300)"}},
	{"VARCHAR(300) CHARACTER SET latin1 COLLATE latin1_german1_ci", []string{"'Größe € ß'"}},
	{"CHAR(40) CHARACTER SET latin1", []string{"'Größe  '", "' ä'", "''"}},
	{"CHAR(255) CHARACTER SET utf8mb4", []string{"'Größe  😀 '", "REPEAT('😀', 255)", "''"}},
	{"CHAR(3) CHARACTER SET ascii", []string{"'ab'", "'abc'", "''"}},
	{"VARCHAR(9) CHARACTER SET latin2", []string{"'Łódź'"}},
	{"VARCHAR(9) CHARACTER SET cp1251", []string{"'Привет'"}},
	{"VARCHAR(9) CHARACTER SET koi8r", []string{"'Привет'"}},
	{"TINYTEXT CHARACTER SET latin1", []string{"'Größe '", "''"}},
	{"TEXT CHARACTER SET utf8mb4", []string{"'Größe 😀 '", "REPEAT('ü', 30000)"}},
	{"MEDIUMTEXT CHARACTER SET utf8mb4", []string{"REPEAT('ü', 40000)"}},
	{"LONGTEXT CHARACTER SET cp850", []string{"'Größe'"}},
	{"BINARY(5)", []string{"'ab'", "'abcde'", "''", "x'0001000000'", "'a  '"}},
	{"BINARY(255)", []string{"'ab'", "x'ff'"}},
	{"VARBINARY(300)", []string{"'ab'", "''", "x'0001000000'", "x'ff20'"}},
	{"BLOB", []string{"x'ff00'"}},
}

// The key of a row in the log is what a SELECT returns for it.
func TestKeyTextIsWhatSelectReturns(t *testing.T) {
	eachServer(t, func(t *testing.T, s *mysqltest.Server, settings []string) {
		db := s.Database(t)
		for _, tt := range keyTests {
			s.Exec(t, db, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, k "+tt.kind+" NULL)")
			column := columnOf(t, s, db, "k")
			insert := []string{"SET sql_mode = ''", "INSERT INTO t (k) VALUES (" + strings.Join(tt.values, "), (") + ")"}
			changes := changesOf(t, logOf(t, s, db, slices.Concat(settings, insert)...))
			want := s.Query(t, db, "SELECT k FROM t ORDER BY id")
			if len(changes) != len(want) || len(want) != len(tt.values) {
				t.Fatalf("%s: %d rows in the log, %d in the table, want %d", tt.kind, len(changes), len(want), len(tt.values))
			}
			for i, c := range changes {
				text, numeric, err := c.table.keyText(1, column, c.after[1].raw)
				if err != nil || text != want[i][0] || numeric != isNumber(tt.kind) {
					t.Errorf("%s: keyText of %s = %q, %t, %v, want %q, %t", tt.kind, tt.values[i], text, numeric, err, want[i][0], isNumber(tt.kind))
				}
			}
		}
	})
}

func isNumber(kind string) bool {
	return strings.Contains(kind, "INT") && kind != "POINT" || kind == "YEAR" || kind == "BOOLEAN"
}

// columnOf asks for a column as the follower does: a type that is neither a
// number nor text nor bytes stands for its character set.
func columnOf(t *testing.T, s *mysqltest.Server, db, name string) Column {
	t.Helper()
	row := s.Query(t, db, "SELECT data_type, column_type, COALESCE(character_set_name, '') FROM information_schema.columns WHERE table_schema = ? AND column_name = ?", db, name)[0]
	c := Column{Name: name, Unsigned: strings.Contains(row[1], "unsigned"), Charset: row[2]}
	if slices.Contains([]string{"uuid", "inet4", "inet6"}, row[0]) {
		c.Charset = row[0]
	}
	return c
}

func TestUnsupportedKeys(t *testing.T) {
	eachServer(t, func(t *testing.T, s *mysqltest.Server, settings []string) {
		db := s.Database(t)
		s.Exec(t, db, "CREATE TABLE dec1 (id INT)")
		kinds := map[string]string{
			"DECIMAL(10,2)": "1", "FLOAT": "1", "DOUBLE": "1", "DATE": "'2024-01-01'", "TIME": "'1:2:3'", "DATETIME(3)": "'2024-01-01'",
			"TIMESTAMP": "'2024-01-01'", "ENUM('a')": "'a'", "SET('a')": "'a'", "BIT(3)": "1",
			"VARCHAR(9) CHARACTER SET ucs2": "'a'", "CHAR(9) CHARACTER SET gbk": "'a'", "VARCHAR(9) CHARACTER SET swe7": "'a'",
			"VARCHAR(9) CHARACTER SET cp1251": "x'98'", "VARCHAR(9) CHARACTER SET greek": "x'a1'",
		}
		if s.Flavour() == mysqltest.FlavourMariaDB {
			kinds["UUID"], kinds["INET6"], kinds["INET4"] = "'123e4567-e89b-12d3-a456-426655440000'", "'::1'", "'1.2.3.4'"
			kinds["VARCHAR(99) COMPRESSED"], kinds["TEXT COMPRESSED"] = "'a'", "'a'"
		} else {
			kinds["JSON"], kinds["VECTOR(3)"] = "'1'", "STRING_TO_VECTOR('[1,2,3]')"
		}
		for kind, value := range kinds {
			s.Exec(t, db, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, k "+kind+" NULL)")
			changes := changesOf(t, logOf(t, s, db, slices.Concat(settings, []string{"SET sql_mode = ''", "INSERT INTO t (k) VALUES (" + value + ")"})...))
			text, _, err := changes[0].table.keyText(1, columnOf(t, s, db, "k"), changes[0].after[1].raw)
			if !errors.Is(err, errUnsupportedKey) || text != "" {
				t.Errorf("%s: keyText = %q, %v, want %v", kind, text, err, errUnsupportedKey)
			}
		}
	})
}

// Every byte of every character set becomes the server's character, or is refused.
func TestCharsets(t *testing.T) {
	for _, s := range []*mysqltest.Server{mysqltest.MariaDB(t, mysqltest.Binlog()), mysqltest.MySQL(t, mysqltest.Binlog())} {
		db := s.Open(t, "")
		for name := range charsets {
			refused := 0
			for c := range 256 {
				var want string
				query := fmt.Sprintf("SELECT CONVERT(CONVERT(x'%02x' USING %s) USING utf8mb4)", c, name)
				if err := db.QueryRow(query).Scan(&want); err != nil && !errors.Is(err, sql.ErrNoRows) {
					t.Fatal(err)
				}
				switch got, err := decodeText(name, []byte{byte(c)}); {
				case err != nil:
					refused++
				case got != want:
					t.Errorf("%s: %s: byte %#x = %q, want %q", s.Flavour(), name, c, got, want)
				}
			}
			if most := map[string]int{"latin1": 0, "latin2": 0, "hebrew": 37, "greek": 8, "cp1256": 8, "cp1257": 12}[name]; refused > max(most, 6) || most == 0 && refused > 6 {
				t.Errorf("%s: %d bytes are refused", name, refused)
			}
		}
	}
}
