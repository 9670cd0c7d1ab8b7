package child

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	listenLimit = 20 * time.Second
	endLimit    = 10 * time.Second
)

// Server is a server that is not ours, in a process group of its own. It gets a signal when the thread that
// started it ends, however that ends. It has one goroutine, which waits for it; Stop ends both.
type Server struct {
	command *exec.Cmd
	log     string
	ended   chan struct{} // closed when it has ended
}

// Launch starts a server whose output goes to NAME.log in a folder. The caller's goroutine must be locked to its
// thread for as long as the server lives (runtime.LockOSThread).
func Launch(folder, name, program string, args ...string) (*Server, error) {
	s := &Server{command: exec.Command(program, args...), log: filepath.Join(folder, name+".log"), ended: make(chan struct{})}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.command.Dir, s.command.Stdout, s.command.Stderr = folder, log, log
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() { _ = s.command.Wait(); close(s.ended) }()
	return s, nil
}

// PID returns the server's process id.
func (s *Server) PID() int { return s.command.Process.Pid }

// Await returns when the server can be reached.
func (s *Server) Await(ctx context.Context, network, address string) error {
	const pause = 20 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, listenLimit)
	defer cancel()
	for {
		conn, err := net.Dial(network, address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-time.After(pause):
			continue
		case <-s.ended:
		case <-ctx.Done():
		}
		text, _ := os.ReadFile(s.log)
		return fmt.Errorf("%s does not listen on %s: %s", s.command.Path, address, text)
	}
}

// Stop ends the server, in good order if it can, and whatever it has started.
func (s *Server) Stop() error {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(endLimit):
	}
	_ = syscall.Kill(-s.command.Process.Pid, syscall.SIGKILL)
	<-s.ended
	return nil
}

// FreePort returns a port of 127.0.0.1 that nobody uses at the moment.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}
