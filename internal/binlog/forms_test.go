package binlog_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// shopChanges are a few that any form of the binlog must tell of.
var shopChanges = []change{
	{"a price", "UPDATE product SET price = 9 WHERE product_id = 2", []string{"products 2", "category 7", "category 8"}},
	{"a view", "UPDATE product SET viewed = viewed + 1", nil},
	{"a new row", "INSERT INTO product (product_id, sku) VALUES (4, 'Ä-4')", []string{"products 4", "sku ä-4"}},
	{"another key", "UPDATE product SET sku = 'E-5' WHERE product_id = 4", []string{"products 4", "sku ä-4", "sku e-5"}},
	{"several tables", "BEGIN; UPDATE product SET price = price + 1; INSERT INTO link VALUES (9, 4); COMMIT",
		[]string{"products 1", "products 2", "products 3", "category 7", "category 8", "category 9"}},
	{"a row that is gone", "DELETE FROM product WHERE product_id = 4", []string{"products 4", "sku e-5", "category 9"}},
	{"a table without the key", "UPDATE maker SET name = 'two'", []string{"products *"}},
	{"DDL", "ALTER TABLE product ADD COLUMN first INT FIRST", []string{"products *", "sku *", "category *"}},
	{"a row behind the DDL", "UPDATE product SET price = 99 WHERE product_id = 3", []string{"products 3"}},
}

// tried follows a shop in which the changes are made.
func tried(t *testing.T, s *mysqltest.Server) {
	t.Helper()
	f := following(t, s)
	f.try(t, shopChanges)
	if n := f.log.lines("WARN"); n != 0 {
		t.Errorf("%d warnings, want none:\n%s", n, f.log)
	}
}

func TestChecksums(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		for _, algorithm := range []string{"NONE", "CRC32"} {
			s.Exec(t, "", "SET GLOBAL binlog_checksum = "+algorithm)
			tried(t, s)
		}
		f := following(t, s)
		for _, algorithm := range []string{"NONE", "CRC32"} {
			f.exec(t, "SET GLOBAL binlog_checksum = "+algorithm, "UPDATE product SET price = price + 1 WHERE product_id = 3")
			expect(t, f, "products 3")
		}
	})
}

func TestCompression(t *testing.T) {
	t.Run("MySQL", func(t *testing.T) {
		s := mysqltest.MySQL(t, mysqltest.Binlog())
		s.Exec(t, "", "SET GLOBAL binlog_transaction_compression = ON")
		defer s.Exec(t, "", "SET GLOBAL binlog_transaction_compression = OFF")
		tried(t, s)
	})
	t.Run("MariaDB", func(t *testing.T) {
		s := mysqltest.MariaDB(t, mysqltest.Binlog())
		s.Exec(t, "", "SET GLOBAL log_bin_compress = ON")
		defer s.Exec(t, "", "SET GLOBAL log_bin_compress = OFF, log_bin_compress_min_len = DEFAULT")
		tried(t, s)
		s.Exec(t, "", "SET GLOBAL log_bin_compress_min_len = 10")
		tried(t, s)
	})
}

func TestMinimalRowImage(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		f.try(t, []change{
			{"the key is the primary key, the other is not there", "SET binlog_row_image = MINIMAL; UPDATE product SET price = 9 WHERE product_id = 2",
				[]string{"products 2", "category 7", "category 8"}},
			{"a view", "SET binlog_row_image = MINIMAL; UPDATE product SET viewed = viewed + 1", nil},
			{"a new row", "SET binlog_row_image = MINIMAL; INSERT INTO product (product_id, sku) VALUES (4, 'D-4')", []string{"products 4", "sku d-4"}},
			{"a note", "SET binlog_row_image = MINIMAL; UPDATE product SET note = 'x' WHERE product_id = 4", []string{"products 4", "sku *"}},
			{"the key itself", "SET binlog_row_image = MINIMAL; UPDATE product SET sku = 'E-5' WHERE product_id = 4", []string{"products 4", "sku *"}},
			{"a part of the primary key", "SET binlog_row_image = MINIMAL; UPDATE link SET product_id = 3 WHERE category_id = 8", []string{"category 8"}},
			{"a row that is gone", "SET binlog_row_image = MINIMAL; DELETE FROM product WHERE product_id = 4", []string{"products 4", "sku *"}},
			{"a blob left out", "SET binlog_row_image = NOBLOB; UPDATE product SET price = 8, viewed = 1 WHERE product_id = 1", []string{"products 1", "category 7"}},
			{"a blob", "SET binlog_row_image = NOBLOB; UPDATE product SET note = 'x' WHERE product_id = 1", []string{"products 1", "sku a-1", "category 7"}},
		})
		if n := f.log.lines("a change makes the whole lookup stale"); n != 1 || f.log.lines("binlog_row_image=FULL") != 1 {
			t.Errorf("%d warnings, want one that names binlog_row_image:\n%s", n, f.log)
		}
	})
}

func TestMySQLWithoutGTIDs(t *testing.T) {
	s := mysqltest.MySQL(t, mysqltest.Binlog(), mysqltest.Args("--gtid-mode=OFF"))
	tried(t, s)
}

func TestMyISAM(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := newShop(t, s)
		f.exec(t, "ALTER TABLE product ENGINE = MyISAM", "ALTER TABLE link ENGINE = MyISAM", "ALTER TABLE maker ENGINE = MyISAM")
		f.begin(t, shopCatalog)
		f.sync(t)
		f.try(t, shopChanges)
		f.try(t, []change{
			{"no rollback", "BEGIN; UPDATE product SET price = 50 WHERE product_id = 3; ROLLBACK", []string{"products 3"}},
		})
	})
}

func TestManyRows(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		const rows = 20000
		f.exec(t, "INSERT INTO product (product_id, price) VALUES "+list(1000, rows, "(%d, 1)"))
		expect(t, f, "products *", "category *")
		f.exec(t, "UPDATE product SET price = 2 WHERE product_id >= 1000 AND product_id < 6000")
		if got := f.changes(t); len(got) != 5000 || got[0] != "products 1000" {
			t.Errorf("%d changes, the first %q, want 5000 of products", len(got), got[:1])
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		f.exec(t, "UPDATE product SET price = 3", "UPDATE product SET viewed = 3")
		expect(t, f, "products *", "category *")
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
			t.Errorf("%d bytes of memory kept", grown)
		}
	})
}

// list writes n numbers, each in its format.
func list(from, n int, format string) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, from+i))
	}
	return strings.Join(all, ", ")
}

func TestManyColumns(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := followingOf(t, s, "CREATE TABLE wide ("+list(1, 300, "c%d DECIMAL(20,2)")+", id BIGINT UNSIGNED, name VARCHAR(40) CHARACTER SET latin1, PRIMARY KEY (id))", `
  wide:
    key: id
    key_type: integer
    query: SELECT id FROM wide WHERE id IN (:keys)
    changed_by: {wide: {key: id, ignore: [c299]}}
  name:
    key: name
    key_type: string
    query: SELECT name FROM wide WHERE name IN (:keys)
    changed_by: {wide: {key: name, ignore: [c298]}}`)
		f.try(t, []change{
			{"new", "INSERT INTO wide (id, name, c300) VALUES (18446744073709551615, 'Käse', 1)", []string{"wide 18446744073709551615", "name Käse"}},
			{"ignored by one", "UPDATE wide SET c299 = 1", []string{"name Käse"}},
			{"ignored by the other", "UPDATE wide SET c298 = 1", []string{"wide 18446744073709551615"}},
		})
	})
}

// TestFoldedNames is MariaDB's: the MySQL of tests has data made for names that
// tell case apart.
func TestFoldedNames(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog(), mysqltest.Args("--lower-case-table-names=1"))
	f := followingOf(t, s, "CREATE TABLE Offer (Id INT PRIMARY KEY, Name VARCHAR(20))", `
  offers:
    key: id
    key_type: integer
    query: SELECT id FROM offer WHERE id IN (:keys)
    changed_by: {OFFER: {key: ID, ignore: [nAmE]}}`)
	f.try(t, []change{
		{"new", "INSERT INTO oFFer VALUES (5, 'five')", []string{"offers 5"}},
		{"ignored", "UPDATE offer SET name = 'six'", nil},
		{"DDL", "ALTER TABLE OffeR ADD COLUMN n INT", []string{"offers *"}},
		{"behind it", "UPDATE OFFER SET N = 1", []string{"offers 5"}},
	})
}
