package store_test

import (
	"slices"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

// selectOnly returns the DSN of a user who may read a database, and no more.
func selectOnly(t *testing.T, server *mysqltest.Server, db string) string {
	t.Helper()
	server.Exec(t, "", "CREATE USER IF NOT EXISTS 'selector'@'127.0.0.1' IDENTIFIED BY 'pw'", "GRANT SELECT ON `"+db+"`.* TO 'selector'@'127.0.0.1'")
	dsn := server.DSN(db)
	return "selector:pw" + dsn[strings.LastIndexByte(dsn, '@'):]
}

func TestTableColumns(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, n INT(5) ZEROFILL, m MEDIUMINT, e ENUM('a unsigned') CHARACTER SET latin1,"+
			" Name VARCHAR(9) CHARACTER SET utf8mb4, old CHAR(3) CHARACTER SET latin1, b VARBINARY(9), d DECIMAL(9,2) UNSIGNED, doubled INT AS (m * 2) VIRTUAL)")
		want := []store.Column{
			{Name: "id", Type: "bigint", Unsigned: true}, {Name: "n", Type: "int", Unsigned: true}, {Name: "m", Type: "mediumint"},
			{Name: "e", Type: "enum", Charset: "latin1"}, {Name: "Name", Type: "varchar", Charset: "utf8mb4"}, {Name: "old", Type: "char", Charset: "latin1"},
			{Name: "b", Type: "varbinary"}, {Name: "d", Type: "decimal", Unsigned: true}, {Name: "doubled", Type: "int"},
		}
		s := open(t, selectOnly(t, server, db))
		for _, schema := range []string{"", db} {
			if got, err := s.Columns(t.Context(), schema, "t"); err != nil || !slices.Equal(got, want) {
				t.Errorf("Columns(%q, t) = %+v, %v, want %+v", schema, got, err, want)
			}
		}
		for _, name := range [][2]string{{"", "nosuch"}, {"nosuch", "t"}, {"", "t' OR '1'='1"}} {
			if got, err := s.Columns(t.Context(), name[0], name[1]); err != nil || got != nil {
				t.Errorf("Columns(%q) = %+v, %v, want nil", name, got, err)
			}
		}
	})
}
