package mysqltest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// User is the account of DSN: it has every right. The socket is root's, without a password.
const User = "shop"

// DSN returns the data source name of a database over TCP for the driver; db may be "".
func (s *Server) DSN(db string) string {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName = User, s.password, db
	c.Net, c.Addr = "tcp", s.Addr()
	return c.FormatDSN()
}

// SocketDSN is like DSN, over the Unix socket.
func (s *Server) SocketDSN(db string) string { return s.socketConfig(db).FormatDSN() }

// quiet drops what the driver says about lost connections: tests lose them on purpose.
var quiet = log.New(io.Discard, "", 0)

func (s *Server) socketConfig(db string) *mysql.Config {
	c := mysql.NewConfig()
	c.User, c.DBName = "root", db
	c.Net, c.Addr = "unix", s.socket
	c.InterpolateParams = true // SHOW takes no parameters in a prepared statement
	return c
}

// Addr returns host and port of the server; they stay the same over a Restart.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
}

// Socket returns the path of the server's Unix socket.
func (s *Server) Socket() string { return s.socket }

// Flavour returns the make of the server.
func (s *Server) Flavour() Flavour { return s.flavour }

// ping reports whether the server answers on its socket.
func (s *Server) ping(ctx context.Context) error {
	c := s.socketConfig("")
	c.Logger = quiet
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}

func (s *Server) createUser(ctx context.Context) error {
	return s.exec(ctx, "",
		fmt.Sprintf("CREATE USER '%s'@'127.0.0.1' IDENTIFIED BY '%s'", User, s.password),
		fmt.Sprintf("GRANT ALL PRIVILEGES ON *.* TO '%s'@'127.0.0.1' WITH GRANT OPTION", User))
}

func (s *Server) exec(ctx context.Context, db string, statements ...string) error {
	pool, err := sql.Open("mysql", s.SocketDSN(db))
	if err != nil {
		return err
	}
	defer pool.Close()
	conn, err := pool.Conn(ctx) // one connection, so that SET and USE hold for what follows
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, q := range statements {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

// Exec runs statements in a database as root, all on one connection; db may be "".
func (s *Server) Exec(tb testing.TB, db string, statements ...string) {
	tb.Helper()
	if err := s.exec(context.Background(), db, statements...); err != nil {
		tb.Fatalf("mysqltest: Exec: %v", err)
	}
}

// Query runs a query in a database as root and returns its rows as text, NULL as "NULL".
func (s *Server) Query(tb testing.TB, db, query string, args ...any) [][]string {
	tb.Helper()
	pool, err := sql.Open("mysql", s.SocketDSN(db))
	if err != nil {
		tb.Fatalf("mysqltest: Query: %v", err)
	}
	defer pool.Close()
	rows, err := pool.Query(query, args...)
	if err != nil {
		tb.Fatalf("mysqltest: Query: %s: %v", query, err)
	}
	defer rows.Close()
	table, err := texts(rows)
	if err != nil {
		tb.Fatalf("mysqltest: Query: %s: %v", query, err)
	}
	return table
}

func texts(rows *sql.Rows) (table [][]string, err error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	cells := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = c.String
			if !c.Valid {
				row[i] = "NULL"
			}
		}
		table = append(table, row)
	}
	return table, rows.Err()
}

// Open returns a pool of connections to a database over TCP, silent about lost ones. It is closed
// at the end of the test.
func (s *Server) Open(tb testing.TB, db string) *sql.DB {
	tb.Helper()
	c, err := mysql.ParseDSN(s.DSN(db))
	if err != nil {
		tb.Fatalf("mysqltest: Open: %v", err)
	}
	c.Logger = quiet
	connector, err := mysql.NewConnector(c)
	if err != nil {
		tb.Fatalf("mysqltest: Open: %v", err)
	}
	pool := sql.OpenDB(connector)
	tb.Cleanup(func() { pool.Close() })
	return pool
}

var databases atomic.Int64 // numbers the databases of this process

// Database creates an empty database and returns its name; it is dropped at the end of the test.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := "test_" + strconv.FormatInt(databases.Add(1), 10)
	s.Exec(tb, "", "CREATE DATABASE "+name)
	tb.Cleanup(func() {
		if err := s.exec(context.Background(), "", "DROP DATABASE IF EXISTS "+name); err != nil && s.running() {
			tb.Errorf("mysqltest: drop %s: %v", name, strings.TrimSpace(err.Error()))
		}
	})
	return name
}

func (s *Server) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process != nil
}
