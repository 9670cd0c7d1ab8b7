package store_test

import (
	"reflect"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

// family has a table with foreign keys of all kinds.
func family(t *testing.T, server *mysqltest.Server) (db string) {
	t.Helper()
	db = server.Database(t)
	server.Exec(t, db,
		"CREATE TABLE parent (id INT PRIMARY KEY, a INT, `b)``x` INT, UNIQUE (a, `b)``x`)) ENGINE=InnoDB",
		"CREATE TABLE child (id INT PRIMARY KEY, p1 INT, p2 INT, p3 INT, `ON DELETE CASCADE` INT, p5 INT, x INT, y INT,"+
			" CONSTRAINT one FOREIGN KEY (p1) REFERENCES parent (id) ON DELETE CASCADE,"+
			" CONSTRAINT `t``w\"o` FOREIGN KEY (x, y) REFERENCES parent (a, `b)``x`) ON UPDATE CASCADE,"+
			" CONSTRAINT unset FOREIGN KEY (p2) REFERENCES parent (id) ON DELETE SET NULL ON UPDATE NO ACTION,"+
			" CONSTRAINT own FOREIGN KEY (p5) REFERENCES child (id) ON UPDATE SET NULL,"+
			" CONSTRAINT quiet FOREIGN KEY (p3) REFERENCES parent (id) ON DELETE RESTRICT ON UPDATE NO ACTION,"+
			" CONSTRAINT silent FOREIGN KEY (`ON DELETE CASCADE`) REFERENCES parent (id)) ENGINE=InnoDB COMMENT='CASCADE'",
		"INSERT INTO parent VALUES (1, 1, 1), (2, 2, 2)", "INSERT INTO child VALUES (1, 1, NULL, NULL, NULL, NULL, NULL, NULL), (2, NULL, 2, 2, 2, NULL, 2, 2)")
	return db
}

// MySQL leaves foreign keys to InnoDB where it is told to, and before 9.6.
func TestCascades(t *testing.T) {
	for name, options := range map[string][]mysqltest.Option{"MariaDB": nil, "MySQL": {mysqltest.Args("--innodb-native-foreign-keys=ON")}} {
		t.Run(name, func(t *testing.T) {
			server := mysqltest.MariaDB
			if name == "MySQL" {
				server = mysqltest.MySQL
			}
			testCascades(t, server(t, options...))
		})
	}
}

func testCascades(t *testing.T, server *mysqltest.Server) {
	db := family(t, server)
	want := []store.Cascade{
		{Schema: db, Table: "parent", Columns: []store.ForeignColumn{{Child: "p1", Parent: "id"}}},
		{Schema: db, Table: "child", Columns: []store.ForeignColumn{{Child: "p5", Parent: "id"}}},
		{Schema: db, Table: "parent", Columns: []store.ForeignColumn{{Child: "x", Parent: "a"}, {Child: "y", Parent: "b)`x"}}},
		{Schema: db, Table: "parent", Columns: []store.ForeignColumn{{Child: "p2", Parent: "id"}}},
	}
	for _, mode := range []string{"", "?sql_mode='ANSI_QUOTES'"} {
		s := open(t, selectOnly(t, server, db)+mode)
		for _, schema := range []string{"", db} {
			if got, err := s.Cascades(t.Context(), schema, "child"); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: Cascades(%q, child) = %+v, %v, want %+v", mode, schema, got, err, want)
			}
		}
		for _, table := range []string{"parent", "nosuch"} {
			if got, err := s.Cascades(t.Context(), "", table); err != nil || got != nil {
				t.Errorf("%s: Cascades(%s) = %+v, %v, want nil", mode, table, got, err)
			}
		}
	}
}

// Cascades returns a foreign key exactly where the binlog of the server does not
// have the rows that it changes.
func TestCascadesAreNotInTheBinlog(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := family(t, server)
		server.Exec(t, db, "FLUSH BINARY LOGS", "DELETE FROM parent WHERE id = 1")
		if !hasRows(t, server, db+".parent") {
			t.Fatal("the binlog has no rows of the parent")
		}
		if rows := server.Query(t, db, "SELECT id FROM child"); len(rows) != 1 {
			t.Fatalf("children are %v, want 2 alone", rows)
		}
		logged := hasRows(t, server, db+".child")
		got, err := open(t, server.DSN(db)).Cascades(t.Context(), "", "child")
		if err != nil || logged == (len(got) > 0) {
			t.Errorf("the binlog has the child's row: %v; Cascades() = %+v, %v", logged, got, err)
		}
	}, mysqltest.Binlog())
}

// hasRows reports whether the last file of the binlog has rows of a table. Where
// it has its map alone, the server has only opened it.
func hasRows(t *testing.T, server *mysqltest.Server, table string) bool {
	t.Helper()
	logs := server.Query(t, "", "SHOW BINARY LOGS")
	id := "none"
	for _, event := range server.Query(t, "", "SHOW BINLOG EVENTS IN '"+logs[len(logs)-1][0]+"'") {
		kind, info := event[2], event[5]
		switch number, _, _ := strings.Cut(strings.TrimPrefix(info, "table_id: "), " "); {
		case kind == "Table_map" && strings.Contains(info, "("+table+")"):
			id = number
		case strings.Contains(kind, "_rows") && number == id:
			return true
		}
	}
	return false
}
