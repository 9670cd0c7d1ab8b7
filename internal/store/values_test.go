package store_test

import (
	"encoding/json"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// Every column type with the values that hurt: declaration, SQL value, JSON.
var values = []struct{ column, value, want string }{
	{"TINYINT(1)", "-128", `-128`},
	{"TINYINT UNSIGNED", "255", `255`},
	{"SMALLINT", "-32768", `-32768`},
	{"MEDIUMINT UNSIGNED", "16777215", `16777215`},
	{"INT", "-2147483648", `-2147483648`},
	{"INT(8) ZEROFILL", "42", `42`},
	{"BIGINT", "-9223372036854775808", `-9223372036854775808`},
	{"BIGINT UNSIGNED", "18446744073709551615", `18446744073709551615`},
	{"DECIMAL(65,30)", "'-99999999999999999999999999999999999.999999999999999999999999999999'",
		`"-99999999999999999999999999999999999.999999999999999999999999999999"`},
	{"DECIMAL(15,4)", "9.9", `"9.9000"`},
	{"FLOAT", "3.4028e38", `3.4028e+38`},
	{"FLOAT", "-1.5", `-1.5`},
	{"DOUBLE", "1.7976931348623157e308", `1.7976931348623157e+308`},
	{"DOUBLE", "-2.2250738585072014e-308", `-2.2250738585072014e-308`},
	{"DOUBLE", "123456789.5", `123456789.5`},
	{"BIT(1)", "b'1'", `1`},
	{"BIT(64)", "0xFFFFFFFFFFFFFFFF", `18446744073709551615`},
	{"YEAR", "2155", `2155`},
	{"YEAR", "0", `0`},
	{"DATE", "'9999-12-31'", `"9999-12-31"`},
	{"DATE", "'0000-00-00'", `null`},
	{"DATE", "'2024-00-10'", `null`},
	{"DATETIME", "'2024-02-29 12:34:56'", `"2024-02-29T12:34:56Z"`},
	{"DATETIME(6)", "'2024-02-29 12:34:56.789'", `"2024-02-29T12:34:56.789000Z"`},
	{"DATETIME", "'0000-00-00 00:00:00'", `null`},
	{"DATETIME", "'2024-02-00 12:00:00'", `null`},
	{"TIMESTAMP NULL", "'2024-07-01 00:00:00'", `"2024-07-01T00:00:00Z"`},
	{"TIMESTAMP(3) NULL", "'2024-07-01 00:00:00.5'", `"2024-07-01T00:00:00.500Z"`},
	{"TIMESTAMP NULL", "'0000-00-00 00:00:00'", `null`},
	{"TIME(3)", "'-838:59:59'", `"-838:59:59.000"`},
	{"CHAR(5)", "'a '", `"a"`},
	{"CHAR(5) COLLATE utf8mb4_bin", "'x'", `"x"`},
	{"VARCHAR(20)", `'"\\\\"'`, `"\"\\\\\""`},
	{"VARCHAR(20)", "'</b>\\n\\t'", `"</b>\n\t"`},
	{"VARCHAR(20) CHARACTER SET latin1", "X'E9E8'", `"éè"`},
	{"TEXT CHARACTER SET latin1", "X'80'", `"€"`},
	{"VARCHAR(20) CHARACTER SET utf8mb4", "X'F09F9880'", `"😀"`},
	{"TINYTEXT", "'t'", `"t"`},
	{"LONGTEXT COLLATE utf8mb4_bin", "'long'", `"long"`},
	{"ENUM('a','b')", "'b'", `"b"`},
	{"ENUM('a','b')", "''", `""`},
	{"SET('a','b','c')", "'a,c'", `"a,c"`},
	{"BINARY(4)", "X'00FF'", `"AP8AAA=="`},
	{"VARBINARY(4)", "X'FFFE'", `"//4="`},
	{"TINYBLOB", "''", `""`},
	{"LONGBLOB", "'abc'", `"YWJj"`},
	{"GEOMETRY", "ST_GeomFromText('POINT(0 0)')", `"AAAAAAEBAAAAAAAAAAAAAAAAAAAAAAAAAA=="`},
}

var nulls = []string{"INT", "BIGINT UNSIGNED", "DECIMAL(5,2)", "FLOAT", "DOUBLE", "BIT(3)", "YEAR", "DATE", "DATETIME",
	"TIMESTAMP NULL", "TIME", "CHAR(3)", "VARCHAR(3)", "TEXT", "ENUM('a')", "SET('a')", "BLOB", "VARBINARY(3)", "JSON"}

func TestValues(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		s := open(t, server.DSN(db))
		l := lookup(t, "key: id\nkey_type: integer\nomit: [id]\nquery: SELECT * FROM t WHERE id IN (:keys)")
		for _, v := range values {
			server.Exec(t, db, "SET sql_mode = ''", "DROP TABLE IF EXISTS t",
				"CREATE TABLE t (id INT PRIMARY KEY, v "+v.column+")", "INSERT INTO t VALUES (1, "+v.value+")")
			if got := load(t, s, l, "1")[0]; got != `{"v":`+v.want+`}` {
				t.Errorf("%s %s is %s, want %s", v.column, v.value, got, v.want)
			}
		}
		for _, column := range nulls {
			server.Exec(t, db, "DROP TABLE IF EXISTS t",
				"CREATE TABLE t (id INT PRIMARY KEY, v "+column+")", "INSERT INTO t VALUES (1, NULL)")
			if got := load(t, s, l, "1")[0]; got != `{"v":null}` {
				t.Errorf("%s NULL is %s, want null", column, got)
			}
		}
	})
}

// What only one of the servers has.
func TestValuesOfOneServer(t *testing.T) {
	for _, test := range []struct{ flavour, column, value, want string }{
		{"MySQL", "JSON", `'{"a": [1, "é😀"]}'`, `{"a": [1, "é😀"]}`},
		{"MySQL", "VECTOR(1)", `STRING_TO_VECTOR('[1]')`, `"AACAPw=="`},
		{"MariaDB", "JSON", `'{"a": 1}'`, `"{\"a\": 1}"`}, // a LONGTEXT: say json: [v]
		{"MariaDB", "UUID", `'123e4567-e89b-12d3-a456-426655440000'`, `"123e4567-e89b-12d3-a456-426655440000"`},
		{"MariaDB", "INET6", `'::1'`, `"::1"`},
		{"MariaDB", "INET4", `'10.0.0.1'`, `"10.0.0.1"`},
	} {
		for _, flavour := range flavours {
			if flavour.name != test.flavour {
				continue
			}
			t.Run(test.flavour+"/"+test.column, func(t *testing.T) {
				server := flavour.start(t)
				db := server.Database(t)
				server.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, v "+test.column+")", "INSERT INTO t VALUES (1, "+test.value+")")
				l := lookup(t, "key: id\nkey_type: integer\nomit: [id]\nquery: SELECT * FROM t WHERE id IN (:keys)")
				expect(t, open(t, server.DSN(db)), l, []string{"1"}, `{"v":`+test.want+`}`)
			})
		}
	}
}

func TestJSONAndBoolColumns(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, j TEXT, b TINYINT, d DECIMAL(3,1), x BLOB)",
			`INSERT INTO t VALUES (1, ' {"a": [1]} ', 0, 0, '{"b":2}'), (2, '{"a": ', -3, 0.1, X'22FF22'), (3, NULL, NULL, NULL, NULL), (4, '', 1, 1, '')`)
		l := lookup(t, "key: id\nkey_type: integer\nomit: [id]\njson: [j, x]\nbool: [b, d]\nquery: SELECT * FROM t WHERE id IN (:keys)")
		expect(t, open(t, server.DSN(db)), l, []string{"1", "2", "3", "4"},
			`{"j":{"a": [1]},"b":false,"d":false,"x":{"b":2}}`,
			`{"j":"{\"a\": ","b":true,"d":true,"x":"\"`+"\ufffd"+`\""}`,
			`{"j":null,"b":null,"d":null,"x":null}`,
			`{"j":"","b":true,"d":true,"x":""}`)
	})
}

func TestTimeZone(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, moment TIMESTAMP NULL, clock DATETIME)",
			"SET time_zone = '+00:00'", "INSERT INTO t VALUES (1, '2024-07-01 12:00:00', '2024-07-01 12:00:00')")
		l := lookup(t, "key: id\nkey_type: integer\nomit: [id]\nquery: SELECT * FROM t WHERE id IN (:keys)")
		expect(t, open(t, server.DSN(db)), l, []string{"1"}, `{"moment":"2024-07-01T12:00:00Z","clock":"2024-07-01T12:00:00Z"}`)
		expect(t, open(t, server.DSN(db)+"?time_zone='%2B05:30'"), l, []string{"1"},
			`{"moment":"2024-07-01T17:30:00+05:30","clock":"2024-07-01T12:00:00+05:30"}`)
	})
}

// A row of 5 MiB, with bytes to escape, through a packet larger than the
// driver's buffer.
func TestHugeRow(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)", "INSERT INTO t SELECT 1, REPEAT('abcd\"', 1048576)")
		l := lookup(t, "key: id\nkey_type: integer\nquery: SELECT * FROM t WHERE id IN (:keys)")
		var got struct{ V string }
		if err := json.Unmarshal([]byte(load(t, open(t, server.DSN(db)), l, "1")[0]), &got); err != nil {
			t.Fatal(err)
		}
		if got.V != strings.Repeat(`abcd"`, 1<<20) {
			t.Errorf("the huge value came back with %d bytes, changed", len(got.V))
		}
	})
}

// A document keeps no more memory than its own bytes.
func TestDocumentsShareNothing(t *testing.T) {
	server := mysqltest.MariaDB(t)
	db := server.Database(t)
	server.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10))", "INSERT INTO t VALUES (1, 'a'), (2, 'b')")
	l := lookup(t, "key: id\nkey_type: integer\nquery: SELECT * FROM t WHERE id IN (:keys)")
	rows, err := open(t, server.DSN(db)).Load(t.Context(), l, []string{"1", "2"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if body := r.Document.Body(); cap(body) > 2*len(body) {
			t.Errorf("a body of %d bytes holds %d", len(body), cap(body))
		}
	}
}
