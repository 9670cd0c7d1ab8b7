package binlog_test

import (
	"strings"
	"testing"

	"productcache/internal/binlog"
	"productcache/internal/mysqltest"
)

func TestFindFails(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	f := following(t, s)
	f.mu.Lock()
	f.fails = true
	f.mu.Unlock()
	f.exec(t, "UPDATE product SET price = 7 WHERE product_id = 1")
	expect(t, f, "products 1", "category *")
	if n := f.log.lines(errFind.Error()); n != 1 || f.log.lines("cannot find what a change makes stale") != 1 {
		t.Errorf("warned %d times, want once:\n%s", n, f.log)
	}
}

func TestFindByText(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := followingOf(t, s, "CREATE TABLE tag (sku VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, name VARCHAR(20)); INSERT INTO tag VALUES ('A-1', 'a'), ('Käse', 'b');"+
			"UPDATE product SET sku = 'Käse' WHERE product_id = 3", `
  products:
    key: product_id
    key_type: integer
    query: SELECT product_id FROM product WHERE product_id IN (:keys)
    changed_by: {tag: {key: sku, find: SELECT product_id FROM product WHERE sku IN (:keys)}}`)
		f.exec(t, "UPDATE tag SET name = CONCAT(name, '!')")
		expect(t, f, "products 1", "products 3")
	})
}

// TestStats counts what a few changes did, exactly.
func TestStats(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		before := f.follower.Stats()
		f.exec(t, "UPDATE product SET price = price + 1", "UPDATE product SET viewed = viewed + 1 WHERE product_id < 3", "TRUNCATE maker",
			"BEGIN", "DELETE FROM link WHERE category_id = 8", "UPDATE product SET viewed = 0, price = 0 WHERE product_id = 1", "COMMIT")
		f.changes(t)
		after := f.follower.Stats()
		got := map[string]binlog.TableStats{}
		for _, table := range after.Tables {
			got[strings.TrimPrefix(table.Table, f.schema+".")] = table
		}
		for name, want := range map[string]binlog.TableStats{"product": {Rows: 4, Ignored: 2}, "maker": {Statements: 1}, "link": {Rows: 1}} {
			want.Table = f.schema + "." + name
			if got[name] != want {
				t.Errorf("%+v, want %+v", got[name], want)
			}
		}
		if n := after.Transactions - before.Transactions; n != 5 { // that of the mark too
			t.Errorf("%d transactions, want 5", n)
		}
		if after.State != binlog.Following || after.Gaps != 0 || after.Disconnects != 0 || after.LastChange.Before(before.LastChange) {
			t.Errorf("stats %+v", after)
		}
	})
}

// TestInvalidatedTwice: all is told at its event, and once more when it can be
// seen; what is searched for only then.
func TestInvalidatedTwice(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		for _, c := range []struct {
			sql       string
			keys, all uint64 // the mark's keys are two
		}{
			{"UPDATE product SET price = price + 1 WHERE product_id = 1", 2 + 1 + 2, 0},
			{"TRUNCATE maker", 2, 2},
			{"UPDATE product SET viewed = viewed + 1", 2, 0},
		} {
			before := f.follower.Stats()
			f.exec(t, c.sql)
			if c.keys+c.all > 2 { // apart from the mark
				eventually(t, "the change", func() bool {
					s := f.follower.Stats()
					return s.Applied == s.Position && s.Applied != before.Applied
				})
			}
			f.changes(t)
			after := f.follower.Stats()
			if keys, all := after.Invalidated-before.Invalidated, after.InvalidatedAll-before.InvalidatedAll; keys != c.keys || all != c.all {
				t.Errorf("%s: %d keys, %d lookups, want %d and %d", c.sql, keys, all, c.keys, c.all)
			}
		}
	})
}
