package main

import (
	"context"
	"database/sql"
	"strconv"

	"productcache/internal/mysqltest"
)

// asked counts what a MySQL server has been asked since its start, of all connections.
type asked struct{ questions, selects, connections float64 }

func countAsked(ctx context.Context, s *mysqltest.Server) (a asked, err error) {
	err = withPool(s, "", func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, "SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Com_select', 'Connections')")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name, text string
			if err := rows.Scan(&name, &text); err != nil {
				return err
			}
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return err
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
		return rows.Err()
	})
	return a, err
}

// asking counts what a server is asked until the result is called, without the counts themselves.
func asking(ctx context.Context, s *mysqltest.Server) (until func() (asked, error), err error) {
	first, err := countAsked(ctx, s)
	if err != nil {
		return nil, err
	}
	second, err := countAsked(ctx, s)
	if err != nil {
		return nil, err
	}
	own := second.minus(first)
	return func() (asked, error) {
		last, err := countAsked(ctx, s)
		return last.minus(second).minus(own), err
	}, nil
}

func (a asked) minus(b asked) asked {
	return asked{a.questions - b.questions, a.selects - b.selects, a.connections - b.connections}
}

// over is what was asked for each of so many pages.
func (a asked) over(pages float64) asked {
	return asked{a.questions / pages, a.selects / pages, a.connections / pages}
}
