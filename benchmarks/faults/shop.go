package faults

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"productcache/benchmarks/internal/ledger"
	"productcache/internal/mysqltest"
)

const (
	database = "faults"
	reader   = "reader" // the program's account: it may read and nothing else
	changing = 100      // products that change: those behind the hot ones
)

// shop is a database with what is known of it. It outlives the cases.
type shop struct {
	server   *mysqltest.Server
	scale    scale
	pool     *sql.DB // root's, past the proxy; opened beforehand, so that it is there when nobody is let in
	ledger   *ledger.Ledger
	next     atomic.Int64 // how many new products were asked for
	password string       // of reader
	catalog  string       // its file
}

// catalogText has a mark for a product that is no more, in place of its deletion: a statement that MySQL has not confirmed
// can then tell whether it comes too late. It has two lookups that stand for what should not be in a catalog: a row of hundreds of MB, and a
// listing of gigabytes. The row's size is in the table, so that MySQL does not know it beforehand.
const catalogText = `lookups:
  products:
    key: id
    key_type: integer
    query: SELECT id, version, name, text FROM products WHERE id IN (:keys) AND NOT gone
  lasting:
    key: id
    key_type: integer
    query: SELECT id, version, name, text FROM products WHERE id IN (:keys)
    ttl: 1h
  sheets:
    key: id
    key_type: integer
    query: SELECT id, REPEAT('x', 150000) AS text FROM products WHERE id IN (:keys)
  manuals:
    key: id
    key_type: integer
    query: SELECT id, REPEAT('x', size) AS text FROM manuals WHERE id IN (:keys)
  archives:
    rows: many
    key: id
    key_type: integer
    query: SELECT m.id, s.seq, REPEAT('x', 1000000) AS text FROM manuals m JOIN seq_1_to_8000 s WHERE m.id IN (:keys)
`

// serverNice is how far MySQL yields to the service and its clients: in earnest it has a machine of its own.
const serverNice = 10

// serverArguments of the MariaDB behind it all.
func serverArguments() []string {
	return []string{"--max-allowed-packet=1G", "--innodb-buffer-pool-size=256M", "--lock-wait-timeout=60"}
}

// harness connections to MySQL: a writer, a sampler, and one for the fault itself, with some to spare.
const besides = 8

// openShop makes the database.
func openShop(ctx context.Context, s *mysqltest.Server, sc scale, folder string) (_ *shop, err error) {
	h := &shop{server: s, scale: sc, ledger: ledger.New(sc.rows), password: "reader-canary", catalog: filepath.Join(folder, "faults.yaml")}
	if err := os.WriteFile(h.catalog, []byte(catalogText), 0o600); err != nil {
		return nil, err
	}
	config, err := mysql.ParseDSN(s.SocketDSN(""))
	if err != nil {
		return nil, err
	}
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	h.pool = sql.OpenDB(connector)
	h.pool.SetMaxIdleConns(besides)
	if err := h.exec(ctx,
		"CREATE DATABASE "+database,
		"CREATE TABLE faults.products (id INT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, name VARCHAR(255) NOT NULL, text TEXT NOT NULL, gone BOOL NOT NULL) ENGINE=InnoDB",
		fmt.Sprintf("INSERT INTO faults.products SELECT seq, 1, CONCAT('product ', seq, ' version ', 1), REPEAT(MD5(seq), 20), FALSE FROM faults.seq_1_to_%d", sc.rows),
		"ANALYZE TABLE faults.products",
		"CREATE TABLE faults.manuals (id INT NOT NULL PRIMARY KEY, size INT NOT NULL) ENGINE=InnoDB",
		"INSERT INTO faults.manuals VALUES (1, 300000000), (2, 400000000), (3, 1000)",
		fmt.Sprintf("CREATE USER %s IDENTIFIED BY '%s'", h.account(), h.password),
		"GRANT SELECT ON faults.* TO "+h.account(),
	); err != nil {
		return nil, errors.Join(err, h.pool.Close())
	}
	return h, h.fillPool(ctx)
}

func (h *shop) account() string { return "'" + reader + "'@'127.0.0.1'" }

// fillPool opens all connections that a case will need.
func (h *shop) fillPool(ctx context.Context) error {
	var conns [besides]*sql.Conn
	var err error
	for i := range conns {
		if conns[i], err = h.pool.Conn(ctx); err != nil {
			break
		}
	}
	for _, c := range conns {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}

// dsn leads to the database at an address as the program's account.
func (h *shop) dsn(address string) string {
	return fmt.Sprintf("%s:%s@tcp(%s)/%s", reader, h.password, address, database)
}

// exec runs statements past the proxy.
func (h *shop) exec(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := h.pool.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("faults: %s: %w", s, err)
		}
	}
	return nil
}

// unasked returns a product that nobody has asked for, or that was asked for longest ago.
func (h *shop) unasked() int {
	first := h.scale.hot + changing
	return first + 1 + int(h.next.Add(1)-1)%(h.scale.rows-first)
}

// atOnce returns how many queries of the program are in the server.
func (h *shop) atOnce(ctx context.Context) (n int, err error) {
	err = h.pool.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.PROCESSLIST
		WHERE USER = ? AND COMMAND = 'Query' AND INFO LIKE 'SELECT%IN (%'`, reader).Scan(&n)
	return n, err
}

// quietLimit is how long a server may take to end what an earlier case has left to it.
const quietLimit = time.Minute

// quiet waits until the server does nothing: it goes on for a while with some queries that were killed.
func (h *shop) quiet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, quietLimit)
	defer cancel()
	for n := 1; n > 0; {
		if !wait(ctx, lookPause) {
			return fmt.Errorf("faults: the server is still busy with %d connections: %w", n, ctx.Err())
		}
		if err := h.pool.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.PROCESSLIST
			WHERE USER = ? OR COMMAND = 'Query' AND ID <> CONNECTION_ID()`, reader).Scan(&n); err != nil {
			return err
		}
	}
	return nil
}

// killReader ends the program's connections.
func (h *shop) killReader(ctx context.Context) error { return h.exec(ctx, "KILL USER "+h.account()) }

const lookPause = 20 * time.Millisecond
