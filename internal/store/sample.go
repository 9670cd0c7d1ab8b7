package store

import (
	"context"
	"fmt"
	"strings"

	"productcache/internal/catalog"
)

// sampleSize is how many keys a check asks for. More than one: for a single
// key MySQL looks the row up while it plans, and explains nothing.
const sampleSize = 3

// A sample is a few keys that exist.
type sample struct {
	keys   []string
	source string // table.column
}

// keysOr returns the keys, filled up with some that need not exist.
func (s sample) keysOr(t catalog.KeyType) []string {
	madeUp := []string{"1", "2", "3"}
	if t != catalog.Integer {
		madeUp = []string{"a", "b", "c"}
	}
	keys := s.keys
	for _, key := range madeUp {
		if len(keys) < 2 && !contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// changes checks that the tables and columns under changed_by exist, and takes
// a sample of keys from the first that has some.
func (c *checker) changes(ctx context.Context, l *catalog.Lookup) (sample, error) {
	var s sample
	for _, change := range l.ChangedBy {
		columns, err := c.tableColumns(ctx, change)
		if err != nil {
			return s, err
		}
		if columns == nil {
			c.warn("changed_by: there is no table %s", tableName(change))
			continue
		}
		for _, name := range change.Ignore {
			if !columns[strings.ToLower(name)] {
				c.warn("changed_by: table %s has no column %q to ignore", tableName(change), name)
			}
		}
		switch {
		case change.All:
		case !columns[strings.ToLower(change.Key)]:
			c.warn("changed_by: table %s has no column %q", tableName(change), change.Key)
		case len(s.keys) == 0:
			if s, err = c.take(ctx, l, change); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// tableColumns returns the names of a table's columns in lower case, or nil
// when there is no such table.
func (c *checker) tableColumns(ctx context.Context, change catalog.Change) (map[string]bool, error) {
	names, err := texts(ctx, c.conn, "SELECT LOWER(COLUMN_NAME) FROM information_schema.COLUMNS"+
		" WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND TABLE_NAME = ?", change.Schema, change.Table)
	var columns map[string]bool
	for _, name := range names {
		if columns == nil {
			columns = map[string]bool{}
		}
		columns[name] = true
	}
	return columns, err
}

// take fetches a few keys. They are usable as far as a client could ask for them.
func (c *checker) take(ctx context.Context, l *catalog.Lookup, change catalog.Change) (sample, error) {
	key := quoteName(change.Key)
	found, err := texts(ctx, c.conn, fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s IS NOT NULL LIMIT %d",
		key, tableName(change), key, sampleSize))
	s := sample{source: tableName(change) + "." + key}
	for _, text := range found {
		canonical := l.CanonicalKey([]byte(text))
		if _, err := l.ParseKey(canonical); err == nil && !contains(s.keys, canonical) {
			s.keys = append(s.keys, canonical)
		}
	}
	return s, c.refusal(err)
}

func tableName(c catalog.Change) string { return qualifiedName(c.Schema, c.Table) }
