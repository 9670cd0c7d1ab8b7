package mysqltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// Option changes the server that MariaDB or MySQL returns.
type Option func(*request)

type request struct {
	Config
	private bool
}

// Binlog switches a row-based binlog on.
func Binlog() Option { return func(r *request) { r.Config.Binlog = true } }

// Args adds arguments to the server's command line, such as "--max-connections=5".
func Args(args ...string) Option {
	return func(r *request) { r.Args = append(r.Args, args...) }
}

// Nice lets a server yield its processors to others, as Config.Nice says.
func Nice(n int) Option { return func(r *request) { r.Config.Nice = n } }

// Private asks for a server of the test's own, closed at its end: for tests that stop, kill or
// freeze it while others run.
func Private() Option { return func(r *request) { r.private = true } }

// MariaDB returns the MariaDB of this test process with these options, starting it at the first
// call. Without an installed MariaDB the test fails.
func MariaDB(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	return get(tb, FlavourMariaDB, options)
}

// MySQL is like MariaDB, for MySQL. Where MySQL has not been unpacked the test is skipped, or fails
// if RequireMySQLVariable is set.
func MySQL(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	if _, err := find(FlavourMySQL); errors.Is(err, ErrNotInstalled) {
		if os.Getenv(RequireMySQLVariable) != "" {
			tb.Fatal(err)
		}
		tb.Skip(err)
	}
	return get(tb, FlavourMySQL, options)
}

func get(tb testing.TB, f Flavour, options []Option) *Server {
	tb.Helper()
	r := request{Config: Config{Flavour: f}}
	for _, o := range options {
		o(&r)
	}
	start := shared.get
	if r.private {
		start = func(c Config) (*Server, error) { return Start(context.Background(), c) }
	}
	s, err := start(r.Config)
	if err != nil {
		tb.Fatal(err)
	}
	if r.private {
		tb.Cleanup(func() { s.Close() })
	}
	return s
}

// shared is global because the tests of a package have nothing else in common, and starting a
// server for each would take longer than the tests.
var shared registry

// registry holds the servers that the tests of this process share, by flavour and options.
type registry struct {
	mu      sync.Mutex // guards servers
	servers map[string]func() (*Server, error)
}

func (r *registry) get(c Config) (*Server, error) {
	name := fmt.Sprint(c.Flavour, c.Binlog, c.Nice, c.Folder, "\x00"+strings.Join(c.Args, "\x00"))
	r.mu.Lock()
	start := r.servers[name]
	if start == nil {
		start = sync.OnceValues(func() (*Server, error) { return Start(context.Background(), c) })
		if r.servers == nil {
			r.servers = make(map[string]func() (*Server, error))
		}
		r.servers[name] = start
	}
	r.mu.Unlock()
	return start()
}

// close ends every shared server.
func (r *registry) close() (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, start := range r.servers {
		if s, e := start(); e == nil {
			err = errors.Join(err, s.Close())
		}
	}
	r.servers = nil
	return err
}

// Main runs a package's tests, ends the servers that they shared, and returns the exit code.
// It fails a run that leaves goroutines behind, except for those that leaks allows.
func Main(m *testing.M, leaks ...goleak.Option) int {
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if code != 0 {
		return code
	}
	if err := goleak.Find(leaks...); err != nil {
		fmt.Fprintln(os.Stderr, "mysqltest: goroutines left behind:", err)
		return 1
	}
	return 0
}
