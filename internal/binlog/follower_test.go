package binlog_test

import (
	"testing"

	"productcache/internal/mysqltest"
)

func TestRowChanges(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		for _, c := range []struct {
			name, sql string
			want      []string
		}{
			{"a price", "UPDATE product SET price = 9 WHERE product_id = 2", []string{"products 2", "category 7", "category 8"}},
			{"a view", "UPDATE product SET viewed = viewed + 1", nil},
			{"a view and a price", "UPDATE product SET viewed = viewed + 1, price = 10 WHERE product_id = 1", []string{"products 1", "category 7"}},
			{"the same again", "UPDATE product SET price = 10 WHERE product_id = 1", nil},
			{"a new row", "INSERT INTO product (product_id, sku) VALUES (4, 'D-4')", []string{"products 4", "sku d-4"}},
			{"a row that is gone", "DELETE FROM product WHERE product_id = 4", []string{"products 4", "sku d-4"}},
			{"another key", "UPDATE product SET product_id = 30 WHERE product_id = 3", []string{"products 3", "products 30", "sku c-3"}},
			{"another text key", "UPDATE product SET sku = 'Ä-5' WHERE product_id = 30", []string{"products 30", "sku c-3", "sku ä-5"}},
			{"a key to NULL", "UPDATE product SET sku = NULL WHERE product_id = 30", []string{"products 30", "sku ä-5"}},
			{"several rows", "UPDATE product SET price = price + 1 WHERE product_id < 3", []string{"products 1", "products 2", "category 7", "category 8"}},
			{"entering a listing", "INSERT INTO link VALUES (9, 30)", []string{"category 9"}},
			{"moving between listings", "UPDATE link SET category_id = 10 WHERE category_id = 9", []string{"category 9", "category 10"}},
			{"leaving a listing", "DELETE FROM link WHERE category_id = 10", []string{"category 10"}},
			{"a table without the key", "UPDATE maker SET name = 'two'", []string{"products *"}},
			{"TRUNCATE", "TRUNCATE TABLE link", []string{"category *"}},
			{"DDL", "ALTER TABLE product ADD COLUMN first INT FIRST", []string{"products *", "sku *", "category *"}},
			{"a row behind the DDL", "UPDATE product SET price = 99 WHERE product_id = 1", []string{"products 1"}},
			{"REPLACE", "REPLACE INTO maker VALUES (1, 'three')", []string{"products *"}},
			{"a rollback", "BEGIN; UPDATE product SET price = 0; ROLLBACK", nil},
			{"a transaction", "BEGIN; UPDATE product SET price = 12 WHERE product_id = 1; UPDATE product SET price = 13 WHERE product_id = 2; COMMIT", []string{"products 1", "products 2"}},
			{"another table", "CREATE TABLE other (id INT); INSERT INTO other VALUES (1); DROP TABLE other", nil},
		} {
			f.exec(t, split(c.sql)...)
			if got := f.changes(t); !equalSorted(got, c.want) {
				t.Errorf("%s: stale are %q, want %q\nlog:\n%s", c.name, got, c.want, f.log)
			}
		}
	})
}
