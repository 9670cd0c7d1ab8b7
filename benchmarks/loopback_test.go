package benchmarks

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"productcache/benchmarks/internal/child"
)

// program builds the real program.
func program(tb testing.TB) (binary string) {
	tb.Helper()
	binary, err := child.Build(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	return binary
}

func startProgram(tb testing.TB, binary, dsn string, args ...string) *child.Process {
	tb.Helper()
	p, err := child.Productcache(context.Background(), binary, dsn, args...)
	return stopped(tb, p, err)
}

// startYardstick starts this test binary as a server; see TestMain.
func startYardstick(tb testing.TB, name, dsn string) *child.Process {
	tb.Helper()
	env := []string{yardstickVariable + "=" + name, databaseVariable + "=" + dsn}
	p, err := child.Start(context.Background(), exec.Command(os.Args[0]), env, "listen")
	return stopped(tb, p, err)
}

func stopped(tb testing.TB, p *child.Process, err error) *child.Process {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

func cpu(tb testing.TB, p *child.Process) time.Duration {
	tb.Helper()
	spent, err := p.CPU()
	if err != nil {
		tb.Fatal(err)
	}
	return spent
}

// client is HTTP over one kept connection, at less cost than net/http's: client and server share
// the machine.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	took []time.Duration
}

func dial(tb testing.TB, address string) *client {
	tb.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
}

// get fails unless the answer is 200.
func (c *client) get(tb testing.TB, path string) {
	start := time.Now()
	c.out = append(append(append(c.out[:0], "GET "...), path...), " HTTP/1.1\r\nHost: shop\r\n\r\n"...)
	if _, err := c.conn.Write(c.out); err != nil {
		tb.Errorf("GET %.40s: %v", path, err)
		return
	}
	status, length, err := c.header()
	if err == nil {
		_, err = c.in.Discard(length)
	}
	if status != "200 OK" || err != nil {
		tb.Errorf("GET %.40s: status %q, error %v", path, status, err)
	}
	c.took = append(c.took, time.Since(start))
}

// header reads up to the body and returns its length.
func (c *client) header() (status string, length int, err error) {
	const version, lengthField = "HTTP/1.1 ", "Content-Length: "
	line, err := c.in.ReadSlice('\n')
	status = string(bytes.TrimSpace(bytes.TrimPrefix(line, []byte(version))))
	for err == nil {
		line, err = c.in.ReadSlice('\n')
		if len(line) <= len("\r\n") {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte(lengthField)); ok && err == nil {
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
	return status, length, err
}
