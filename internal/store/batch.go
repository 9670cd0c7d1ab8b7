package store

import (
	"context"
	"database/sql"

	"productcache/internal/catalog"
)

// A batch is one load over one connection.
type batch struct {
	store  *Store
	conn   *sql.Conn
	lookup *catalog.Lookup
	keys   int            // how many
	index  map[string]int // of each key
	list   string         // the keys, for IN
	root   *part

	text []byte // the JSON of all rows, in pieces
}

func newBatch(s *Store, conn *sql.Conn, l *catalog.Lookup, keys []string) (*batch, error) {
	list, err := keyList(l.KeyType, keys)
	if err != nil {
		return nil, err
	}
	b := &batch{store: s, conn: conn, lookup: l, keys: len(keys), list: list,
		index: make(map[string]int, len(keys)), root: newPart("", "", l.Query, l.With)}
	for i, key := range keys {
		b.index[key] = i
	}
	return b, nil
}

// run sends the queries of the lookup, all in one snapshot. (Tables without
// transactions, such as MyISAM's, have none.)
func (b *batch) run(ctx context.Context) error {
	if len(b.lookup.With) == 0 {
		return b.read(ctx, b.root)
	}
	if err := b.exec(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"); err != nil {
		return err
	}
	err := b.readTree(ctx, b.root)
	if err != nil && !settled(err) {
		return err
	}
	if b.exec(ctx, "COMMIT") != nil {
		discard(b.conn) // an open snapshot must not go back to the pool
	}
	return err
}

func (b *batch) readTree(ctx context.Context, p *part) error {
	if err := b.read(ctx, p); err != nil {
		return err
	}
	if len(p.rows) == 0 {
		return nil // nothing for children to hang on
	}
	for _, child := range p.with {
		if err := b.readTree(ctx, child); err != nil {
			return err
		}
	}
	return nil
}

// exec runs a statement that has no rows.
func (b *batch) exec(ctx context.Context, statement string) error {
	ctx, cancel := b.store.patience(ctx)
	defer cancel()
	_, err := b.conn.ExecContext(ctx, statement)
	return blame(ctx, err)
}

// read runs one query and takes in its rows.
func (b *batch) read(ctx context.Context, p *part) error {
	ctx, cancel := b.store.patience(ctx)
	defer cancel()
	b.store.queries.Add(1)
	rows, err := b.conn.QueryContext(ctx, p.query.Render(b.list))
	if err != nil {
		return blame(ctx, err)
	}
	err = b.readRows(rows, p)
	// What is left is read away here, which may fail in its turn; then the
	// query has not ended, whatever was wrong with its rows.
	if closed := rows.Close(); closed != nil {
		err = closed
	}
	return blame(ctx, err)
}

// patience gives the server's own limit time to strike first.
func (s *Store) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.timeout+grace, errGaveUp)
}

// blame tells a client that gave up from a caller who left.
func blame(ctx context.Context, err error) error {
	switch {
	case err == nil, ctx.Err() == nil, fromServer(err):
		return err
	case context.Cause(ctx) == errGaveUp:
		return errGaveUp
	}
	return ctx.Err()
}

func (b *batch) readRows(rows *sql.Rows, p *part) error {
	r, err := newReader(b, p, rows)
	if err != nil {
		return err
	}
	for rows.Next() {
		r.begin()
		if err := rows.Scan(r.scan...); err != nil {
			return err
		}
		r.end()
	}
	return rows.Err()
}
