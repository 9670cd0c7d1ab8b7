package benchmarks

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/internal/demoshop"
	"productcache/internal/mysqltest"
)

// followed is the shop of the demo on a server with a binlog.
type followed struct {
	*mysqltest.Server
	pool    *sql.DB
	dsn     string
	catalog string // flag
	binary  string
}

// onFollowed runs a benchmark on each server.
func onFollowed(b *testing.B, run func(b *testing.B, f *followed)) {
	binary := program(b)
	b.Run("server=MariaDB", func(b *testing.B) { run(b, openFollowed(b, binary, mysqltest.MariaDB(b, mysqltest.Binlog()))) })
	b.Run("server=MySQL", func(b *testing.B) { run(b, openFollowed(b, binary, mysqltest.MySQL(b, mysqltest.Binlog()))) })
}

func openFollowed(b *testing.B, binary string, s *mysqltest.Server) *followed {
	b.Helper()
	f := &followed{Server: s, binary: binary}
	database := f.Database(b)
	f.dsn, f.pool = f.DSN(database), f.Open(b, database)
	f.pool.SetMaxIdleConns(clients)
	if err := demoshop.Load(context.Background(), f.pool, products); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "catalog.yaml")
	if err := os.WriteFile(file, demoshop.Catalog(), 0o600); err != nil {
		b.Fatal(err)
	}
	f.catalog = "-catalog=" + file
	return f
}

// start starts the program, warm, and without audits, whose loads would count.
func (f *followed) start(b *testing.B, args ...string) *child.Process {
	b.Helper()
	p := startProgram(b, f.binary, f.dsn, append(args, f.catalog, "-audit-rate=0", "-ttl=1h")...)
	if args != nil {
		awaitMetric(b, p, "productcache_binlog_invalidated_lookups_total", 2*lookups) // when following begins
	}
	warmUp(b, p)
	return p
}

// startFollowing is start, with the binlog followed.
func (f *followed) startFollowing(b *testing.B) *child.Process { return f.start(b, "-follow-binlog") }

// lookups is how many the shop of the demo has.
const lookups = 3

// warmUp asks for every product.
func warmUp(b *testing.B, p *child.Process) {
	c := dial(b, p.Address("listen"))
	for from := 1; from <= products; from += batchKeys {
		path := "/v1/products?keys=" + number(from)
		for id := from + 1; id < from+batchKeys; id++ {
			path += "," + number(id)
		}
		c.get(b, path)
	}
}

func metric(b *testing.B, p *child.Process, name string) float64 {
	b.Helper()
	value, err := p.Metric(context.Background(), name)
	if err != nil {
		b.Fatal(err)
	}
	return value
}

// awaitMetric returns when a metric has got this high. Those of tables are there once these have changed.
func awaitMetric(b *testing.B, p *child.Process, name string, want float64) {
	b.Helper()
	const pause = 10 * time.Millisecond
	for began := time.Now(); ; time.Sleep(pause) {
		value, err := p.Metric(context.Background(), name)
		if err == nil && value >= want {
			return
		}
		if time.Since(began) > waitLimit {
			b.Fatalf("%s is %v (%v), want %v\n%s", name, value, err, want, p.Log())
		}
	}
}

// clients are how many send what is paced.
const clients = 8

// A pacer says when the next of so many a second is due, whatever became of those before.
type pacer struct {
	perSecond float64
	began     time.Time
	sent      int
	tick      *time.Ticker
}

func newPacer(perSecond int) *pacer {
	return &pacer{float64(perSecond), time.Now(), 0, time.NewTicker(time.Millisecond)}
}

// next returns when the next one is due, and when it was.
func (p *pacer) next() time.Time {
	due := p.began.Add(time.Duration(float64(p.sent) / p.perSecond * float64(time.Second)))
	for time.Until(due) > 0 {
		<-p.tick.C
	}
	p.sent++
	return due
}

// queue is work for clients: it holds what is due while all are busy.
type queue[T any] struct {
	due     chan T
	running sync.WaitGroup
}

// most is how much can be due. Whoever wants to add more waits: then the pace is not held.
const most = 10_000

// newQueue starts clients, each with work that newClient makes.
func newQueue[T any](newClient func() func(T)) *queue[T] {
	q := &queue[T]{due: make(chan T, most)}
	for range clients {
		work := newClient()
		q.running.Go(func() {
			for one := range q.due {
				work(one)
			}
		})
	}
	return q
}

// finish returns when all is done.
func (q *queue[T]) finish() {
	close(q.due)
	q.running.Wait()
}
