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

// since returns what was asked since an earlier count, without the counts themselves.
func (a asked) since(before asked) asked {
	return asked{a.questions - before.questions - 1, a.selects - before.selects, a.connections - before.connections - 1}
}
