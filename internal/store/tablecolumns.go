package store

import (
	"context"
	"database/sql"
	"strings"
)

// A Column is one of a table.
type Column struct {
	Name     string
	Type     string // information_schema's DATA_TYPE: int, varchar
	Unsigned bool   // of a number
	Charset  string // utf8mb4; empty: not text
}

// Columns returns the columns of a table in their order, nil if there is no such
// table, or none that we may see. The schema "" is that of the DSN. It takes a
// slot, and its errors are, as those of [Store.Load].
func (s *Store) Columns(ctx context.Context, schema, table string) ([]Column, error) {
	rows, err := s.ask(ctx, "SELECT COLUMN_NAME, LOWER(DATA_TYPE), LOWER(COLUMN_TYPE), CHARACTER_SET_NAME FROM information_schema.COLUMNS"+
		" WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION", schema, table)
	var columns []Column
	for _, row := range rows {
		columns = append(columns, Column{Name: row[0], Type: row[1], Unsigned: isUnsigned(row[1], row[2]), Charset: row[3]})
	}
	return columns, named("columns of "+table, err)
}

// isUnsigned takes care of enum('a unsigned').
func isUnsigned(dataType, columnType string) bool {
	return dataType != "enum" && dataType != "set" && strings.Contains(columnType, " unsigned")
}

// ask returns the rows of a question of our own, NULL as "".
func (s *Store) ask(ctx context.Context, query string, args ...any) (rows [][]string, err error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	err = s.try(ctx, ours, func(conn *sql.Conn) (err error) {
		ctx, cancel := s.patience(ctx)
		defer cancel()
		rows, err = records(ctx, conn, query, args...)
		return blame(ctx, err)
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}
