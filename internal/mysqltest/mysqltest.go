// Package mysqltest runs private MariaDB and MySQL servers for tests, benchmarks and the demo.
//
// A server lives in a temporary folder of its own, listens on a Unix socket there and on a free
// port of 127.0.0.1, and is gone together with its folder when the process that started it ends,
// however that ends: a watchdog (see watchdog.go) holds the other end of a pipe to it.
//
// Tests share one server per process and options:
//
//	func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }
//
//	func TestX(t *testing.T) {
//		s := mysqltest.MariaDB(t)
//		db := s.Database(t)
//		s.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY)")
//	}
//
// MariaDB must be installed (the package mariadb-server-core; `make deps`): tests fail without it.
// MySQL is used where install-mysql.sh has unpacked it; tests that want it skip where it has not,
// unless RequireMySQLVariable forbids that.
//
// Servers trade durability for speed: they survive being killed, but not a power failure.
// The package starts no goroutine, so leak checks may run while a server does.
package mysqltest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Flavour is the make of a server.
type Flavour string

// The two flavours.
const (
	FlavourMariaDB Flavour = "MariaDB"
	FlavourMySQL   Flavour = "MySQL"
)

// ErrNotInstalled is wrapped by the errors of Start for a server that this machine does not have.
var ErrNotInstalled = errors.New("mysqltest: server not installed")

// Config says which server to start. Its zero value is a MariaDB without a binlog.
type Config struct {
	Flavour Flavour  // "" is FlavourMariaDB
	Binlog  bool     // write a row-based binlog with full row images; GTIDs on
	Args    []string // further arguments of the server; they win over the package's own
	Nice    int      // how far it yields its processors to others, 0 to 19: as if it had a machine of its own
	Folder  string   // where its folder is made, with a path short enough for a socket; "": with other temporary files
}

// Server is a running private server. Its methods may be called from several goroutines.
type Server struct {
	flavour  Flavour
	command  []string // the server and its arguments, all but the port
	folder   string
	socket   string
	password string
	guard    *watchdog

	mu      sync.Mutex // guards port and process
	port    int
	process *process // the server, or what makes its data; nil while stopped
}

const (
	startLimit = 60 * time.Second // slow machines under the race detector included
	stopLimit  = 30 * time.Second
	portTries  = 5
)

// Start starts a server and returns once it answers. ctx bounds only the start.
// The caller must Close the server; if it cannot, the watchdog does.
func Start(ctx context.Context, c Config) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	program, err := find(c.Flavour)
	if err != nil {
		return nil, err
	}
	folder, err := newFolder(c.Folder)
	if err != nil {
		return nil, fmt.Errorf("mysqltest: %w", err)
	}
	guard, err := newWatchdog(folder)
	if err != nil {
		os.RemoveAll(folder)
		return nil, fmt.Errorf("mysqltest: start the watchdog: %w", err)
	}
	s := &Server{
		flavour:  program.flavour,
		folder:   folder,
		socket:   filepath.Join(folder, "s"),
		password: rand.Text(),
		guard:    guard,
	}
	s.command = append([]string{program.path}, program.args(c, folder, s.socket)...)
	if c.Nice > 0 {
		s.command = append([]string{"nice", "-n", strconv.Itoa(c.Nice)}, s.command...)
	}
	if err := s.firstStart(ctx, program); err != nil {
		s.Close()
		return nil, fmt.Errorf("mysqltest: start %s: %w", s.flavour, err)
	}
	return s, nil
}

func (s *Server) firstStart(ctx context.Context, p program) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.makeDataLocked(ctx, p)
	if err != nil {
		return err
	}
	for range portTries { // another process may take the port between the look and the start
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.startLocked(ctx); err == nil {
			return s.createUser(ctx)
		}
		if !errors.Is(err, errExited) || isFree(s.port) {
			return err
		}
	}
	return err
}

// Stop shuts the server down in good order. Stopping a stopped server does nothing.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopLocked(false)
}

// Kill ends the server as a crash would.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopLocked(true)
}

// Restart stops the server if it runs and starts it again with the same port and data.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.stopLocked(false); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := s.startLocked(ctx); err != nil {
		return fmt.Errorf("mysqltest: restart %s: %w", s.flavour, err)
	}
	return nil
}

// Close kills the server and removes its folder. It may be called more than once.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.stopLocked(true) // first: it tells the watchdog
	return errors.Join(err, s.guard.finish())
}

// newFolder makes a folder whose socket has a path short enough for a Unix address (107 bytes).
func newFolder(parent string) (string, error) {
	const room = 64
	if parent == "" {
		parent = os.TempDir()
	}
	if len(parent) > room {
		parent = "/tmp"
	}
	return os.MkdirTemp(parent, "productcache-mysql-")
}
