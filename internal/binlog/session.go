package binlog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/vt/vttls"
)

// connectTimeout bounds connecting, and each question asked of the server.
const connectTimeout = 3 * time.Second

// Endpoint is where and as whom to connect: the account that loads, which for
// following needs REPLICATION SLAVE and REPLICATION CLIENT too (MariaDB calls
// the latter BINLOG MONITOR).
type Endpoint struct {
	Network  string // tcp or unix
	Address  string // host:port, or the path of the socket
	User     string
	Password string
	Schema   string // of tables named without one
	TLS      string // as in a DSN: "" or false, preferred, skip-verify, true
}

// params puts an endpoint in the words of the library.
func (e Endpoint) params() (*mysql.ConnParams, error) {
	p := &mysql.ConnParams{Uname: e.User, Pass: e.Password, Charset: "utf8mb4"}
	switch e.TLS {
	case "", "false":
		p.SslMode = vttls.Disabled
	case "preferred":
		p.SslMode = vttls.Preferred
	case "skip-verify":
		p.SslMode = vttls.Required
	case "true":
		p.SslMode = vttls.VerifyIdentity
	default:
		return nil, fmt.Errorf("binlog: cannot follow with tls=%s: want true, preferred, skip-verify or false", e.TLS)
	}
	if e.Network == "unix" {
		p.UnixSocket = e.Address
		return p, nil
	}
	host, port, err := net.SplitHostPort(e.Address)
	if err == nil {
		p.Host = host
		p.Port, err = strconv.Atoi(port)
	}
	if err != nil {
		return nil, fmt.Errorf("binlog: address %q: want host:port", e.Address)
	}
	return p, nil
}

// A session is a connection that answers simple questions, and may then be
// turned into a stream of events. It is used by one goroutine, but close may
// be called by another one, and ends what it does.
type session struct {
	conn    *mysql.Conn
	limit   time.Duration // for one question
	silence time.Duration // between two events
}

func connect(ctx context.Context, e Endpoint) (*session, error) {
	params, err := e.params()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := mysql.Connect(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("binlog: connect: %w", err)
	}
	return &session{conn: conn, limit: connectTimeout, silence: silence}, nil
}

func (s *session) close() { s.conn.Close() }

// ask runs a query and returns its rows as text.
func (s *session) ask(query string) ([][]string, error) {
	if err := s.conn.Conn.SetDeadline(time.Now().Add(s.limit)); err != nil {
		return nil, err
	}
	result, err := s.conn.ExecuteFetch(query, 10000, false)
	if err != nil {
		return nil, err
	}
	rows := make([][]string, len(result.Rows))
	for i, row := range result.Rows {
		for _, cell := range row {
			rows[i] = append(rows[i], cell.ToString())
		}
	}
	return rows, nil
}

// tell runs statements whose results do not matter.
func (s *session) tell(statements ...string) error {
	for _, q := range statements {
		if _, err := s.ask(q); err != nil {
			return err
		}
	}
	return nil
}

// variables returns server variables by their names in lower case; what the
// server does not know is not among them.
func (s *session) variables(names ...string) (map[string]string, error) {
	rows, err := s.ask("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('" + strings.Join(names, "','") + "')")
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(rows))
	for _, row := range rows {
		values[strings.ToLower(row[0])] = row[1]
	}
	return values, nil
}

// refusedBy reports whether err is the server's own, with one of these numbers.
func refusedBy(err error, numbers ...int) bool {
	var e *mysql.SQLError
	if !errors.As(err, &e) {
		return false
	}
	for _, n := range numbers {
		if e.Num == n {
			return true
		}
	}
	return false
}
