package store_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

// flavours are the servers that most tests run against.
var flavours = []struct {
	name  string
	start func(testing.TB, ...mysqltest.Option) *mysqltest.Server
}{
	{"MariaDB", mysqltest.MariaDB},
	{"MySQL", mysqltest.MySQL},
}

// onEach runs a test on both servers.
func onEach(t *testing.T, f func(*testing.T, *mysqltest.Server), options ...mysqltest.Option) {
	t.Helper()
	for _, flavour := range flavours {
		t.Run(flavour.name, func(t *testing.T) { f(t, flavour.start(t, options...)) })
	}
}

// logbook is a slog.Handler that keeps the lines at or above Info.
type logbook struct {
	slog.Handler
	mu    sync.Mutex // guards lines
	lines []string
}

func newLogbook() *logbook { return &logbook{Handler: slog.DiscardHandler} }

func (b *logbook) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

func (b *logbook) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line)
	return nil
}

func newLogger(b *logbook) *slog.Logger { return slog.New(b) }

// hog opens connections until the server has none left; the function that it
// returns closes them.
func hog(t *testing.T, dsn string) (release func()) {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	var held []*sql.Conn
	for range 100 {
		var c *sql.Conn
		if c, err = pool.Conn(t.Context()); err != nil {
			break
		}
		held = append(held, c)
	}
	var full *mysql.MySQLError
	if !errors.As(err, &full) || full.Number != 1040 {
		t.Fatalf("took connections until %v, want error 1040", err)
	}
	return func() {
		for _, c := range held {
			c.Close()
		}
		pool.Close()
	}
}

// about returns the lines that contain text.
func (b *logbook) about(text string) (lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, line := range b.lines {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}

// open opens a Store on a database; configure may change its options.
func open(t testing.TB, dsn string, configure ...func(*store.Options)) *store.Store {
	t.Helper()
	o := store.Options{DSN: dsn, MaxConns: 4, QueryTimeout: 5 * time.Second}
	for _, f := range configure {
		f(&o)
	}
	s, err := store.Open(o)
	if err != nil {
		t.Fatalf("Open() = %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return s
}

// lookup parses a catalog's lookup from YAML without its head.
func lookup(t testing.TB, fields string) *catalog.Lookup {
	t.Helper()
	c := parse(t, "lookups:\n  things:\n    "+strings.ReplaceAll(strings.TrimSpace(fields), "\n", "\n    "))
	return c.Lookups[0]
}

func parse(t testing.TB, text string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse() = %v of\n%s", err, text)
	}
	return c
}

// load returns the bodies of keys, "-" for those without a row.
func load(t testing.TB, s *store.Store, l *catalog.Lookup, keys ...string) []string {
	t.Helper()
	rows, err := s.Load(t.Context(), l, keys)
	if err != nil {
		t.Fatalf("Load(%.100q) = %v", keys, err)
	}
	return bodies(rows)
}

func bodies(rows []store.Row) []string {
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = "-"
		if r.Found {
			texts[i] = string(r.Document.Body())
		}
	}
	return texts
}

func expect(t testing.TB, s *store.Store, l *catalog.Lookup, keys []string, want ...string) {
	t.Helper()
	got := load(t, s, l, keys...)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("Load(%q): key %q has\n%s\nwant\n%s", keys, keys[i], got[i], want[i])
		}
	}
}

// eventually waits until a condition that depends on the server holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited 20 s in vain: %s", what)
		}
		pause()
	}
}

// pause lets the server, another process, get on.
func pause() {
	timer := time.NewTimer(5 * time.Millisecond)
	<-timer.C
}

// refused checks the kind of an error.
func refused(t testing.TB, doing string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s = %v, want %v", doing, got, want)
	}
}
