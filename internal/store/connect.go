package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
)

// connectTimeout bounds one attempt to connect, from the first packet to the
// prepared session. It also bounds how long after the return of a silent MySQL
// an attempt that began before it may still be hanging.
const connectTimeout = 3 * time.Second

// longConnect is longer than connecting takes, however busy the server.
const longConnect = time.Second

// A connector opens connections and prepares their sessions. It gives
// database/sql its connections, as [link].
type connector struct {
	driver.Connector
	source  source
	gate    *gate
	limit   time.Duration
	version atomic.Pointer[string] // of the server that we connected to last
	noLimit atomic.Bool            // it has been said that the server has no limit
	logger  *slog.Logger
}

func newConnector(src source, limit time.Duration, logger *slog.Logger) (*connector, error) {
	src.config.Logger = driverLog{logger}
	inner, err := mysql.NewConnector(src.config)
	if err != nil {
		return nil, ErrDSN
	}
	return &connector{Connector: inner, source: src, limit: limit, logger: logger}, nil
}

// driverLog takes in what the driver would print to standard error. All of it
// comes back to us as errors too.
type driverLog struct{ logger *slog.Logger }

func (l driverLog) Print(v ...any) { l.logger.Debug("mysql driver: " + fmt.Sprint(v...)) }

// A link is a connection that knows its number in the server.
type link struct {
	conn
	id    uint64    // as in SHOW PROCESSLIST
	meter *meter    // below it
	since time.Time // it is at least as old as this says
}

// conn is what database/sql wants of the driver's connection; link must not
// hide any of it.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// Connect implements driver.Connector. Its errors are refusals, apart from
// those of ctx.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.gate.pass(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &refusal{err}
	}
	began := time.Now()
	l, err := c.dial(ctx)
	switch {
	case err == nil:
		return l, nil
	case ctx.Err() != nil && time.Since(began) < longConnect:
		return nil, ctx.Err() // who leaves so early says nothing about MySQL
	case timedOut(err) && time.Since(began) < longConnect:
		return nil, context.DeadlineExceeded // nor does who has so little time; net.Dialer notices before ctx does
	}
	c.gate.fail(err)
	return nil, &refusal{err}
}

// probe connects and hangs up.
func (c *connector) probe(ctx context.Context) error {
	l, err := c.dial(ctx)
	if err != nil {
		return err
	}
	return l.Close()
}

func (c *connector) dial(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	ctx, m := metered(ctx)
	dc, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	l := &link{conn: dc.(conn), meter: m, since: time.Now()}
	if err := c.prepare(ctx, l); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// prepare makes a session ours: read only, with a limit per statement, and in
// our time zone.
func (c *connector) prepare(ctx context.Context, l *link) error {
	version, err := l.identify(ctx)
	if err != nil {
		return err
	}
	c.version.Store(&version)
	// The isolation matters to lookups with children, which read one snapshot.
	if err := l.exec(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"); err != nil {
		return err
	}
	if err := l.exec(ctx, fmt.Sprintf("SET time_zone = '%s', wait_timeout = %d, autocommit = 1",
		c.source.zone, int(2*connLifetime.Seconds()))); err != nil {
		return err
	}
	err = l.exec(ctx, limitStatement(version, c.limit))
	if is(err, []uint16{1193}) { // unknown variable: a server of before 2015
		if !c.noLimit.Swap(true) {
			c.logger.Warn("this MySQL cannot limit the time of a query; slow ones are killed from outside", "version", version)
		}
		return nil
	}
	return err
}

// limitStatement sets the limit in the words of the server at hand. MySQL's
// holds for SELECT only, which is all that we send.
func limitStatement(version string, limit time.Duration) string {
	if isMariaDB(version) {
		return fmt.Sprintf("SET max_statement_time = %.3f", limit.Seconds())
	}
	return fmt.Sprintf("SET max_execution_time = %d", limit.Milliseconds())
}

func isMariaDB(version string) bool { return strings.Contains(version, "MariaDB") }

func (c *connector) serverVersion() string {
	if v := c.version.Load(); v != nil {
		return *v
	}
	return "unknown"
}

// identify asks for the number of the connection and the server's version.
func (l *link) identify(ctx context.Context) (version string, err error) {
	rows, err := l.QueryContext(ctx, "SELECT CONNECTION_ID(), VERSION()", nil)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	row := make([]driver.Value, 2)
	if err := rows.Next(row); err != nil {
		return "", err
	}
	switch id := row[0].(type) {
	case int64:
		l.id = uint64(id)
	case uint64:
		l.id = id
	}
	text, _ := row[1].([]byte)
	return string(text), nil
}

func (l *link) exec(ctx context.Context, statement string) error {
	_, err := l.ExecContext(ctx, statement, nil)
	return err
}
