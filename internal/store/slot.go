package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"
)

// crowdedPause is how often a load looks for a connection that another one has
// given back.
const crowdedPause = 10 * time.Millisecond

// deniedPause is how long a connection is kept at least that may not read what it should: each that
// is opened anew costs MySQL something.
const deniedPause = time.Second

// try has f use a connection, and once more another one if that may help: a
// pooled connection may have died with a server that is back already.
func (s *Store) try(ctx context.Context, lookup string, f func(*sql.Conn) error) error {
	err := s.attempt(ctx, lookup, f)
	if worthAnother(err) && ctx.Err() == nil {
		err = s.attempt(ctx, lookup, f)
	}
	return err
}

// attempt has f use a connection, in a slot that is free again when the last
// query of f has ended. The error of f must be that of its last query.
func (s *Store) attempt(ctx context.Context, lookup string, f func(*sql.Conn) error) error {
	if s.abandoned.crowds(lookup) {
		return errCrowding
	}
	if err := s.takeSlot(ctx); err != nil {
		return err
	}
	conn, link, err := s.checkOut(ctx)
	if err != nil {
		<-s.slots
		return err
	}
	link.meter.arm(s.most)
	err = f(conn)
	ended := settled(err)
	if link.meter.exceeded() {
		err = errTooLarge // whatever the driver made of it; or the last bytes came at once
	}
	link.meter.arm(0)
	if is(err, denied) && time.Since(link.since) > deniedPause {
		discard(conn) // a connection may keep the rights that it began with
	}
	conn.Close()
	if ended {
		<-s.slots
	} else {
		s.abandon(ctx, lookup, link)
	}
	return err
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
func (s *Store) abandon(ctx context.Context, lookup string, l *link) {
	o := s.abandoned.add(lookup, l)
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
