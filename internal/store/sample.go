package store

import (
	"context"
	"fmt"

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

// take fetches a few keys. They are usable as far as a client could ask for them.
func (c *checker) take(ctx context.Context, l *catalog.Lookup, change catalog.Change) (sample, error) {
	found, err := c.values(ctx, change)
	s := sample{source: tableName(change) + "." + quoteName(change.Key)}
	for _, text := range found {
		canonical := l.CanonicalKey([]byte(text))
		if _, err := l.ParseKey(canonical); err == nil && !contains(s.keys, canonical) {
			s.keys = append(s.keys, canonical)
		}
	}
	return s, c.refusal(err)
}

// values fetches a few values of the key column of a changed table.
func (c *checker) values(ctx context.Context, change catalog.Change) ([]string, error) {
	key := quoteName(change.Key)
	return texts(ctx, c.conn, fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s IS NOT NULL LIMIT %d",
		key, tableName(change), key, sampleSize))
}

func tableName(c catalog.Change) string { return qualifiedName(c.Schema, c.Table) }
