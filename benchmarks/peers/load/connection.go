package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// connection is one kept-alive connection, with at most one work under way.
type connection struct {
	file   *os.File // keeps fd open
	fd     int
	answer Answer

	work *Work // nil: idle
	step int
	left int // answers to the step that are missing
	due  time.Duration
	in   []byte // received, and not yet a whole answer
}

const firstBuffer = 256 << 10

func dial(o Options) (*connection, error) {
	conn, err := net.Dial(o.Network, o.Address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	filer, ok := conn.(interface{ File() (*os.File, error) })
	if !ok {
		return nil, fmt.Errorf("load: network %s has no file descriptors", o.Network)
	}
	file, err := filer.File()
	if err != nil {
		return nil, err
	}
	c := &connection{file: file, fd: int(file.Fd()), answer: o.Answer, in: make([]byte, 0, firstBuffer)}
	return c, syscall.SetNonblock(c.fd, true)
}

func (c *connection) close() { _ = c.file.Close() }

func (c *connection) begin(w *Work, due time.Duration) error {
	c.work, c.step, c.due = w, 0, due
	return c.send()
}

// send writes a step. A socket without a request under way has room for it.
func (c *connection) send() error {
	c.left = c.work.Answers
	b := c.work.Steps[c.step]
	n, err := syscall.Write(c.fd, b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}

// receive reads what has come, and sends the next step when all answers to the last are there. It
// reports whether the work is finished.
func (c *connection) receive() (finished bool, err error) {
	if len(c.in) == cap(c.in) {
		c.in = append(make([]byte, 0, 2*cap(c.in)), c.in...)
	}
	n, err := syscall.Read(c.fd, c.in[len(c.in):cap(c.in)])
	switch {
	case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR):
		return false, nil
	case err != nil:
		return false, err
	case n == 0:
		return false, errors.New("the server closed a connection")
	case c.work == nil:
		return false, errors.New("an answer that nobody asked for")
	}
	c.in = c.in[:len(c.in)+n]
	return c.take()
}

// take takes whole answers off what has come.
func (c *connection) take() (finished bool, err error) {
	taken := 0
	for c.left > 0 {
		n, err := c.answer(c.in[taken:])
		if err != nil {
			return false, err
		}
		if n == 0 {
			break
		}
		taken += n
		c.left--
	}
	c.in = c.in[:copy(c.in, c.in[taken:])]
	switch {
	case c.left > 0:
		return false, nil
	case len(c.in) > 0:
		return false, fmt.Errorf("more than was asked for: %.60q", c.in)
	}
	if c.step++; c.step < len(c.work.Steps) {
		return false, c.send()
	}
	c.work = nil
	return true, nil
}
