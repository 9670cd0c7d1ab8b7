package binlog

import (
	"context"

	"productcache/internal/catalog"
)

// A Column is one of a followed table, as information_schema.COLUMNS has it. Row
// events number columns and know neither names nor signs.
type Column struct {
	Name     string
	Unsigned bool
	Charset  string // MySQL's name of it; empty: not text
}

// A Cascade is a foreign key by which InnoDB changes rows of a table, the child,
// because rows of another one were deleted or got another key. Such changes
// are in no binlog.
type Cascade struct {
	Schema, Table string            // the parent
	Columns       map[string]string // the child's columns and the parent's that they refer to
}

// A Database answers what the binlog leaves open. Its methods may be called
// concurrently.
type Database interface {
	// Columns returns the columns of a table in their order, none if there is no
	// such table.
	Columns(ctx context.Context, schema, table string) ([]Column, error)
	// Cascades returns the foreign keys of a table that act by themselves.
	Cascades(ctx context.Context, schema, table string) ([]Cascade, error)
	// Find runs the query of a change for values of its key column, and returns
	// the keys of l that it finds.
	Find(ctx context.Context, l *catalog.Lookup, c catalog.Change, t catalog.KeyType, values []string) ([]string, error)
}
