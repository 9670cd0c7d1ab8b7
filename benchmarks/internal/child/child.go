// Package child runs servers as processes of their own, so that benchmarks and the soak can
// measure what the server alone takes, and see what its users and its kernel see.
//
// A child's log is JSON on its standard error; Start learns its addresses from there. A child ends
// with the process that started it: its next line of log meets a closed pipe, whose signal ends a
// Go program, and the end of its database is such a line. Every child has one goroutine, which
// reads that log; Stop ends both.
package child

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startLimit    = 30 * time.Second
	stopLimit     = 20 * time.Second
	keptLines     = 20 // of the log, for the text of an error
	mostListeners = 8
)

// Process is a running child.
type Process struct {
	command   *exec.Cmd
	stdin     io.Closer // its end tells a child that reads it that we are gone
	addresses map[string]string
	logged    chan struct{} // closed when the log has ended
	stop      func() error

	mu    sync.Mutex // guards lines
	lines []string
}

// Build compiles the real program into a folder and returns its path.
func Build(folder string) (string, error) {
	binary := filepath.Join(folder, "productcache")
	out, err := exec.Command("go", "build", "-o", binary, "productcache/cmd/productcache").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
}

// Productcache starts the real program on free ports of 127.0.0.1 and returns when it is ready.
func Productcache(ctx context.Context, binary, dsn string, args ...string) (*Process, error) {
	args = append([]string{"-listen=127.0.0.1:0", "-admin-listen=127.0.0.1:0", "-log-format=json"}, args...)
	p, err := Start(ctx, exec.Command(binary, args...), []string{"PRODUCTCACHE_MYSQL_DSN=" + dsn}, "listen", "admin-listen")
	if err != nil {
		return nil, err
	}
	if err := p.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

// Start starts a command with more environment, and returns when its log has named the address of
// each of the listeners.
func Start(ctx context.Context, c *exec.Cmd, env []string, listeners ...string) (*Process, error) {
	c.Env = append(os.Environ(), env...)
	log, err := c.StderrPipe()
	if err != nil {
		return nil, err
	}
	stdin, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &Process{command: c, stdin: stdin, addresses: make(map[string]string), logged: make(chan struct{})}
	p.stop = sync.OnceValue(p.end)
	opened := make(chan listening, mostListeners)
	go p.read(log, opened)
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for len(p.addresses) < len(listeners) {
		select {
		case l, ok := <-opened:
			if !ok {
				return nil, errors.Join(fmt.Errorf("child: %s ended at its start: %s", c.Path, p.Log()), p.Stop())
			}
			p.addresses[l.As] = l.Address
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("child: %s does not listen: %s", c.Path, p.Log()), p.Stop())
		}
	}
	return p, nil
}

// listening is the line of the log that names a listener's address.
type listening struct {
	Message string `json:"msg"`
	As      string `json:"as"`
	Address string `json:"address"`
}

// read takes the log in until the child ends.
func (p *Process) read(log io.Reader, opened chan<- listening) {
	defer close(p.logged)
	defer close(opened)
	in := bufio.NewScanner(log)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines[max(0, len(p.lines)-keptLines+1):], in.Text())
		p.mu.Unlock()
		var l listening
		if json.Unmarshal(in.Bytes(), &l) == nil && l.Message == "listening" {
			select {
			case opened <- l:
			default:
			}
		}
	}
	_, _ = io.Copy(io.Discard, log) // after a line too long to keep
}

// Log returns the last lines of the log.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// Address returns host and port of a listener.
func (p *Process) Address(listener string) string { return p.addresses[listener] }

// Stop ends the child in good order and returns an error if it does not end well. A second Stop
// returns what the first did.
func (p *Process) Stop() error { return p.stop() }

// Kill ends the child at once, by SIGKILL.
func (p *Process) Kill() error {
	_ = p.command.Process.Kill()
	err := p.stop()
	if status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL {
		return nil
	}
	return err
}

func (p *Process) end() error {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	_ = p.stdin.Close()
	select {
	case <-p.logged:
	case <-time.After(stopLimit):
		_ = p.command.Process.Kill()
		<-p.logged
	}
	if err := p.command.Wait(); err != nil {
		return fmt.Errorf("child: %w: %s", err, p.Log())
	}
	return nil
}
