package binlog_test

import (
	"testing"

	"productcache/internal/mysqltest"
)

// itemLookups are those of a table whose columns are not all that row events have.
const itemLookups = `
  items:
    key: id
    key_type: integer
    query: SELECT id FROM item WHERE id IN (:keys)
    changed_by: {item: {key: id, ignore: [viewed]}}
  names:
    key: name
    key_type: string
    query: SELECT name FROM item WHERE name IN (:keys)
    changed_by: {item: {key: name, ignore: [viewed]}}`

// itemChanges are told exactly if each column is taken for itself.
var itemChanges = []change{
	{"a new row", "INSERT INTO item (id, name) VALUES (5, 'five')", []string{"items 5", "names five"}},
	{"a view", "UPDATE item SET viewed = viewed + 1", nil},
	{"another name", "UPDATE item SET name = 'six'", []string{"items 5", "names five", "names six"}},
	{"another key", "UPDATE item SET id = 6", []string{"items 5", "items 6", "names six"}},
	{"a row that is gone", "DELETE FROM item", []string{"items 6", "names six"}},
}

// item follows a table and changes it.
func item(t *testing.T, s *mysqltest.Server, table string) {
	t.Helper()
	t.Run(table, func(t *testing.T) {
		f := followingOf(t, s, table, itemLookups)
		f.try(t, itemChanges)
		if n := f.log.lines("WARN"); n != 0 {
			t.Errorf("%d warnings, want none:\n%s", n, f.log)
		}
	})
}

func TestGeneratedColumns(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		for _, kind := range []string{"VIRTUAL", "STORED"} {
			item(t, s, "CREATE TABLE item (twice INT AS (id * 2) "+kind+", id INT PRIMARY KEY, half INT AS (id / 2) "+kind+
				", viewed INT NOT NULL DEFAULT 0, name VARCHAR(20), longer VARCHAR(40) AS (CONCAT(name, '!')) "+kind+")")
			item(t, s, "CREATE TABLE item (id INT PRIMARY KEY, half INT AS (id / 2) "+kind+
				", viewed INT NOT NULL DEFAULT 0, name VARCHAR(20), longer VARCHAR(40) AS (CONCAT(name, '!')) "+kind+", KEY (longer), KEY (half))")
		}
	})
}

func TestInvisibleColumns(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		item(t, s, "CREATE TABLE item (a INT INVISIBLE, id INT PRIMARY KEY, b INT INVISIBLE, name VARCHAR(20), viewed INT NOT NULL DEFAULT 0, c INT INVISIBLE)")
	})
}

func TestMySQLHiddenColumns(t *testing.T) {
	s := mysqltest.MySQL(t, mysqltest.Binlog())
	item(t, s, "CREATE TABLE item (id INT PRIMARY KEY, viewed INT NOT NULL DEFAULT 0, KEY ((id * 2)), name VARCHAR(20), KEY ((UPPER(name))))")
	item(t, s, "CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(20), KEY ((UPPER(name))));"+
		"ALTER TABLE item ADD COLUMN viewed INT NOT NULL DEFAULT 0 FIRST, ADD COLUMN last INT; ALTER TABLE item ADD KEY ((id + last))")
	item(t, s, "CREATE TABLE item (id INT PRIMARY KEY, viewed INT NOT NULL DEFAULT 0, name VARCHAR(20), tags JSON, KEY ((CAST(tags->'$[*]' AS UNSIGNED ARRAY))))")
	item(t, s, "SET sql_generate_invisible_primary_key = ON; CREATE TABLE item (id INT, viewed INT NOT NULL DEFAULT 0, name VARCHAR(20))")
}

// TestMariaDBHiddenColumns: row events have columns at their end that
// information_schema does not have. The only sign of a deletion may be there.
func TestMariaDBHiddenColumns(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	item(t, s, "CREATE TABLE item (id INT PRIMARY KEY, viewed INT NOT NULL DEFAULT 0 WITHOUT SYSTEM VERSIONING, name VARCHAR(20)) WITH SYSTEM VERSIONING")
	item(t, s, "CREATE TABLE item (id INT PRIMARY KEY, viewed INT NOT NULL DEFAULT 0 WITHOUT SYSTEM VERSIONING, name VARCHAR(20)) WITH SYSTEM VERSIONING;"+
		"SET system_versioning_alter_history = KEEP; ALTER TABLE item ADD COLUMN last INT, ADD COLUMN first INT FIRST")
	item(t, s, "CREATE TABLE item (begun TIMESTAMP(6) GENERATED ALWAYS AS ROW START, ended TIMESTAMP(6) GENERATED ALWAYS AS ROW END, "+
		"id INT, viewed INT NOT NULL DEFAULT 0 WITHOUT SYSTEM VERSIONING, name VARCHAR(20), PERIOD FOR SYSTEM_TIME (begun, ended)) WITH SYSTEM VERSIONING")
	item(t, s, "CREATE TABLE item (id INT PRIMARY KEY, viewed INT NOT NULL DEFAULT 0, name VARCHAR(20), UNIQUE KEY (name) USING HASH, long_name TEXT, UNIQUE KEY (long_name))")
}
