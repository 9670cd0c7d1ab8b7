package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

// checkedSchema has 2,000 products, a small table of states without a usable
// index, and a large one.
func checkedSchema(t *testing.T, server *mysqltest.Server) (db string) {
	t.Helper()
	db = server.Database(t)
	server.Exec(t, db,
		"CREATE TABLE d (n INT PRIMARY KEY)", "INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)",
		"CREATE TABLE product (product_id INT PRIMARY KEY, sku VARCHAR(20) NOT NULL, state INT, active TINYINT, price DECIMAL(9,2), meta TEXT, UNIQUE (sku))",
		"INSERT INTO product SELECT a.n + 10*b.n + 100*c.n + 1000*e.n, CONCAT('sku', a.n + 10*b.n + 100*c.n + 1000*e.n), a.n MOD 3, 1, 9.99, '{}' FROM d a, d b, d c, d e WHERE e.n < 2",
		"CREATE TABLE state (id INT, name VARCHAR(20))", "INSERT INTO state VALUES (0, 'new'), (1, 'sold'), (2, 'gone')",
		"CREATE TABLE review (review_id INT PRIMARY KEY, product_id INT, text VARCHAR(20))",
		"INSERT INTO review SELECT product_id, product_id, 'good' FROM product",
		"CREATE TABLE shelved (product_id INT PRIMARY KEY, shelf INT, text VARCHAR(20), KEY by_shelf (shelf))",
		"INSERT INTO shelved SELECT product_id, product_id MOD 2, 'good' FROM product",
		"CREATE TABLE word (word VARCHAR(20) PRIMARY KEY)", "INSERT INTO word VALUES ('one'), ('two'), ('three')",
		"CREATE VIEW shown AS SELECT product_id FROM product",
		"ANALYZE TABLE product, review, shelved, state, word")
	return db
}

const (
	id      = "key: product_id\nkey_type: integer\n"
	changed = "\nchanged_by:\n  product: {key: product_id}"
)

var checks = []struct {
	name   string
	fields string
	want   []string // parts of the findings, in order
}{
	{"good", id + "query: SELECT * FROM product WHERE product_id IN (:keys)" + changed, nil},
	{"no changed_by", id + "query: SELECT * FROM product WHERE product_id IN (:keys)", nil},
	{"good string", "key: sku\nkey_type: string\nquery: SELECT * FROM product WHERE sku IN (:keys)\nchanged_by:\n  product: {key: sku}", nil},
	{"good string_ci", "key: word\nkey_type: string_ci\nquery: SELECT * FROM word WHERE word IN (:keys)\nchanged_by:\n  word: {key: word}", nil},
	{"small table joined without index", id + "query: SELECT p.product_id, s.name FROM product p JOIN state s ON s.id = p.state WHERE p.product_id IN (:keys)" + changed + "\n  state: all", nil},
	{"tiny table of keys", "key: n\nkey_type: integer\nquery: SELECT n FROM d WHERE n IN (:keys)\nchanged_by:\n  d: {key: n}", nil},
	{"syntax", id + "query: SELECT product_id FROM product p p WHERE product_id IN (:keys)", []string{"error: MySQL refuses the query: Error 1064"}},
	{"no table", id + "query: SELECT product_id FROM prodct WHERE product_id IN (:keys)", []string{"error: MySQL refuses the query: Error 1146"}},
	{"no column", id + "query: SELECT product_id, titel FROM product WHERE product_id IN (:keys)", []string{"error: MySQL refuses the query: Error 1054"}},
	{"column twice", id + "query: SELECT p.*, r.* FROM product p JOIN product r USING (sku) WHERE p.product_id IN (:keys)",
		[]string{`error: column "product_id" comes twice`, `"sku" comes twice`, `"state" comes twice`, `"active" comes twice`, `"price" comes twice`, `"meta" comes twice`}},
	{"key column missing", id + "query: SELECT sku FROM product WHERE product_id IN (:keys)", []string{`error: key: column "product_id" is not in the result`}},
	{"names that are not there", id + "omit: [a]\njson: [b]\nbool: [c]\nquery: SELECT product_id FROM product WHERE product_id IN (:keys)",
		[]string{`error: omit: column "a" is not`, `error: json: column "b" is not`, `error: bool: column "c" is not`}},
	{"types that do not fit", id + "json: [price]\nbool: [sku]\nquery: SELECT product_id, price, sku FROM product WHERE product_id IN (:keys)",
		[]string{`warning: json: column "price" is DECIMAL`, `warning: bool: column "sku" is VARCHAR`}},
	{"types that fit", id + "json: [meta]\nbool: [active]\nquery: SELECT product_id, active, meta FROM product WHERE product_id IN (:keys)" + changed, nil},
	{"child with a column's name", id + "query: SELECT product_id, sku FROM product WHERE product_id IN (:keys)\nwith:\n  sku: {key: product_id, query: 'SELECT product_id FROM product WHERE product_id IN (:keys)'}",
		[]string{`error: column "sku" has the name of a child`}},
	{"child's faults", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)\nwith:\n  all:\n    key: product_id\n    query: SELECT product_id FROM product WHERE product_id IN (:keys)\n    with:\n      deep: {key: product_id, match: sku, query: 'SELECT product_id, x FROM product WHERE product_id IN (:keys)'}",
		[]string{`things.all: error: match of deep: column "sku" is not`, "things.all.deep: error: MySQL refuses"}},
	{"no index for the key", id + "query: SELECT product_id FROM review WHERE product_id IN (:keys)\nchanged_by:\n  review: {key: product_id}", []string{"error: the query reads all of table review to find a few keys"}},
	{"no index for the key, tiny table", "key: id\nkey_type: integer\nquery: SELECT * FROM state WHERE id IN (:keys)", []string{"error: the query reads all of table state to find a few keys"}},
	{"key in an expression", id + "query: SELECT product_id FROM product WHERE product_id + 0 IN (:keys)", []string{"error: the query reads all of table product"}},
	{"large table joined without index", id + "query: SELECT p.product_id, COUNT(r.review_id) AS reviews FROM product p LEFT JOIN review r ON r.product_id = p.product_id WHERE p.product_id IN (:keys) GROUP BY p.product_id",
		[]string{"rows of table r: an index is missing"}},
	{"large table grouped on the side", id + "query: SELECT p.product_id, r.n FROM product p LEFT JOIN (SELECT product_id, COUNT(*) AS n FROM review GROUP BY product_id) r ON r.product_id = p.product_id WHERE p.product_id IN (:keys)",
		[]string{"rows of table review: an index is missing"}},
	{"index of few values", "key: shelf\nkey_type: integer\nrows: many\nquery: SELECT * FROM shelved WHERE shelf IN (:keys)\nchanged_by:\n  shelved: {key: shelf}",
		[]string{"rows of table shelved: an index is missing, or MySQL does not use by_shelf, since most rows belong to a few keys"}},
	{"find by an index of few values", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)" + changed + "\n  shelved: {key: shelf, find: SELECT product_id FROM shelved WHERE shelf IN (:keys) AND text > ''}",
		[]string{"since most rows belong to a few keys (all: true costs MySQL less then)"}},
	{"integer keys for text", "key: sku\nkey_type: integer\nquery: SELECT sku FROM product WHERE sku IN (:keys)",
		[]string{`error: the key column "sku" is VARCHAR`, "of another type or collation"}},
	{"rows twice", id + "query: SELECT p.product_id FROM product p JOIN d ON d.n < 3 WHERE p.product_id IN (:keys)" + changed + "\n  d: all", []string{"warning: key 0 has 3 rows"}},
	{"rows: many", id + "rows: many\nquery: SELECT p.product_id FROM product p JOIN d ON d.n < 3 WHERE p.product_id IN (:keys)" + changed + "\n  d: all", nil},
	{"sample not found", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys) AND active = 0" + changed,
		[]string{"warning: none of the keys [\"0\" \"1\""}},
	{"changed_by", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)\nchanged_by:\n  nosuch: all\n  product: {key: id, ignore: [Active, viewed]}\n  state: all\n  mysql.nosuch: {key: x}",
		[]string{"warning: changed_by: there is no table `nosuch`", `warning: changed_by: table ` + "`product`" + ` has no column "viewed"`, `has no column "id"`, "no table `mysql`.`nosuch`"}},
	{"tables that changed_by leaves out", id + "query: SELECT p.product_id, x.name, (SELECT MAX(n) FROM d WHERE n = p.state) AS n FROM product p JOIN (SELECT DISTINCT id, name FROM state) x ON x.id = p.state WHERE p.product_id IN (:keys)\n" +
		"with:\n  words: {key: n, query: 'SELECT n, word FROM d LEFT JOIN word ON word = CONCAT(n) WHERE n IN (:keys)'}\n  more: {key: id, query: 'SELECT a.product_id AS id FROM product a WHERE a.product_id IN (:keys)'}" + changed,
		[]string{"things: warning: changed_by does not name table `d`, which is read", "table `state`", "table `word`"}},
	{"table of another schema that changed_by leaves out", "key: help_topic_id\nkey_type: integer\nquery: SELECT help_topic_id FROM mysql.help_topic WHERE help_topic_id IN (:keys)\nchanged_by:\n  help_topic: all",
		[]string{"there is no table `help_topic`", "does not name table `mysql`.`help_topic`"}},
	{"table of another schema", "key: help_topic_id\nkey_type: integer\nquery: SELECT help_topic_id FROM mysql.help_topic WHERE help_topic_id IN (:keys)\nchanged_by:\n  mysql.help_topic: all", nil},
	{"tables behind a view", id + "query: SELECT product_id FROM shown WHERE product_id IN (:keys)\nchanged_by:\n  word: all",
		[]string{"does not name table `product`"}},
	{"ignored but read", id + "query: SELECT p.product_id, p.sku FROM product p WHERE p.product_id IN (:keys) ORDER BY p.price\nchanged_by:\n  product: {key: product_id, ignore: [Price, sku, state]}",
		[]string{`warning: changed_by ignores column "Price" of table ` + "`product`" + `, which is read`, `column "sku"`}},
	{"ignored but read by a child", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)\nwith:\n  x: {key: product_id, query: 'SELECT product_id, price FROM product WHERE product_id IN (:keys)'}\nchanged_by:\n  product: {key: product_id, ignore: [price, sku]}",
		[]string{`warning: changed_by ignores column "price"`}},
	{"find", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)" + changed +
		"\n  review: {key: product_id, find: SELECT product_id FROM product WHERE product_id IN (:keys)}\n  word: {key: word, find: SELECT product_id FROM product WHERE sku IN (:keys)}", nil},
	{"find by values of another type", "key: word\nkey_type: string\nquery: SELECT word FROM word WHERE word IN (:keys)\nchanged_by:\n  d: {key: n, find: SELECT word FROM word WHERE word IN (:keys)}\n  word: {key: word}",
		[]string{"things.changed_by d: error: the query reads all of table word: it has an index, but of another type or collation"}},
	{"find with two columns", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)" + changed + "\n  review: {key: review_id, find: 'SELECT product_id, sku FROM product WHERE product_id IN (:keys)'}",
		[]string{"things.changed_by review: error: find has 2 columns in its result"}},
	{"find that MySQL refuses", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)" + changed + "\n  review: {key: review_id, find: SELECT prodct_id FROM product WHERE product_id IN (:keys)}",
		[]string{"things.changed_by review: error: MySQL refuses the query: Error 1054"}},
	{"find that reads a whole table", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)" + changed + "\n  mysql.help_topic: {key: help_topic_id, find: SELECT product_id FROM review WHERE product_id IN (:keys)}",
		[]string{"things.changed_by mysql.help_topic: error: the query reads all of table review to find a few keys"}},
	{"find of text for numbers", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)" + changed + "\n  review: {key: review_id, find: SELECT sku FROM product WHERE product_id IN (:keys)}",
		[]string{`things.changed_by review: error: find returns column "sku", which is VARCHAR and not an integer`}},
	{"slow find", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)" + changed + "\n  d: {key: n, find: 'SELECT product_id FROM product WHERE product_id IN (:keys) AND 0 = (SELECT MAX(SHA2(CONCAT(a.n, b.n, c.n, e.n, f.n, g.n, h.n, product.product_id), 512)) FROM d a, d b, d c, d e, d f, d g, d h)'}",
		[]string{"things.changed_by d: error: the query takes longer than the limit"}},
	{"find by a column that is not there", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)" + changed + "\n  review: {key: x, find: SELECT nosuch FROM product WHERE product_id IN (:keys)}",
		[]string{"things: warning: changed_by: table `review` has no column \"x\""}},
	{"several ways", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys)\nchanged_by:\n  product:\n    - {key: x}\n    - {key: product_id, ignore: [y]}\n    - {all: true, ignore: [z]}",
		[]string{`has no column "x"`, `has no column "y" to ignore`, `has no column "z" to ignore`}},
	{"slow", id + "query: SELECT product_id FROM product WHERE product_id IN (:keys) AND 0 = (SELECT MAX(SHA2(CONCAT(a.n, b.n, c.n, e.n, f.n, g.n, h.n, product.product_id), 512)) FROM d a, d b, d c, d e, d f, d g, d h)" + changed,
		[]string{"error: the query takes longer than the limit"}},
}

func TestCheck(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		s := open(t, server.DSN(checkedSchema(t, server)), timeout(time.Second))
		for _, test := range checks {
			t.Run(test.name, func(t *testing.T) {
				l := lookup(t, test.fields)
				findings, err := s.Check(t.Context(), &catalog.Catalog{Lookups: []*catalog.Lookup{l}})
				if err != nil {
					t.Fatal(err)
				}
				ok := len(findings) == len(test.want)
				for i := range test.want {
					ok = ok && strings.Contains(findings[i].String(), test.want[i])
				}
				if !ok {
					t.Errorf("Check() found\n%s\nwant\n%s", lines(findings), strings.Join(test.want, "\n"))
				}
			})
		}
	})
}

func lines(findings []store.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

// What one lookup reads, or finds by, is nothing to the next.
func TestCheckKeepsLookupsApart(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		s := open(t, server.DSN(checkedSchema(t, server)))
		first := lookup(t, id+"query: SELECT product_id FROM product WHERE product_id IN (:keys)\nchanged_by:\n"+
			"  product: {key: sku, find: 'SELECT product_id, sku FROM product WHERE sku IN (:keys)'}")
		second := lookup(t, "key: word\nkey_type: string\nquery: SELECT * FROM word WHERE word IN (:keys)\nchanged_by:\n  word: {key: w}")
		findings, err := s.Check(t.Context(), &catalog.Catalog{Lookups: []*catalog.Lookup{first, second}})
		want := "things.changed_by product: error: find has 2 columns in its result: it must have one, the key of the lookup\n" +
			"things: warning: changed_by: table `word` has no column \"w\"\n"
		if err != nil || lines(findings) != want {
			t.Errorf("Check() found\n%s%v, want\n%s", lines(findings), err, want)
		}
	})
}

func TestCheckWithoutMySQL(t *testing.T) {
	s := open(t, "shop@tcp(127.0.0.1:1)/shop")
	_, err := s.Check(t.Context(), &catalog.Catalog{})
	refused(t, "Check", err, store.ErrUnavailable)
	_, err = s.Starter(t.Context())
	refused(t, "Starter", err, store.ErrUnavailable)
	_, _, err = s.PrimaryKey(t.Context(), "t")
	refused(t, "PrimaryKey", err, store.ErrUnavailable)
}

func TestPrimaryKey(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE a (v INT, id BIGINT UNSIGNED PRIMARY KEY)", "CREATE TABLE b (code VARCHAR(9) PRIMARY KEY)",
			"CREATE TABLE c (x INT, y INT, PRIMARY KEY (x, y))", "CREATE TABLE e (x INT)", "CREATE TABLE f (x DATE PRIMARY KEY)",
			"CREATE TABLE `odd ``name` (`the key` INT PRIMARY KEY)", "INSERT INTO `odd ``name` VALUES (5)")
		s := open(t, server.DSN(db))
		for _, test := range []struct {
			table, column string
			keyType       catalog.KeyType
		}{{"a", "id", catalog.Integer}, {"b", "code", catalog.String}, {db + ".a", "id", catalog.Integer}, {"odd `name", "the key", catalog.Integer}} {
			column, keyType, err := s.PrimaryKey(t.Context(), test.table)
			if column != test.column || keyType != test.keyType || err != nil {
				t.Errorf("PrimaryKey(%s) = %s, %v, %v, want %s, %v", test.table, column, keyType, err, test.column, test.keyType)
			}
		}
		for _, table := range []string{"c", "e", "f", "nosuch", "nosuch.a", ""} {
			_, _, err := s.PrimaryKey(t.Context(), table)
			refused(t, "PrimaryKey("+table+")", err, store.ErrQuery)
		}
		single := catalog.SingleTable("odd `name", "the key", catalog.Integer)
		expect(t, s, single.Lookups[0], []string{"5"}, `{"the key":5}`)
	})
}
