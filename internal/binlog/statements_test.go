package binlog_test

import (
	"os"
	"path/filepath"
	"testing"

	"productcache/internal/mysqltest"
)

var everyProduct = []string{"products *", "sku *", "category *"}

func TestStatements(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		f.try(t, []change{
			{"TRUNCATE", "TRUNCATE link", []string{"category *"}},
			{"RENAME away", "RENAME TABLE product TO former", everyProduct},
			{"rows of the other name", "UPDATE former SET price = 5", nil},
			{"RENAME back", "ALTER TABLE former RENAME AS `product`", everyProduct},
			{"rows again", "UPDATE product SET price = 6 WHERE product_id = 3", []string{"products 3"}},
			{"swapped", "CREATE TABLE fresh LIKE product; INSERT INTO fresh (product_id, sku) VALUES (8, 'H-8'); RENAME TABLE product TO former2, fresh TO product", everyProduct},
			{"rows of the new one", "UPDATE product SET price = 7", []string{"products 8"}},
			{"DROP", "DROP TABLE product", everyProduct},
			{"CREATE LIKE", "CREATE TABLE product LIKE former2", everyProduct},
			{"rows of what was made", "INSERT INTO product (product_id, sku) VALUES (9, 'I-9')", []string{"products 9", "sku i-9"}},
			{"DROP of two", "DROP TABLE IF EXISTS maker, former2", []string{"products *"}},
			{"CREATE with rows", "CREATE TABLE maker AS SELECT 1 AS maker_id, 'x' AS name", []string{"products *"}},
			{"rows of that", "UPDATE maker SET name = 'y'", []string{"products *"}},
			{"columns swapped", "ALTER TABLE product RENAME COLUMN sku TO ean, ADD COLUMN sku VARCHAR(20) DEFAULT 'new'", everyProduct},
			{"rows of that", "UPDATE product SET price = 8", []string{"products 9", "sku new"}[:1]},
			{"the new column", "UPDATE product SET sku = 'J-10', ean = 'no key'", []string{"products 9", "sku new", "sku j-10"}},
			{"an index", "CREATE INDEX quick ON product (price)", everyProduct},
			{"a comment", "CREATE TABLE other (id INT) COMMENT 'of product' /* and link */", nil},
			{"a temporary table of another name", "CREATE TEMPORARY TABLE scratch AS SELECT 1 AS id; INSERT INTO scratch VALUES (2); DROP TEMPORARY TABLE scratch", nil},
			{"rights and statistics", "ANALYZE TABLE product; FLUSH TABLES product", nil},
			{"DELETE of two", "INSERT INTO link VALUES (7, 9), (8, 9); DELETE product, link FROM product JOIN link USING (product_id) WHERE product_id = 9",
				[]string{"products 9", "sku j-10", "category 7", "category 8"}},
		})
	})
}

func TestStoredPrograms(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := newShop(t, s)
		f.exec(t, "CREATE TABLE orders (id INT PRIMARY KEY, product_id INT)",
			"CREATE TRIGGER sold AFTER INSERT ON orders FOR EACH ROW UPDATE product SET price = price + 1 WHERE product_id = NEW.product_id",
			"CREATE PROCEDURE sell(p INT) BEGIN INSERT INTO orders VALUES (p, p); UPDATE maker SET name = 'sold'; END",
			"CREATE FUNCTION view_one(p INT) RETURNS INT DETERMINISTIC MODIFIES SQL DATA BEGIN UPDATE product SET viewed = viewed + 1, note = 'seen' WHERE product_id = p; RETURN 1; END")
		f.begin(t, shopCatalog)
		f.sync(t)
		f.try(t, []change{
			{"a trigger", "INSERT INTO orders VALUES (100, 3)", []string{"products 3"}},
			{"a procedure and the trigger", "CALL sell(3)", []string{"products *", "products 3"}},
			{"a function", "SELECT view_one(3)", []string{"products 3", "sku c-3"}},
		})
	})
}

func TestOtherSchemas(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		other, third := s.Database(t), s.Database(t)
		for _, db := range []string{other, third} {
			s.Exec(t, db, "CREATE TABLE stock (product_id INT PRIMARY KEY, n INT)", "CREATE TABLE product LIKE stock")
		}
		f := followingOf(t, s, "CREATE TABLE stock (product_id INT PRIMARY KEY, n INT)", `
  stock:
    key: product_id
    key_type: integer
    query: SELECT product_id, n FROM `+other+`.stock WHERE product_id IN (:keys)
    changed_by:
      `+other+`.stock: {key: product_id}
      product: {key: product_id}`)
		f.try(t, []change{
			{"the followed one", "INSERT INTO " + other + ".stock VALUES (1, 2)", []string{"stock 1"}},
			{"that of the own schema", "INSERT INTO stock VALUES (2, 2)", nil},
			{"that of a third", "INSERT INTO " + third + ".stock VALUES (3, 2); INSERT INTO " + third + ".product VALUES (3, 2)", nil},
			{"another's of the own name", "INSERT INTO " + other + ".product VALUES (4, 2)", nil},
			{"from within it", "USE " + other + "; UPDATE stock SET n = 3", []string{"stock 1"}},
			{"DROP DATABASE", "DROP DATABASE " + other, []string{"stock *"}},
			{"DROP of one without followed tables", "DROP DATABASE " + third, nil},
			{"made again", "CREATE DATABASE " + other + "; CREATE TABLE " + other + ".stock (n INT, product_id INT PRIMARY KEY)", []string{"stock *"}},
			{"with rows", "INSERT INTO " + other + ".stock VALUES (1, 5)", []string{"stock 5"}},
		})
	})
}

// TestStatementFormat is of what a session may log although the server's format is
// ROW. MySQL 9.7 still knows it.
func TestStatementFormat(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		const as = "SET SESSION binlog_format = STATEMENT; "
		f.try(t, []change{
			{"UPDATE", as + "UPDATE product SET price = 7 WHERE product_id = 2", everyProduct},
			{"in a transaction", as + "BEGIN; INSERT INTO `link` VALUES (100, 100); UPDATE maker SET name = 'x'; COMMIT", []string{"category *", "products *"}},
			{"a rollback", as + "BEGIN; UPDATE product SET price = 9; ROLLBACK", nil},
			{"a savepoint", as + "BEGIN; INSERT INTO link VALUES (101, 100); SAVEPOINT a; UPDATE product SET price = 10; ROLLBACK TO a; UPDATE maker SET name = 'y'; COMMIT", []string{"category *", "products *"}},
			{"another table", as + "CREATE TABLE other (id INT); INSERT INTO other VALUES (1)", nil},
		})
	})
}

// TestLoadDataAsStatement: the statement is in an event of its own kind then.
func TestLoadDataAsStatement(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	file := filepath.Join(t.TempDir(), "links")
	if err := os.WriteFile(file, []byte("11\t1\n12\t2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := following(t, s)
	f.try(t, []change{
		{"as rows", "LOAD DATA INFILE '" + file + "' INTO TABLE link", []string{"category 11", "category 12"}},
		{"as a statement", "SET SESSION binlog_format = STATEMENT; LOAD DATA INFILE '" + file + "' REPLACE INTO TABLE link", []string{"category *"}},
	})
}

func TestRowStatements(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		f.try(t, []change{
			{"ON DUPLICATE KEY UPDATE", "INSERT INTO product (product_id, sku) VALUES (2, 'x'), (4, 'D-4') ON DUPLICATE KEY UPDATE price = 77", []string{"products 2", "products 4", "sku d-4", "category 7", "category 8"}},
			{"REPLACE", "REPLACE INTO product (product_id, sku) VALUES (4, 'E-4')", []string{"products 4", "sku d-4", "sku e-4"}},
			{"ROLLBACK TO", "BEGIN; UPDATE product SET price = 1 WHERE product_id = 4; SAVEPOINT a; UPDATE product SET price = 1 WHERE product_id = 3; ROLLBACK TO a; COMMIT", []string{"products 4"}},
			{"INSERT SELECT", "INSERT INTO link SELECT 20, product_id FROM product", []string{"category 20"}},
			{"UPDATE of two", "UPDATE product JOIN link USING (product_id) SET price = 5, category_id = 21 WHERE product_id = 4", []string{"products 4", "category 20", "category 21"}},
		})
	})
}
