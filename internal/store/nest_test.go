package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

const shopSchema = `CREATE TABLE product (product_id INT PRIMARY KEY, name VARCHAR(20));
CREATE TABLE image (image_id INT PRIMARY KEY, product_id INT, file VARCHAR(20), KEY (product_id));
CREATE TABLE choice (choice_id INT PRIMARY KEY, product_id INT, label VARCHAR(20), KEY (product_id));
CREATE TABLE price (choice_id INT, product_id INT, quantity INT, amount DECIMAL(9,2), PRIMARY KEY (choice_id, quantity), KEY (product_id));
INSERT INTO product VALUES (1, 'shirt'), (2, 'hat'), (3, NULL);
INSERT INTO image VALUES (11, 1, 'a.jpg'), (12, 1, 'b.jpg'), (21, 2, 'c.jpg'), (99, 9, 'x.jpg');
INSERT INTO choice VALUES (101, 1, 'red'), (102, 1, 'blue'), (201, 2, NULL);
INSERT INTO price VALUES (101, 1, 1, 9.90), (101, 1, 10, 8), (102, 1, 1, 9.9), (777, 1, 1, 1)`

const shopLookup = `
key: product_id
key_type: integer
query: SELECT product_id, name FROM product WHERE product_id IN (:keys)
with:
  images:
    key: product_id
    omit: [product_id]
    query: SELECT product_id, file FROM image WHERE product_id IN (:keys) ORDER BY image_id DESC
  choices:
    key: product_id
    omit: [product_id, choice_id]
    query: SELECT product_id, choice_id, label FROM choice WHERE product_id IN (:keys) ORDER BY choice_id
    with:
      prices:
        key: product_id
        match: choice_id
        omit: [product_id, choice_id]
        query: SELECT product_id, choice_id, quantity, amount FROM price WHERE product_id IN (:keys) ORDER BY quantity`

func TestChildren(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, strings.Split(shopSchema, ";")...)
		s := open(t, server.DSN(db))
		l := lookup(t, shopLookup)
		expect(t, s, l, []string{"2", "7", "1", "3"},
			`{"product_id":2,"name":"hat","images":[{"file":"c.jpg"}],"choices":[{"label":null,"prices":[]}]}`,
			`-`,
			`{"product_id":1,"name":"shirt","images":[{"file":"b.jpg"},{"file":"a.jpg"}],"choices":[`+
				`{"label":"red","prices":[{"quantity":1,"amount":"9.90"},{"quantity":10,"amount":"8.00"}]},`+
				`{"label":"blue","prices":[{"quantity":1,"amount":"9.90"}]}]}`,
			`{"product_id":3,"name":null,"images":[],"choices":[]}`)
		if got := s.Stats().Queries; got != 4 {
			t.Errorf("four keys took %d queries, want 4: one for each in the catalog", got)
		}
		// Without a product there is nothing to ask its children for.
		expect(t, s, l, []string{"9"}, "-")
		if got := s.Stats().Queries; got != 5 {
			t.Errorf("an absent key took %d queries, want 1", got-4)
		}
	})
}

// A column that matches NULL belongs to nobody, whatever else matches.
func TestNullMatchesNothing(t *testing.T) {
	server := mysqltest.MariaDB(t)
	db := server.Database(t)
	server.Exec(t, db, "CREATE TABLE p (k INT PRIMARY KEY)", "INSERT INTO p VALUES (1)",
		"CREATE TABLE c (k INT, m VARCHAR(5))", "INSERT INTO c VALUES (1, NULL), (1, ''), (NULL, '')",
		"CREATE TABLE g (k INT, m VARCHAR(5), n INT)", "INSERT INTO g VALUES (1, NULL, 1), (1, '', 2)")
	l := lookup(t, `
key: k
key_type: integer
query: SELECT k FROM p WHERE k IN (:keys)
with:
  c:
    key: k
    query: SELECT k, m FROM c WHERE k IN (:keys) ORDER BY m
    with:
      g: {key: k, match: m, omit: [k, m], query: "SELECT k, m, n FROM g WHERE k IN (:keys)"}`)
	expect(t, open(t, server.DSN(db)), l, []string{"1"},
		`{"k":1,"c":[{"k":1,"m":null,"g":[]},{"k":1,"m":"","g":[{"n":2}]}]}`)
}

func TestMany(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, strings.Split(shopSchema, ";")...)
		l := lookup(t, `
key: product_id
key_type: integer
rows: many
omit: [product_id]
query: SELECT product_id, file FROM image WHERE product_id IN (:keys) ORDER BY file DESC
with:
  choices: {key: product_id, omit: [product_id], query: "SELECT product_id, label FROM choice WHERE product_id IN (:keys) ORDER BY choice_id DESC"}`)
		rows, err := open(t, server.DSN(db)).Load(t.Context(), l, []string{"1", "3", "2"})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			`[{"file":"b.jpg","choices":[{"label":"blue"},{"label":"red"}]},{"file":"a.jpg","choices":[{"label":"blue"},{"label":"red"}]}]`,
			`-`,
			`[{"file":"c.jpg","choices":[{"label":null}]}]`,
		}
		if got := bodies(rows); !slices.Equal(got, want) {
			t.Errorf("Load() = %q, want %q", got, want)
		}
		d := rows[0].Document
		if got := string(d.Slice(nil, 1, 2)); d.Len() != 2 || got != `[{"file":"a.jpg","choices":[{"label":"blue"},{"label":"red"}]}]` {
			t.Errorf("%d elements, the second is %s", d.Len(), got)
		}
	})
}

func TestColumns(t *testing.T) {
	server := mysqltest.MariaDB(t)
	db := server.Database(t)
	server.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(9))", "INSERT INTO t VALUES (1, 'a')")
	s := open(t, server.DSN(db))
	for _, test := range []struct{ fields, want string }{
		{"query: SELECT * FROM t WHERE id IN (:keys)\nomit: [id, name]", `{}`},
		{"query: SELECT a.*, b.* FROM t a JOIN t b USING (id) WHERE a.id IN (:keys)", `{"id":1,"name":"a"}`},
		{"query: SELECT a.*, b.* FROM t a JOIN t b ON b.id = a.id WHERE a.id IN (:keys)", `{"id":1,"name":"a"}`},
		{"query: SELECT id, name AS `\"é` FROM t WHERE id IN (:keys)", `{"id":1,"\"é":"a"}`},
		{"query: SELECT id, COUNT(*) FROM t WHERE id IN (:keys) GROUP BY id", `{"id":1,"COUNT(*)":1}`},
		{"query: SELECT id FROM t WHERE id IN (:keys)\nwith:\n  id: {key: id, query: 'SELECT id FROM t WHERE id IN (:keys)'}", `{"id":[{"id":1}]}`},
	} {
		expect(t, s, lookup(t, "key: id\nkey_type: integer\n"+test.fields), []string{"1"}, test.want)
	}
	_, err := s.Load(t.Context(), lookup(t, "key: nr\nkey_type: integer\nquery: SELECT id FROM t WHERE id IN (:keys)"), []string{"1"})
	refused(t, "Load with a key column that is not there", err, store.ErrQuery)
	expect(t, s, lookup(t, "key: id\nkey_type: integer\nquery: SELECT id FROM t WHERE id IN (:keys)"), []string{"1"}, `{"id":1}`)
}

// While a writer changes a product and its children together, no document ever
// shows the one without the other.
func TestOneSnapshot(t *testing.T) {
	onEach(t, func(t *testing.T, server *mysqltest.Server) {
		db := server.Database(t)
		server.Exec(t, db, "CREATE TABLE p (k INT PRIMARY KEY, v INT)", "INSERT INTO p VALUES (1, 0)",
			"CREATE TABLE c (k INT PRIMARY KEY, v INT)", "INSERT INTO c VALUES (1, 0)")
		s := open(t, server.DSN(db))
		l := lookup(t, `
key: k
key_type: integer
query: SELECT k, v, SLEEP(0.001) AS s FROM p WHERE k IN (:keys)
with:
  c: {key: k, query: "SELECT k, v FROM c WHERE k IN (:keys)"}`)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		pool := server.Open(t, db)
		var writer sync.WaitGroup
		writer.Go(func() {
			for n := 1; ctx.Err() == nil; n++ {
				tx, err := pool.Begin()
				if err == nil {
					_, err = tx.Exec("UPDATE p SET v = ?", n)
				}
				if err == nil {
					_, err = tx.Exec("UPDATE c SET v = ?", n)
				}
				if err == nil {
					err = tx.Commit()
				}
				if err != nil {
					t.Errorf("writer: %v", err)
					return
				}
			}
		})
		seen := map[int]bool{}
		for range 200 {
			var got struct {
				V int
				C []struct{ V int }
			}
			if err := json.Unmarshal([]byte(load(t, s, l, "1")[0]), &got); err != nil {
				t.Fatal(err)
			}
			seen[got.V] = true
			if len(got.C) != 1 || got.C[0].V != got.V {
				t.Fatalf("a mixed document: %+v", got)
			}
		}
		cancel()
		writer.Wait()
		if len(seen) < 10 {
			t.Errorf("only %d states seen: the writer did not run beside", len(seen))
		}
	}, mysqltest.Args("--transaction-isolation=READ-COMMITTED")) // as some shops have it
}

// Random trees against a naive nesting of the same rows.
func TestNestingAgainstModel(t *testing.T) {
	server := mysqltest.MariaDB(t)
	db := server.Database(t)
	server.Exec(t, db, "CREATE TABLE a (k INT, n INT)", "CREATE TABLE b (k INT, m INT, n INT)", "CREATE TABLE c (k INT, m INT, n INT)")
	random := rand.New(rand.NewPCG(3, 4))
	type record struct{ k, m, n int }
	tables := map[string][]record{}
	n := 0
	for _, name := range []string{"a", "b", "c"} {
		for range 60 {
			n++
			r := record{random.IntN(5), random.IntN(3), n}
			tables[name] = append(tables[name], r)
			if name == "a" {
				server.Exec(t, db, fmt.Sprintf("INSERT INTO a VALUES (%d, %d)", r.k, r.n))
			} else {
				server.Exec(t, db, fmt.Sprintf("INSERT INTO %s VALUES (%d, %d, %d)", name, r.k, r.m, r.n))
			}
		}
	}
	l := lookup(t, `
key: k
key_type: integer
rows: many
omit: [k]
query: SELECT k, n FROM a WHERE k IN (:keys) ORDER BY n
with:
  b:
    key: k
    omit: [k, m]
    query: SELECT k, m, n FROM b WHERE k IN (:keys) ORDER BY n DESC
    with:
      c: {key: k, match: m, omit: [k, m], query: "SELECT k, m, n FROM c WHERE k IN (:keys) ORDER BY n"}`)
	keys := []string{"4", "0", "3", "9", "1"}
	got := load(t, open(t, server.DSN(db)), l, keys...)
	for i, key := range keys {
		var as []string
		for _, a := range tables["a"] {
			if fmt.Sprint(a.k) != key {
				continue
			}
			var bs []string
			for _, b := range slices.Backward(tables["b"]) {
				if b.k != a.k {
					continue
				}
				var cs []string
				for _, c := range tables["c"] {
					if c.k == b.k && c.m == b.m {
						cs = append(cs, fmt.Sprintf(`{"n":%d}`, c.n))
					}
				}
				bs = append(bs, fmt.Sprintf(`{"n":%d,"c":[%s]}`, b.n, strings.Join(cs, ",")))
			}
			as = append(as, fmt.Sprintf(`{"n":%d,"b":[%s]}`, a.n, strings.Join(bs, ",")))
		}
		want := "[" + strings.Join(as, ",") + "]"
		if as == nil {
			want = "-"
		}
		if got[i] != want {
			t.Errorf("key %s has\n%s\nwant\n%s", key, got[i], want)
		}
	}
}
