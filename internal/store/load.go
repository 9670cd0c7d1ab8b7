package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
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
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
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
	s.checkIn(conn)
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
	select {
	case <-o.ended:
	case <-s.gate.silent():
	case <-ctx.Done():
	}
}

// wentSilent is called when MySQL holds a connection but does not answer. The
// idle ones would each have to be found out in the same way: away with them,
// and nobody gets past the gate.
func (s *Store) wentSilent() {
	s.gate.fail(errSilent)
	s.db.SetMaxIdleConns(-1)
	s.db.SetMaxIdleConns(cap(s.slots) + 1)
}

// checkOut takes a connection from the pool. When MySQL refuses us another one,
// as it does when it has too many, those that we have go round.
func (s *Store) checkOut(ctx context.Context) (*sql.Conn, *link, error) {
	for {
		conn, err := s.db.Conn(ctx)
		if err == nil {
			s.inUse.Add(1)
			var l *link
			err = conn.Raw(func(c any) error { l = c.(*link); return nil })
			if err == nil {
				return conn, l, nil
			}
			s.checkIn(conn)
			return nil, nil, err
		}
		if !fromServer(err) || !s.anotherFree(ctx) {
			return nil, nil, err
		}
	}
}

// anotherFree waits until a load has given a connection back. It returns false
// when none has one.
func (s *Store) anotherFree(ctx context.Context) bool {
	select {
	case <-s.returned:
		return true
	default:
	}
	if s.inUse.Load() == 0 {
		return false
	}
	select {
	case <-s.returned:
		return true
	case <-ctx.Done():
		return false
	}
}

// checkIn gives conn back. The word goes out before the count goes down: who
// then finds the count at zero and no word has missed nothing.
func (s *Store) checkIn(conn *sql.Conn) {
	conn.Close()
	select {
	case s.returned <- struct{}{}:
	default:
	}
	s.inUse.Add(-1)
}

// discard makes the pool throw conn away.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}
