package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"productcache/internal/catalog"
)

// PrimaryKey returns the primary key of a table, "table" or "schema.table",
// which must be a single column of a type that can be a key. The error wraps
// [ErrQuery] when there is none.
func (s *Store) PrimaryKey(ctx context.Context, table string) (column string, t catalog.KeyType, err error) {
	doing := "primary key of " + table
	schema, name, qualified := strings.Cut(table, ".")
	if !qualified {
		schema, name = "", table
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return "", 0, named(doing, err)
	}
	defer conn.Close()
	rows, err := records(ctx, conn, "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_KEY FROM information_schema.COLUMNS"+
		" WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION", schema, name)
	if err != nil {
		return "", 0, named(doing, err)
	}
	column, t, err = primaryKey(rows)
	return column, t, named(doing, err)
}

// primaryKey looks for the key among the columns of a table: name, type, key.
func primaryKey(columns [][]string) (name string, t catalog.KeyType, err error) {
	if len(columns) == 0 {
		return "", 0, mismatch("there is no such table")
	}
	columns = slices.DeleteFunc(columns, func(c []string) bool { return c[2] != "PRI" })
	if len(columns) != 1 {
		return "", 0, mismatch(fmt.Sprintf("the table has %d primary key columns, not one: it needs a catalog", len(columns)))
	}
	t, ok := keyTypeOf(columns[0][1])
	if !ok {
		return "", 0, mismatch(fmt.Sprintf("column %q of type %s cannot be a key", columns[0][0], columns[0][1]))
	}
	return columns[0][0], t, nil
}

// keyTypeOf returns how keys of a column type are written, or false for types
// whose values have no text of their own.
func keyTypeOf(dataType string) (catalog.KeyType, bool) {
	switch strings.ToLower(dataType) {
	case "tinyint", "smallint", "mediumint", "int", "bigint":
		return catalog.Integer, true
	case "char", "varchar", "tinytext", "text", "enum", "uuid", "inet4", "inet6":
		return catalog.String, true
	}
	return 0, false
}

func quoteName(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// qualifiedName quotes the name of a table; the schema may be empty.
func qualifiedName(schema, table string) string {
	if schema == "" {
		return quoteName(table)
	}
	return quoteName(schema) + "." + quoteName(table)
}

func contains(names []string, name string) bool { return slices.Contains(names, name) }

// table returns the result of a query as text, NULL as "".
func table(ctx context.Context, conn *sql.Conn, query string, args ...any) (names []string, all [][]string, err error) {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	if names, err = rows.Columns(); err != nil {
		return nil, nil, err
	}
	cells := make([]sql.NullString, len(names))
	into := make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, nil, err
		}
		record := make([]string, len(cells))
		for i, cell := range cells {
			record[i] = cell.String
		}
		all = append(all, record)
	}
	return names, all, rows.Err()
}

// records returns the rows of a query as text.
func records(ctx context.Context, conn *sql.Conn, query string, args ...any) ([][]string, error) {
	_, rows, err := table(ctx, conn, query, args...)
	return rows, err
}

// texts returns the first column of a query.
func texts(ctx context.Context, conn *sql.Conn, query string, args ...any) ([]string, error) {
	rows, err := records(ctx, conn, query, args...)
	var all []string
	for _, row := range rows {
		all = append(all, row[0])
	}
	return all, err
}
