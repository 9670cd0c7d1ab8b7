package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"productcache/internal/catalog"
)

// findBatch is how many values one query of a change searches for.
const findBatch = 100

// Find runs the query of a change for values of its key column, which are of
// type t, and returns the keys of l that it finds: canonical, distinct, and only
// those that a client could ask for. It sends one query for up to a hundred
// values, one after the other, each in a slot as those of [Store.Load] are.
//
// The error wraps [ErrUnavailable], [ErrTimeout], [ErrQuery] or that of ctx. No
// keys come with it: which entries are stale is then unknown.
func (s *Store) Find(ctx context.Context, l *catalog.Lookup, c catalog.Change, t catalog.KeyType, values []string) ([]string, error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	var keys []string
	seen := map[string]bool{}
	for some := range slices.Chunk(values, findBatch) {
		found, err := s.find(ctx, l, c, t, some)
		if err != nil {
			return nil, named(fmt.Sprintf("lookup %s, find of %s", l.Name, c.Table), err)
		}
		for _, key := range found {
			if !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	return keys, nil
}

// find finds the keys for a batch of values. One of them may have a letter that
// is in no row of the table that is searched, which MySQL calls an error: then
// it is looked for in halves.
func (s *Store) find(ctx context.Context, l *catalog.Lookup, c catalog.Change, t catalog.KeyType, values []string) ([]string, error) {
	var keys []string
	err := s.try(ctx, ours, func(conn *sql.Conn) error {
		list, err := keyList(t, values)
		if err == nil {
			keys, err = s.findOver(ctx, conn, l, c.Find.Render(list))
		}
		return err
	})
	switch {
	case unspeakable(err, t, values):
		s.note(nil)
		return nil, nil
	case is(err, noSuchText) && len(values) > 1:
		half := len(values) / 2
		if keys, err = s.find(ctx, l, c, t, values[:half]); err != nil {
			return nil, err
		}
		more, err := s.find(ctx, l, c, t, values[half:])
		return append(keys, more...), err
	}
	s.note(named("find", err))
	return keys, err
}

// findOver sends the query and reads its keys.
func (s *Store) findOver(ctx context.Context, conn *sql.Conn, l *catalog.Lookup, query string) ([]string, error) {
	ctx, cancel := s.patience(ctx)
	defer cancel()
	s.queries.Add(1)
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, blame(ctx, err)
	}
	keys, err := foundKeys(l, rows)
	if closed := rows.Close(); closed != nil { // see batch.read
		err = closed
	}
	return keys, blame(ctx, err)
}

// foundKeys reads the keys of l out of the only column of a result. NULL has the
// text "", which is nobody's key.
func foundKeys(l *catalog.Lookup, rows *sql.Rows) (keys []string, err error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	if len(columns) != 1 {
		return nil, mismatch(fmt.Sprintf("the result has %d columns, not the keys alone", len(columns)))
	}
	var v value
	for rows.Next() {
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		key := l.CanonicalKey(v.text)
		if _, err := l.ParseKey(key); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, rows.Err()
}
