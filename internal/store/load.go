package store

import (
	"context"
	"database/sql"
	"errors"

	"productcache/internal/catalog"
	"productcache/internal/document"
)

// A Row is what one key has.
type Row struct {
	Document *document.Document // nil when not Found
	Found    bool
}

// Load asks MySQL for the rows of keys, which must be canonical and distinct,
// and returns one Row per key, in their order. Where a lookup has one row per
// key and MySQL returns several, the first counts, and the others are counted
// in [Stats]: a join that finds a second translation is no reason to close the
// shop.
//
// Load takes as long as its queries run in the server, so that a caller who has
// n loads under way has at most n queries there. It returns earlier when ctx is
// done, or when MySQL has fallen silent; what then runs on keeps its slot in
// the Store, and later loads wait for a free one or, with MySQL silent, fail at
// once.
//
// The error wraps [ErrUnavailable], [ErrTimeout], [ErrQuery] or that of ctx.
func (s *Store) Load(ctx context.Context, l *catalog.Lookup, keys []string) ([]Row, error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	if len(keys) == 0 {
		return nil, nil
	}
	var b *batch
	err := s.try(ctx, l.Name, func(conn *sql.Conn) (err error) {
		if b, err = newBatch(s, conn, l, keys); err == nil {
			err = b.run(ctx)
		}
		return err
	})
	if unspeakable(err, l.KeyType, keys) {
		s.note(nil)
		return []Row{{}}, nil
	}
	err = named("lookup "+l.Name, err)
	s.note(err)
	if err != nil {
		return nil, err
	}
	return b.documents(), nil
}

// note keeps count.
func (s *Store) note(err error) {
	switch {
	case err == nil:
		s.up.Store(true)
		return
	case errors.Is(err, ErrUnavailable) && !is(err, denied):
		s.up.Store(false)
	}
	s.failures.Add(1)
}

// unspeakable reports whether a load failed because its only key has a letter
// that the key column's character set has not. MySQL calls it an error to
// compare the two; to us it means that there is no such row. In a load of
// several keys the error is [Splittable].
func unspeakable(err error, t catalog.KeyType, keys []string) bool {
	if len(keys) != 1 || t == catalog.Integer || !is(err, noSuchText) {
		return false
	}
	for i := range len(keys[0]) {
		if keys[0][i] >= 0x80 {
			return true
		}
	}
	return false
}
