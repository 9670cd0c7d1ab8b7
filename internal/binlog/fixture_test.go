package binlog_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/internal/binlog"
	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
)

// onEach runs a test on a MariaDB and on a MySQL with a binlog.
func onEach(t *testing.T, test func(t *testing.T, s *mysqltest.Server), options ...mysqltest.Option) {
	t.Helper()
	options = append([]mysqltest.Option{mysqltest.Binlog()}, options...)
	t.Run("MariaDB", func(t *testing.T) { test(t, mysqltest.MariaDB(t, options...)) })
	t.Run("MySQL", func(t *testing.T) { test(t, mysqltest.MySQL(t, options...)) })
}

// shopTables is what most tests follow.
const shopTables = `
	CREATE TABLE product (product_id INT UNSIGNED PRIMARY KEY, sku VARCHAR(20), price DECIMAL(10,2), viewed INT NOT NULL DEFAULT 0, note TEXT);
	CREATE TABLE link (category_id INT, product_id INT UNSIGNED, PRIMARY KEY (category_id, product_id));
	CREATE TABLE maker (maker_id INT PRIMARY KEY, name VARCHAR(20));
	CREATE TABLE mark (mark_id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0);
	INSERT INTO mark VALUES (1, 0);
	INSERT INTO product (product_id, sku, price) VALUES (1, 'A-1', 1), (2, 'B-2', 2), (3, 'C-3', 3);
	INSERT INTO link VALUES (7, 1), (7, 2), (8, 2);
	INSERT INTO maker VALUES (1, 'one')`

const shopCatalog = `
lookups:
  products:
    key: product_id
    key_type: integer
    query: SELECT product_id, price FROM product WHERE product_id IN (:keys)
    changed_by:
      product: {key: product_id, ignore: [viewed]}
      maker: all
  sku:
    key: sku
    key_type: string_ci
    query: SELECT sku, product_id FROM product WHERE sku IN (:keys)
    changed_by:
      product: {key: sku, ignore: [viewed, price]}
  category:
    rows: many
    key: category_id
    key_type: integer
    query: SELECT category_id, product_id FROM link WHERE category_id IN (:keys)
    changed_by:
      link: {key: category_id}
      product: {key: product_id, ignore: [viewed], find: SELECT category_id FROM link WHERE product_id IN (:keys)}
` + markLookup

// A follow is a follower of a test, and what it has said.
type follow struct {
	server   *mysqltest.Server
	schema   string
	db       *sql.DB
	follower *binlog.Follower
	catalog  *catalog.Catalog
	log      *logged
	stop     func()

	address        string // where to connect; empty: to the server itself
	user, password string // as whom; empty: the server's own account
	bookmark       string // where to begin

	mu    sync.Mutex // guards all below
	said  []string   // "products 1", "products *", in the order of the calls
	moved []bool
	begun []string // what was said before the follower had caught up; nil: it has not
	fails bool     // Find fails
	mute  int      // how many questions for columns fail
	news  chan struct{}
}

// newShop makes the shop's tables in a database of its own.
func newShop(t *testing.T, s *mysqltest.Server) *follow {
	t.Helper()
	f := &follow{server: s, schema: s.Database(t), news: make(chan struct{}, 1), log: &logged{}}
	f.exec(t, strings.Split(shopTables, ";")...)
	f.db = s.Open(t, f.schema)
	return f
}

// following makes the shop and follows it.
func following(t *testing.T, s *mysqltest.Server) *follow {
	t.Helper()
	f := newShop(t, s)
	f.begin(t, shopCatalog)
	f.sync(t)
	return f
}

// markLookup is what a catalog of a test must end with.
const markLookup = `
  mark:
    key: mark_id
    key_type: integer
    query: SELECT mark_id, n FROM mark WHERE mark_id IN (:keys)
    changed_by:
      mark: {key: mark_id}
`

// followingOf makes tables beside the shop's, and follows them by
// these lookups.
func followingOf(t *testing.T, s *mysqltest.Server, tables, lookups string) *follow {
	t.Helper()
	f := newShop(t, s)
	f.exec(t, split(tables)...)
	f.begin(t, "lookups:"+lookups+markLookup)
	f.sync(t)
	return f
}

func (f *follow) begin(t *testing.T, text string) {
	t.Helper()
	var err error
	if f.catalog, err = catalog.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	f.follower, err = binlog.New(binlog.Options{
		Endpoint: f.endpoint(t),
		Lookups:  f.catalog.Lookups,
		Database: database{f},
		Sink:     f,
		Moved:    f.move,
		Bookmark: f.bookmark,
		CaughtUp: f.caughtUp,
		Logger:   f.log.logger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.follower.LimitsForTest(2*time.Second, 200*time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.follower.Run(ctx)
	}()
	f.stop = func() { cancel(); <-done }
	t.Cleanup(f.stop)
}

func (f *follow) endpoint(t *testing.T) binlog.Endpoint {
	e := binlog.Endpoint{Network: "tcp", Address: f.address, User: f.user, Password: f.password, Schema: f.schema}
	if e.Address == "" {
		e.Address = f.server.Addr()
	}
	if e.User == "" {
		e.User = mysqltest.User
		e.Password = strings.TrimPrefix(strings.Split(f.server.DSN(""), "@")[0], mysqltest.User+":")
	}
	return e
}

func (f *follow) exec(t *testing.T, statements ...string) {
	t.Helper()
	f.server.Exec(t, f.schema, slices.DeleteFunc(statements, func(s string) bool { return strings.TrimSpace(s) == "" })...)
}

// Invalidate implements binlog.Sink.
func (f *follow) Invalidate(l *catalog.Lookup, keys []string) {
	slices.Sort(keys)
	for _, key := range keys {
		f.say(l.Name + " " + key)
	}
}

// InvalidateAll implements binlog.Sink.
func (f *follow) InvalidateAll(l *catalog.Lookup) { f.say(l.Name + " *") }

func (f *follow) say(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, what)
	select {
	case f.news <- struct{}{}:
	default:
	}
}

func (f *follow) move(following bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moved = append(f.moved, following)
	select {
	case f.news <- struct{}{}:
	default:
	}
}

func (f *follow) caughtUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun = append(f.begun, f.said...)
	f.begun = append(f.begun, "caught up")
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// wait waits until something is true of the follow, under its lock.
func (f *follow) wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		f.mu.Lock()
		done := is()
		said := slices.Clone(f.said)
		f.mu.Unlock()
		if done {
			return
		}
		select {
		case <-f.news:
		case <-limit:
			t.Fatalf("%s: not within 30 s; said %q, stats %+v, log\n%s", what, said, f.follower.Stats(), f.log)
		}
	}
}

// sync changes the mark until that has been invalidated and settled, which all before
// it has been then, and forgets what was said.
func (f *follow) sync(t *testing.T) {
	t.Helper()
	f.marked(t)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = nil
}

// changes returns what was said about changes that were made before, without the
// mark, each once, sorted.
func (f *follow) changes(t *testing.T) []string {
	t.Helper()
	f.marked(t)
	f.mu.Lock()
	defer f.mu.Unlock()
	said := slices.DeleteFunc(f.said, func(s string) bool { return strings.HasPrefix(s, "mark ") })
	f.said = nil
	slices.Sort(said)
	return slices.Compact(said)
}

func (f *follow) marked(t *testing.T) {
	t.Helper()
	f.wait(t, "following", func() bool { return len(f.moved) > 0 && f.moved[len(f.moved)-1] })
	f.mu.Lock()
	before := f.count("mark 1")
	f.mu.Unlock()
	f.exec(t, "UPDATE mark SET n = n + 1")
	f.wait(t, "the mark", func() bool { return f.count("mark 1") > before }) // the second time it may be part of "mark *"
	// What is settled with the mark may be told after it.
	eventually(t, "settled", func() bool { s := f.follower.Stats(); return s.Applied == s.Position })
}

// count counts what was said. The caller holds the lock.
func (f *follow) count(what string) (n int) {
	for _, s := range f.said {
		if s == what {
			n++
		}
	}
	return n
}

func expect(t *testing.T, f *follow, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := f.changes(t); !slices.Equal(got, want) {
		t.Errorf("stale are %q, want %q\nlog:\n%s", got, want, f.log)
	}
}

// A change is one of a test, and what must go stale by it.
type change struct {
	name, sql string
	want      []string
}

func (f *follow) try(t *testing.T, changes []change) {
	t.Helper()
	for _, c := range changes {
		f.exec(t, split(c.sql)...)
		if got := f.changes(t); !equalSorted(got, c.want) {
			t.Errorf("%s: stale are %q, want %q\nlog:\n%s", c.name, got, c.want, f.log)
		}
	}
}

func split(sql string) []string { return strings.Split(sql, ";") }

func equalSorted(got, want []string) bool {
	want = slices.Clone(want)
	slices.Sort(want)
	return slices.Equal(got, want)
}
