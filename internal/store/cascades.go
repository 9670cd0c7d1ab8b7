package store

import (
	"context"
	"strings"
)

// A Cascade is a foreign key by which rows of a table, the child, change or go
// because rows of another one, the parent, do.
type Cascade struct {
	Schema, Table string // of the parent
	Columns       []ForeignColumn
}

// A ForeignColumn is a column of the child and that of the parent to which it
// refers.
type ForeignColumn struct{ Child, Parent string }

// Cascades returns the foreign keys by which a change of rows elsewhere changes
// rows of a table without an event of its own in the binlog: ON DELETE CASCADE
// or SET NULL, ON UPDATE CASCADE or SET NULL. InnoDB follows them below the
// binlog. MySQL from 9.6 on does not leave them to InnoDB, and writes events:
// there it returns none. The schema "" is that of the DSN. It takes slots, and
// its errors are, as those of [Store.Load].
func (s *Store) Cascades(ctx context.Context, schema, table string) ([]Cascade, error) {
	doing := "foreign keys of " + table
	// REFERENTIAL_CONSTRAINTS would say which of them act, but MariaDB shows it
	// only to users who may do more than SELECT.
	rows, err := s.ask(ctx, "SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME"+
		" FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND TABLE_NAME = ?"+
		" AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION", schema, table)
	if err != nil || len(rows) == 0 {
		return nil, named(doing, err)
	}
	native, err := s.ask(ctx, "SHOW VARIABLES LIKE 'innodb_native_foreign_keys'")
	if err != nil || len(native) > 0 && native[0][1] == "OFF" {
		return nil, named(doing, err)
	}
	definition, err := s.ask(ctx, "SHOW CREATE TABLE "+qualifiedName(schema, table))
	if err != nil {
		return nil, named(doing, err)
	}
	return cascades(rows, definition[0][1]), nil
}

// cascades groups columns by their foreign key and keeps those that act.
func cascades(columns [][]string, definition string) (all []Cascade) {
	last := ""
	for _, c := range columns {
		name := c[0]
		if !acts(definition, name) {
			continue
		}
		if len(all) == 0 || name != last {
			all = append(all, Cascade{Schema: c[3], Table: c[4]})
		}
		last = name
		key := &all[len(all)-1]
		key.Columns = append(key.Columns, ForeignColumn{Child: c[1], Parent: c[2]})
	}
	return all
}

// acts reports whether a foreign key changes rows by itself, by its line in the
// definition of the table. One that is not found there may.
func acts(definition, name string) bool {
	for line := range strings.Lines(definition) {
		rest, found := strings.CutPrefix(strings.TrimSpace(line), "CONSTRAINT "+quoteName(name)+" FOREIGN KEY ")
		if !found { // under ANSI_QUOTES
			rest, found = strings.CutPrefix(strings.TrimSpace(line), `CONSTRAINT "`+strings.ReplaceAll(name, `"`, `""`)+`" FOREIGN KEY `)
		}
		if found {
			rules := rest[strings.LastIndexByte(rest, ')')+1:]
			return strings.Contains(rules, "CASCADE") || strings.Contains(rules, "SET NULL")
		}
	}
	return true
}
