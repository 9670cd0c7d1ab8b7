package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// kill ends the connections of orphans, as far as the server still has them,
// and returns which it has. Their client's end is closed, so a connection whose
// query has ended goes away by itself; only one that is gone is sure not to
// begin a query that it has yet to read.
func (s *Store) kill(ctx context.Context, orphans []*orphan) (alive map[uint64]bool, err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	up, err := uptime(ctx, conn)
	if err != nil {
		return nil, err
	}
	var threads []string
	for _, o := range orphans {
		// A server younger than the connection has been restarted since. It
		// counts from 1 again: the number may be somebody else's.
		if up >= time.Since(o.since) {
			threads = append(threads, fmt.Sprint(o.thread))
		}
	}
	if len(threads) == 0 {
		return nil, nil
	}
	if alive, err = present(ctx, conn, threads); err != nil {
		return nil, err
	}
	for thread := range alive {
		_, err := conn.ExecContext(ctx, fmt.Sprintf("KILL %d", thread))
		switch {
		case is(err, []uint16{1094, 1095}): // no such thread, or another user's by now
			delete(alive, thread)
		case err != nil:
			return nil, err
		}
	}
	return alive, nil
}

// uptime returns how long the server runs, rounded up: it says full seconds.
func uptime(ctx context.Context, conn *sql.Conn) (time.Duration, error) {
	var name string
	var seconds int64
	err := conn.QueryRowContext(ctx, "SHOW GLOBAL STATUS LIKE 'Uptime'").Scan(&name, &seconds)
	return time.Duration(seconds+1) * time.Second, err
}

// present returns which of the threads the server has.
func present(ctx context.Context, conn *sql.Conn, threads []string) (map[uint64]bool, error) {
	rows, err := conn.QueryContext(ctx,
		"SELECT ID FROM information_schema.PROCESSLIST WHERE ID IN ("+strings.Join(threads, ",")+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[uint64]bool{}
	for rows.Next() {
		var thread uint64
		if err := rows.Scan(&thread); err != nil {
			return nil, err
		}
		found[thread] = true
	}
	return found, rows.Err()
}
