package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"productcache/internal/catalog"
	"productcache/internal/document"
)

// crowdedPause is how often a load looks for a connection that another one has
// given back.
const crowdedPause = 10 * time.Millisecond

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
	rows, err := s.attempt(ctx, l, keys)
	// A pooled connection may have died with a server that is back already.
	if worthAnother(err) && ctx.Err() == nil {
		rows, err = s.attempt(ctx, l, keys)
	}
	if unspeakable(err, l, keys) {
		rows, err = []Row{{}}, nil
	}
	err = named("lookup "+l.Name, err)
	s.note(err)
	return rows, err
}

// note keeps count.
func (s *Store) note(err error) {
	switch {
	case err == nil:
		s.up.Store(true)
		return
	case errors.Is(err, ErrUnavailable):
		s.up.Store(false)
	}
	s.failures.Add(1)
}

// unspeakable reports whether a load failed because its only key has a letter
// that the key column's character set has not. MySQL calls it an error to
// compare the two; to us it means that there is no such row. In a load of
// several keys the error is [Splittable].
func unspeakable(err error, l *catalog.Lookup, keys []string) bool {
	if len(keys) != 1 || l.KeyType == catalog.Integer || !is(err, noSuchText) {
		return false
	}
	for i := range len(keys[0]) {
		if keys[0][i] >= 0x80 {
			return true
		}
	}
	return false
}

// attempt loads once, over one connection.
func (s *Store) attempt(ctx context.Context, l *catalog.Lookup, keys []string) ([]Row, error) {
	if err := s.takeSlot(ctx); err != nil {
		return nil, err
	}
	conn, link, err := s.checkOut(ctx)
	if err != nil {
		<-s.slots
		return nil, err
	}
	b, err := newBatch(s, conn, l, keys)
	if err == nil {
		err = b.run(ctx)
	}
	conn.Close()
	if settled(err) {
		<-s.slots
	} else {
		s.abandon(ctx, link)
	}
	if err != nil {
		return nil, err
	}
	return b.documents(), nil
}

// takeSlot waits for a free slot, as long as there is somebody to answer: with
// MySQL silent, slots may be taken until it is back.
func (s *Store) takeSlot(ctx context.Context) error {
	for {
		changed, absence := s.gate.watch()
		if absence != nil {
			return &refusal{absence}
		}
		select {
		case s.slots <- struct{}{}:
			return nil
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settled reports whether a load's last query has certainly ended.
func settled(err error) bool {
	var wrong mismatch
	return err == nil || fromServer(err) || errors.As(err, &wrong) ||
		errors.Is(err, driver.ErrBadConn) // nothing was sent
}

// abandon waits for the end of what may still run on l. Nobody is kept waiting
// by a server that is silent: the slot is, but not the caller.
func (s *Store) abandon(ctx context.Context, l *link) {
	o := s.abandoned.add(l)
	for {
		changed, absence := s.gate.watch()
		if absence != nil {
			return
		}
		select {
		case <-o.ended:
			return
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// wentSilent is called when MySQL holds a connection but does not answer. The
// idle ones may be dead for good, and each would have to be found out in the
// same way: away with them.
func (s *Store) wentSilent() {
	s.gate.fail(errSilent)
	s.db.SetMaxIdleConns(-1)
	s.db.SetMaxIdleConns(cap(s.slots) + 1)
}

// checkOut takes a connection from the pool. When MySQL refuses us another one,
// as it does when it has too many, those that we have go round.
func (s *Store) checkOut(ctx context.Context) (conn *sql.Conn, l *link, err error) {
	for {
		conn, err = s.db.Conn(ctx)
		if err == nil {
			err = conn.Raw(func(c any) error { l = c.(*link); return nil })
			return conn, l, err
		}
		if !fromServer(err) || s.db.Stats().OpenConnections == 0 {
			return nil, nil, err
		}
		select {
		case <-time.After(crowdedPause):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// discard makes the pool throw conn away.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}
