package benchmarks

import (
	"context"
	"strings"
	"testing"
	"time"

	"productcache/benchmarks/internal/child"
)

// rowsPerSecond go into a table that nobody serves.
const rowsPerSecond = 5000

// BenchmarkFollower lets rows change that nobody serves, one and 100 a transaction. Two programs run, of which
// one follows: what it takes more is reported. An operation is a transaction.
func BenchmarkFollower(b *testing.B) {
	onFollowed(b, func(b *testing.B, f *followed) {
		for _, rows := range []int{1, 100} {
			b.Run("rows="+number(rows), func(b *testing.B) {
				f.exec(b, "CREATE TABLE IF NOT EXISTS visits (id BIGINT AUTO_INCREMENT PRIMARY KEY, product_id INT NOT NULL, referrer VARCHAR(100) NOT NULL)")
				row := "(42, 'https://shop.example/category/7?page=2&per_page=24')"
				insert := "INSERT INTO visits (product_id, referrer) VALUES " + row + strings.Repeat(", "+row, rows-1)
				following, idle := f.startFollowing(b), f.start(b)
				m := measure(b, following, idle)
				reached := f.paced(b, rowsPerSecond/rows, func() string { return insert })
				m.report(reached*float64(rows), "events")
				if n := metric(b, following, invalidatedKeys); n > 0 {
					b.Errorf("%v keys were invalidated", n)
				}
			})
		}
	})
}

// viewsPerSecond are page views that a shop counts in its products.
const viewsPerSecond = 1000

// BenchmarkViews counts views of cached products, which no answer shows. It fails if that invalidates anything.
func BenchmarkViews(b *testing.B) {
	onFollowed(b, func(b *testing.B, f *followed) {
		following, idle := f.startFollowing(b), f.start(b)
		random := uniform(1, products)
		m := measure(b, following, idle)
		reached := f.paced(b, viewsPerSecond, func() string {
			return "UPDATE products SET viewed = viewed + 1 WHERE product_id = " + number(random())
		})
		m.report(reached, "views")
		awaitMetric(b, following, ignoredRows, float64(b.N))
		if ignored, n := metric(b, following, ignoredRows), metric(b, following, invalidatedKeys); ignored != float64(b.N) || n > 0 {
			b.Errorf("%v views were ignored, %v keys invalidated; want %d and none", ignored, n, b.N)
		}
		loaded := metric(b, following, "productcache_load_keys_total")
		warmUp(b, following)
		loaded = metric(b, following, "productcache_load_keys_total") - loaded
		b.ReportMetric(1-loaded/products, "hit-ratio-after")
	})
}

// Metrics of the program.
const (
	invalidatedKeys = "productcache_binlog_invalidated_keys_total"
	transactions    = "productcache_binlog_transactions_total"
	ignoredRows     = "productcache_binlog_rows_ignored_total"
)

func (f *followed) exec(b *testing.B, statement string) {
	b.Helper()
	if _, err := f.pool.ExecContext(context.Background(), statement); err != nil {
		b.Fatalf("%s: %v", statement, err)
	}
}

// paced runs statements, as many a second as are wanted or the server takes, and returns how many that were.
func (f *followed) paced(b *testing.B, perSecond int, statement func() string) (reached float64) {
	q := newQueue(func() func(string) {
		return func(s string) {
			if _, err := f.pool.ExecContext(context.Background(), s); err != nil {
				b.Errorf("%s: %v", s, err)
			}
		}
	})
	pace := newPacer(perSecond)
	for b.Loop() {
		pace.next()
		q.due <- statement()
	}
	q.finish()
	return float64(pace.sent) / time.Since(pace.began).Seconds()
}

// measured is what two programs have taken so far.
type measured struct {
	b               *testing.B
	following, idle *child.Process
	began           time.Time
	before          [2]time.Duration
	read            float64 // transactions
}

func measure(b *testing.B, following, idle *child.Process) *measured {
	read := metric(b, following, transactions)
	return &measured{b, following, idle, time.Now(), [2]time.Duration{cpu(b, following), cpu(b, idle)}, read}
}

// report reports what the one that follows took, and how much more that is than the other's.
func (m *measured) report(perSecond float64, of string) {
	awaitMetric(m.b, m.following, transactions, m.read+float64(m.b.N)) // what it has not read has cost nothing yet
	following, idle := cpu(m.b, m.following)-m.before[0], cpu(m.b, m.idle)-m.before[1]
	took := time.Since(m.began)
	m.b.ReportMetric(100*following.Seconds()/took.Seconds(), "cpu-%")
	m.b.ReportMetric(100*(following-idle).Seconds()/took.Seconds(), "cpu-more-%")
	m.b.ReportMetric(perSecond, of+"/s")
	m.b.ReportMetric(float64((following-idle).Microseconds())/(perSecond*took.Seconds()), "cpu-µs/"+of[:len(of)-1])
}
