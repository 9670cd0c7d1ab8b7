package binlog_test

import (
	"testing"

	"productcache/internal/mysqltest"
)

func TestXA(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := newShop(t, s)
		t.Cleanup(func() { // what is still prepared would keep the database from being dropped
			for _, id := range []string{"'early'", "'Schöner Schein','b',7", "'c'", "'d'", "'e'"} {
				_, _ = f.db.Exec("XA ROLLBACK " + id) // an error where it is not prepared
			}
		})
		f.exec(t, "CREATE TABLE other (id INT)", "XA START 'early'", "UPDATE product SET price = 3 WHERE product_id = 1", "XA END 'early'", "XA PREPARE 'early'")
		f.begin(t, shopCatalog)
		f.sync(t)
		prepare := func(id, sql string) string {
			return "XA START " + id + "; " + sql + "; XA END " + id + "; XA PREPARE " + id
		}
		f.try(t, []change{
			{"ONE PHASE", "XA START 'a'; UPDATE product SET price = 4 WHERE product_id = 3; XA END 'a'; XA COMMIT 'a' ONE PHASE", []string{"products 3"}},
			{"a prepared one", prepare("'Schöner Schein','b',7", "UPDATE product SET price = 5 WHERE product_id = 3"), nil},
			{"another one", prepare("'c'", "INSERT INTO link VALUES (9, 9)"), nil},
			{"one that is not for us", prepare("'d'", "INSERT INTO other VALUES (9)"), nil},
			{"one that will not be", prepare("'e'", "UPDATE maker SET name = 'x'"), nil},
			{"changes of others", "UPDATE product SET price = 6 WHERE product_id = 2", []string{"products 2", "category 7", "category 8"}},
			{"COMMIT of the first", "XA COMMIT 'Schöner Schein','b',7", []string{"products 3"}},
			{"ROLLBACK", "XA ROLLBACK 'e'", nil},
			{"COMMIT of what was prepared before the start", "XA COMMIT 'early'", []string{"products *", "sku *", "category *"}},
			{"COMMIT of the other", "XA COMMIT 'c'", []string{"category 9"}},
			{"the first again", prepare("'Schöner Schein','b',7", "UPDATE product SET viewed = viewed + 1") + "; XA COMMIT 'Schöner Schein','b',7", nil},
		})
		f.exec(t, "XA ROLLBACK 'd'")
	})
}
