package main

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"productcache/internal/mysqltest"
)

// asked is what a MySQL server has been asked, over all connections. Its questions are not queries alone: what a page
// sends to set up its connection counts, and that it ends it.
type asked struct{ questions, selects, connections float64 }

// asking counts what a server is asked until the result is called, over a connection of its own that both counts use.
func asking(ctx context.Context, s *mysqltest.Server) (until func() (asked, error), err error) {
	db, err := sql.Open("mysql", s.SocketDSN(""))
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	before, err := countAsked(ctx, conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	return func() (asked, error) {
		after, err := countAsked(ctx, conn)
		const own = 1 // the second count
		return asked{after.questions - before.questions - own, after.selects - before.selects, after.connections - before.connections},
			errors.Join(err, conn.Close(), db.Close())
	}, nil
}

func countAsked(ctx context.Context, conn *sql.Conn) (a asked, err error) {
	rows, err := conn.QueryContext(ctx, "SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Com_select', 'Connections')")
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return a, err
		}
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return a, err
		}
		switch name {
		case "Questions":
			a.questions = value
		case "Com_select":
			a.selects = value
		case "Connections":
			a.connections = value
		}
	}
	return a, rows.Err()
}

// over is what was asked for each of so many pages.
func (a asked) over(pages float64) asked {
	return asked{a.questions / pages, a.selects / pages, a.connections / pages}
}
