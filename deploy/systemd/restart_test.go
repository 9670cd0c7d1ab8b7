// Package systemd_test tries the units of this folder, and the service as systemd runs it.
package systemd_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

const restarts = 5

// TestRestartUnderLoad: while the process is replaced again and again, its sockets stay
// open as in systemd, and no request fails.
func TestRestartUnderLoad(t *testing.T) {
	program := build(t)
	dsn := shop(t, mysqltest.MariaDB(t))
	for _, flags := range [][]string{{"-table", "products"}, {"-table", "products", "-fast-path=false"}, {"-catalog", "../package/catalog.yaml"}} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			s := openSockets(t)
			begin := func() *exec.Cmd { return s.start(t, program, append(flags, "-mysql-dsn", dsn)...) }
			now := begin()
			l := drive(8, s.dial)
			for range restarts {
				l.awaitMore(t, 500)
				stop(t, now)
				now = begin()
			}
			l.awaitMore(t, 500)
			l.end(t)
			stop(t, now)
		})
	}
}

// build returns the program.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "productcache")
	build := exec.Command("go", "build", "-o", program, "productcache/cmd/productcache")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}
	return program
}

// shop makes a database of 1,000 products, and returns its DSN.
func shop(t *testing.T, s *mysqltest.Server) string {
	t.Helper()
	database := s.Database(t)
	s.Exec(t, database,
		`CREATE TABLE products (id INT PRIMARY KEY, name VARCHAR(50), price DECIMAL(10,2))`,
		`INSERT INTO products SELECT seq, CONCAT('product ', seq), seq / 100 FROM seq_1_to_1000`)
	return s.DSN(database)
}

// sockets stand in for systemd's: they stay open whatever the service does.
type sockets struct {
	address string
	files   []*os.File
}

func openSockets(t *testing.T) *sockets {
	t.Helper()
	s := &sockets{}
	for range 2 { // public and admin
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if s.address == "" {
			s.address = l.Addr().String()
		}
		file, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close() // the file is another descriptor of the same socket
		t.Cleanup(func() { _ = file.Close() })
		s.files = append(s.files, file)
	}
	return s
}

func (s *sockets) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", s.address)
}

// start starts the program as systemd does, and does not wait for it to serve.
func (s *sockets) start(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	const handOver = `LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=public:admin exec "$0" "$@"`
	args = append([]string{"-c", handOver, program, "-listen", "systemd:public", "-admin-listen", "systemd:admin", "-log-level", "warn"}, args...)
	command := exec.Command("sh", args...)
	command.ExtraFiles = s.files
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command
}

func stop(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the service ends with %v", err)
	}
}
