package store

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
)

// errTooLarge is a result that was given up, since it is above Options.MaxResultBytes.
var errTooLarge = errors.New("the result is larger than it may be")

// A meter is the network connection below a link. It bounds what one load may
// send us: the driver takes in a row whole, however large it is, and what is left
// of a result to its end. A load over the bound meets an error at its next read,
// and the connection is lost with it.
type meter struct {
	net.Conn
	room  atomic.Int64 // bytes that may yet come; negative: no more
	armed atomic.Bool  // there is a bound
}

// arm begins to count. With no room the connection is not bounded.
func (m *meter) arm(room int64) {
	m.room.Store(room)
	m.armed.Store(room > 0)
}

// exceeded reports whether the load at hand was given up for its size.
func (m *meter) exceeded() bool { return m.armed.Load() && m.room.Load() < 0 }

// Read implements net.Conn.
func (m *meter) Read(b []byte) (int, error) {
	if m.exceeded() {
		return 0, errTooLarge
	}
	n, err := m.Conn.Read(b)
	if m.armed.Load() {
		m.room.Add(-int64(n))
	}
	return n, err
}

// SyscallConn lets the driver see whether the server has closed an idle
// connection.
func (m *meter) SyscallConn() (syscall.RawConn, error) {
	c, ok := m.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return c.SyscallConn()
}

// meterKey leads to where a dialler puts its meter: the driver keeps what it dials
// to itself.
type meterKey struct{}

// metered has a connection dialled under ctx known afterwards.
func metered(ctx context.Context) (context.Context, *meter) {
	m := &meter{}
	return context.WithValue(ctx, meterKey{}, m), m
}

// dialMetered is the driver's dialler.
func dialMetered(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	m, ok := ctx.Value(meterKey{}).(*meter)
	if !ok {
		return conn, nil
	}
	m.Conn = conn
	return m, nil
}
