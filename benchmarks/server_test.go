package benchmarks

import (
	"context"
	"database/sql"
	"strings"
	"testing"
)

// side is a connection of root's beside those of the service: it asks MySQL itself what goes on there.
type side struct {
	conn     *sql.Conn
	database string
	stop     chan struct{}
	stopped  chan struct{}
	samples  int
	most     int // queries seen at the same time
}

// openSide opens it.
func (s shop) openSide(tb testing.TB) *side {
	tb.Helper()
	pool, err := sql.Open("mysql", s.SocketDSN(s.database))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { pool.Close() })
	conn, err := pool.Conn(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return &side{conn: conn, database: s.database}
}

// selects is how many SELECTs MySQL has run.
func (s *side) selects(tb testing.TB) int {
	tb.Helper()
	var name string
	var n int
	err := s.conn.QueryRowContext(context.Background(), "SHOW GLOBAL STATUS LIKE 'Com_select'").Scan(&name, &n)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// watch counts the queries that run in MySQL, again and again, until unwatch. It sends no SELECT.
func (s *side) watch(tb testing.TB) {
	s.stop, s.stopped, s.samples, s.most = make(chan struct{}), make(chan struct{}), 0, 0
	go func() {
		defer close(s.stopped)
		for {
			select {
			case <-s.stop:
				return
			default:
				n, err := s.running()
				if err != nil {
					tb.Error(err)
					return
				}
				s.samples++
				s.most = max(s.most, n)
			}
		}
	}()
}

func (s *side) unwatch() {
	close(s.stop)
	<-s.stopped
}

// running is how many queries for products run at this moment.
func (s *side) running() (n int, err error) {
	rows, err := s.conn.QueryContext(context.Background(), "SHOW FULL PROCESSLIST")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	cells := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return 0, err
		}
		const db, command, info = 3, 4, 7
		if cells[db].String == s.database && cells[command].String == "Query" && strings.HasPrefix(cells[info].String, "SELECT") {
			n++
		}
	}
	return n, rows.Err()
}
