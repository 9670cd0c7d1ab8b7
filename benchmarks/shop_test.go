package benchmarks

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
)

const (
	products = 10_000 // rows of a shop
	seed     = 2003   // of everything random
	skew     = 1.1    // exponent of Zipf's law, as shops' product pages have it
)

// shop is a database with products of about 1 kB as JSON.
type shop struct {
	*mysqltest.Server
	database string
}

// openShop fills a database of the shared server.
func openShop(tb testing.TB) shop {
	tb.Helper()
	s := shop{Server: mysqltest.MariaDB(tb)}
	s.database = s.Database(tb)
	s.Exec(tb, s.database, `
		CREATE TABLE products (
			id INT UNSIGNED NOT NULL PRIMARY KEY, model VARCHAR(64) NOT NULL, name VARCHAR(255) NOT NULL,
			price DECIMAL(15,4) NOT NULL, quantity INT NOT NULL, updated DATETIME NOT NULL, description TEXT NOT NULL
		) ENGINE=InnoDB`, `
		INSERT INTO products SELECT seq, CONCAT('M-', seq), CONCAT('Product number ', seq), seq / 7, seq % 50,
			'2003-11-28 09:00:00', `+description+` FROM seq_1_to_`+strconv.Itoa(products),
		"ANALYZE TABLE products")
	return s
}

// description is 896 characters that differ from row to row, and that gzip halves, as it does prose.
const description = "REPEAT(CONCAT(MD5(seq), MD5(seq + 1), MD5(seq + 2), MD5(seq + 3), MD5(seq + 4), MD5(seq + 5), MD5(seq + 6)), 4)"

func (s shop) dsn() string { return s.DSN(s.database) }

// direct is this shop's database without a cache; products come from source.
func (s shop) direct(tb testing.TB, source string) direct {
	tb.Helper()
	d, err := openDirect(s.dsn(), source)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { d.pool.Close() })
	return d
}

// Sources of products: the table, and the same with a pause once a query.
const (
	plain = "products"
	slow  = "products JOIN (SELECT SLEEP(0.02) AS slept) AS pause"
)

// productQuery reads products from a source.
func productQuery(source string) string {
	return "SELECT id, model, name, price, quantity, updated, description FROM " + source + " WHERE id IN (:keys)"
}

// oneLookup is a catalog of the lookup products with this query.
func oneLookup(tb testing.TB, query string) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.Parse(fmt.Appendf(nil, `lookups:
  products:
    key: id
    key_type: integer
    query: %s
`, query))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// zipf returns a seeded source of skewed numbers in [1, n]. Which are popular is the same for all
// sources, and not in the order of the numbers, as no shop's best sellers are.
func zipf(source uint64, n int) func() int {
	z := rand.NewZipf(rand.New(rand.NewPCG(seed, source)), skew, 1, uint64(n-1))
	order := rand.New(rand.NewPCG(seed, 0)).Perm(n)
	return func() int { return order[z.Uint64()] + 1 }
}

// uniform returns a seeded source of numbers in [1, n], all alike.
func uniform(source uint64, n int) func() int {
	r := rand.New(rand.NewPCG(seed, source))
	return func() int { return r.IntN(n) + 1 }
}

// texts returns many numbers of a source as keys, so that drawing them costs the loop nothing. Their number
// is a power of two.
func texts(next func() int) []string {
	keys := make([]string, 1<<16)
	for i := range keys {
		keys[i] = strconv.Itoa(next())
	}
	return keys
}
