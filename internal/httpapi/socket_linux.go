package httpapi

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket is a connection that was parked. Unlike net.FileConn it needs no second descriptor, of which
// there may be none.
type socket struct{ *os.File }

func newSocket(fd int) *socket { return &socket{os.NewFile(uintptr(fd), "socket")} }

// Read implements net.Conn. Its errors are those of package net, by which net/http knows them.
func (s *socket) Read(b []byte) (int, error) {
	n, err := s.File.Read(b)
	return n, asOpError("read", err)
}

// Write implements net.Conn.
func (s *socket) Write(b []byte) (int, error) {
	n, err := s.File.Write(b)
	return n, asOpError("write", err)
}

func asOpError(op string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return &net.OpError{Op: op, Net: "socket", Err: path.Err}
	}
	return err
}

// CloseWrite is part of what net/http wants of a connection.
func (s *socket) CloseWrite() (err error) {
	if failed := s.with(func(fd int) { err = unix.Shutdown(fd, unix.SHUT_WR) }); failed != nil {
		return failed
	}
	return err
}

// LocalAddr implements net.Conn.
func (s *socket) LocalAddr() net.Addr { return s.address(unix.Getsockname) }

// RemoteAddr implements net.Conn.
func (s *socket) RemoteAddr() net.Addr { return s.address(unix.Getpeername) }

func (s *socket) address(of func(fd int) (unix.Sockaddr, error)) net.Addr {
	var at unix.Sockaddr
	_ = s.with(func(fd int) { at, _ = of(fd) })
	switch at := at.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: at.Addr[:], Port: at.Port}
	case *unix.SockaddrInet6:
		return &net.TCPAddr{IP: at.Addr[:], Port: at.Port}
	case *unix.SockaddrUnix:
		return &net.UnixAddr{Net: "unix", Name: at.Name}
	}
	return &net.UnixAddr{Net: "unix"} // it has ended
}

func (s *socket) with(f func(fd int)) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}

var _ syscall.Conn = (*socket)(nil)
