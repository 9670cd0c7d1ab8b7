package mysqltest_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childVariable); role != "" {
		child(role)
		return
	}
	os.Exit(mysqltest.Main(m))
}

// servers returns the ways to get a server of either flavour.
func servers() map[mysqltest.Flavour]func(testing.TB, ...mysqltest.Option) *mysqltest.Server {
	return map[mysqltest.Flavour]func(testing.TB, ...mysqltest.Option) *mysqltest.Server{
		mysqltest.FlavourMariaDB: mysqltest.MariaDB,
		mysqltest.FlavourMySQL:   mysqltest.MySQL,
	}
}

func each(t *testing.T, test func(*testing.T, func(testing.TB, ...mysqltest.Option) *mysqltest.Server)) {
	for flavour, get := range servers() {
		t.Run(string(flavour), func(t *testing.T) { test(t, get) })
	}
}

func TestServerAnswersOverTCPAndSocket(t *testing.T) {
	each(t, func(t *testing.T, get func(testing.TB, ...mysqltest.Option) *mysqltest.Server) {
		s := get(t)
		db := s.Database(t)
		for name, dsn := range map[string]string{"DSN": s.DSN(db), "SocketDSN": s.SocketDSN(db)} {
			pool, err := sql.Open("mysql", dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			var got string
			if err := pool.QueryRow("SELECT DATABASE()").Scan(&got); err != nil || got != db {
				t.Errorf("%s: SELECT DATABASE() = %q, %v, want %q", name, got, err, db)
			}
		}
	})
}

func TestTCPNeedsThePassword(t *testing.T) {
	each(t, func(t *testing.T, get func(testing.TB, ...mysqltest.Option) *mysqltest.Server) {
		s := get(t)
		got := s.Query(t, "", "SELECT user, host FROM mysql.user WHERE host <> 'localhost'")
		if len(got) != 1 || got[0][0] != mysqltest.User || got[0][1] != "127.0.0.1" {
			t.Errorf("accounts that may come over TCP = %v, want [[%s 127.0.0.1]]", got, mysqltest.User)
		}
		pool, err := sql.Open("mysql", mysqltest.User+"@tcp("+s.Addr()+")/")
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		if err := pool.Ping(); err == nil {
			t.Error("Ping without a password worked over TCP")
		}
	})
}

func TestServersAreSharedByOptions(t *testing.T) {
	s := mysqltest.MariaDB(t)
	if again := mysqltest.MariaDB(t); again != s {
		t.Error("MariaDB(t) twice returned two servers, want one")
	}
	own := mysqltest.MariaDB(t, mysqltest.Private())
	if own == s || own.Addr() == s.Addr() || own.Socket() == s.Socket() {
		t.Errorf("Private server at %s, %s is the shared one at %s, %s", own.Addr(), own.Socket(), s.Addr(), s.Socket())
	}
	db := own.Database(t)
	if got := s.Query(t, "", "SHOW DATABASES LIKE ?", db); len(got) != 0 && s.Addr() == own.Addr() {
		t.Errorf("the shared server knows the private one's databases: %v", got)
	}
}

func TestOptions(t *testing.T) {
	each(t, func(t *testing.T, get func(testing.TB, ...mysqltest.Option) *mysqltest.Server) {
		s := get(t, mysqltest.Private(), mysqltest.Binlog(), mysqltest.Args("--max-connections=17"))
		got := s.Query(t, "", "SELECT @@log_bin, @@binlog_format, @@binlog_row_image, @@max_connections")
		if want := []string{"1", "ROW", "FULL", "17"}; !slices.Equal(got[0], want) {
			t.Errorf("log_bin, binlog_format, binlog_row_image, max_connections = %v, want %v", got[0], want)
		}
		if s.Flavour() == mysqltest.FlavourMySQL {
			if gtid := s.Query(t, "", "SELECT @@gtid_mode"); gtid[0][0] != "ON" {
				t.Errorf("gtid_mode = %s, want ON", gtid[0][0])
			}
		}
		if plain := get(t).Query(t, "", "SELECT @@log_bin"); plain[0][0] != "0" {
			t.Errorf("without Binlog: log_bin = %s, want 0", plain[0][0])
		}
	})
}

func TestDatabaseIsDropped(t *testing.T) {
	s := mysqltest.MariaDB(t)
	var name string
	t.Run("user", func(t *testing.T) {
		name = s.Database(t)
		if other := s.Database(t); other == name {
			t.Errorf("Database twice = %q both times", name)
		}
		s.Exec(t, name, "CREATE TABLE t (id INT)", "INSERT INTO t VALUES (1), (NULL)")
		if got := s.Query(t, name, "SELECT id FROM t ORDER BY id"); !slices.Equal(got[0], []string{"NULL"}) || !slices.Equal(got[1], []string{"1"}) {
			t.Errorf("rows = %v, want [[NULL] [1]]", got)
		}
	})
	if got := s.Query(t, "", "SHOW DATABASES LIKE ?", name); len(got) != 0 {
		t.Errorf("%s is still there after its test", name)
	}
}

func TestStopKillAndRestartKeepDataAndPort(t *testing.T) {
	each(t, func(t *testing.T, get func(testing.TB, ...mysqltest.Option) *mysqltest.Server) {
		s := get(t, mysqltest.Private())
		db, addr := s.Database(t), s.Addr()
		s.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB")
		pool := s.Open(t, db)
		for i, end := range []func() error{s.Stop, s.Kill} {
			if _, err := pool.Exec("INSERT INTO t VALUES (?)", i); err != nil {
				t.Fatal(err)
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
			if c, err := net.Dial("tcp", addr); err == nil {
				c.Close()
				t.Fatalf("%s still accepts connections", addr)
			}
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
			var rows int
			if err := pool.QueryRow("SELECT COUNT(*) FROM t").Scan(&rows); err != nil || rows != i+1 {
				t.Errorf("rows after restart %d = %d, %v, want %d", i+1, rows, err, i+1)
			}
		}
	})
}

func TestFreezeAndThaw(t *testing.T) {
	each(t, func(t *testing.T, get func(testing.TB, ...mysqltest.Option) *mysqltest.Server) {
		s := get(t, mysqltest.Private())
		pool := s.Open(t, "")
		if err := pool.Ping(); err != nil {
			t.Fatal(err)
		}
		if err := s.Freeze(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := pool.ExecContext(ctx, "DO 1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Exec on a frozen server = %v, want %v", err, context.DeadlineExceeded)
		}
		if err := s.Thaw(); err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Exec("DO 1"); err != nil {
			t.Errorf("Exec on a thawed server = %v", err)
		}
		if err := s.Freeze(); err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("Stop of a frozen server = %v", err)
		}
		if err := s.Freeze(); err == nil {
			t.Error("Freeze of a stopped server worked")
		}
	})
}

func TestCloseRemovesTheFolder(t *testing.T) {
	s, err := mysqltest.Start(t.Context(), mysqltest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(s.Socket())
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close: Stat(%s) = %v, want %v", folder, err, os.ErrNotExist)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

func TestStartSaysWhyTheServerEnded(t *testing.T) {
	parent := shortTempDir(t)
	_, err := mysqltest.Start(t.Context(), mysqltest.Config{Args: []string{"--no-such-option"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("Start with a bad argument = %v, want the server's own words", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("after a failed start: left behind %v, %v, want nothing", left, err)
	}
}
