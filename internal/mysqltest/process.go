package mysqltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// gate holds a command back until the watchdog knows its pid, and gives up if this process dies first.
const gate = `read -r go && exec "$@" </dev/null`

var errExited = errors.New("the server ended while starting")

// process is a server, or a command that makes its data.
type process struct {
	command *exec.Cmd
	alive   *os.File // every process of the command holds the other end: end of file means that all have ended
}

// startLocked starts the server's process and waits until it answers.
func (s *Server) startLocked(ctx context.Context) error {
	if err := s.beginLocked(append(s.command, "--port="+strconv.Itoa(s.port))); err != nil {
		return err
	}
	if err := s.awaitLocked(ctx); err != nil {
		s.stopLocked(true)
		return fmt.Errorf("%w\n%s", err, tail(s.logFile()))
	}
	return nil
}

// beginLocked runs a command under the eyes of the watchdog.
func (s *Server) beginLocked(command []string) error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p, open, err := launch(command, log)
	if err != nil {
		return err
	}
	defer open.Close()
	s.process = p
	if err := s.guard.watch(p.command.Process.Pid); err != nil {
		return errors.Join(err, s.stopLocked(true))
	}
	if _, err := open.WriteString("go\n"); err != nil {
		return errors.Join(err, s.stopLocked(true))
	}
	return nil
}

// launch starts the command behind the gate; a line written to open lets it through.
func launch(command []string, log *os.File) (p *process, open *os.File, err error) {
	in, open, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	alive, held, err := os.Pipe()
	if err != nil {
		open.Close()
		return nil, nil, err
	}
	defer held.Close()
	c := exec.Command("/bin/sh", append([]string{"-c", gate, "gate"}, command...)...)
	c.Dir = filepath.Dir(log.Name())
	c.Stdin, c.Stdout, c.Stderr = in, log, log
	c.ExtraFiles = []*os.File{held}
	c.SysProcAttr = ownGroup()
	if err := c.Start(); err != nil {
		open.Close()
		alive.Close()
		return nil, nil, err
	}
	return &process{command: c, alive: alive}, open, nil
}

// ended waits for at most d and reports whether the process has ended.
func (p *process) ended(d time.Duration) bool {
	p.alive.SetReadDeadline(time.Now().Add(d))
	_, err := p.alive.Read(make([]byte, 1))
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// awaitLocked returns when the server answers on its socket, which no other server can be listening to.
func (s *Server) awaitLocked(ctx context.Context) error {
	const pause = 10 * time.Millisecond
	for {
		err := s.ping(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("no answer: %w (%w)", err, ctx.Err())
		}
		if s.process.ended(pause) {
			return errExited
		}
	}
}

func (s *Server) stopLocked(kill bool) error {
	p := s.process
	if p == nil {
		return nil
	}
	if !kill {
		p.command.Process.Signal(syscall.SIGCONT) // a frozen server cannot obey
		p.command.Process.Signal(syscall.SIGTERM)
		kill = !p.ended(stopLimit)
	}
	if kill {
		syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) // its process group
	}
	p.command.Wait() // says only how the server ended, and that was asked for
	p.alive.Close()
	s.process = nil
	os.Remove(s.socket)
	return s.guard.watch(0)
}

// Freeze stops the server in its tracks: connections stay open and nothing answers, until Thaw.
func (s *Server) Freeze() error {
	if err := s.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return s.stopped()
}

// stopped waits until no thread of the server runs any more: the signal is
// sent at once, but takes effect when the kernel next sees the thread.
func (s *Server) stopped() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for began := time.Now(); time.Since(began) < stopLimit; time.Sleep(time.Millisecond) {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", s.process.command.Process.Pid))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(threads, runs) {
			return nil
		}
	}
	return errors.New("mysqltest: the server does not freeze")
}

// runs reports whether the thread with this stat file is not stopped (proc(5)):
// its state follows its name, which stands in parentheses.
func runs(stat string) bool {
	b, err := os.ReadFile(stat)
	return err == nil && !bytes.Contains(b, []byte(") T "))
}

// Thaw lets a frozen server go on.
func (s *Server) Thaw() error { return s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return errors.New("mysqltest: the server is stopped")
	}
	return s.process.command.Process.Signal(sig)
}

func (s *Server) logFile() string { return filepath.Join(s.folder, "server.log") }

// tail returns the end of a log file for an error text.
func tail(file string) string {
	const most = 2000
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-most):])
}

// freePort looks below the range from which the kernel takes ports for outgoing connections:
// a port there stays free while its server restarts.
func freePort() (int, error) {
	const low, high, tries = 10000, 32000, 100
	for range tries {
		if port := low + rand.IntN(high-low); isFree(port) {
			return port, nil
		}
	}
	return 0, errors.New("no free port on 127.0.0.1")
}

func isFree(port int) bool {
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	return err == nil && l.Close() == nil
}
