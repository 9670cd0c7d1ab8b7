// Package phpserver runs a folder of PHP pages for the demo and for tests: on
// PHP's built-in server, or on php-fpm behind nginx.
//
// All their files are in a temporary folder, and they listen on one address and
// a Unix socket in that folder. They run as whoever starts them, root or not,
// and are gone together with the folder when the process that started them
// ends, however that ends (see guard.go).
//
// Each process has one goroutine that waits for it; Close ends both.
package phpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Kind is what serves the pages.
type Kind string

const (
	BuiltIn Kind = "php" // php -S
	FPM     Kind = "fpm" // php-fpm behind nginx
)

const (
	startLimit     = 20 * time.Second
	stopLimit      = 5 * time.Second
	pause          = 10 * time.Millisecond
	defaultWorkers = 4
)

// Config says what to serve.
type Config struct {
	Kind    Kind      // "" is BuiltIn
	Address string    // host and port; "" is a free port of 127.0.0.1
	Folder  string    // the document root; what is no file in it is for its index.php
	Env     []string  // more environment for PHP
	Workers int       // requests that PHP works on at a time; 0 is 4
	Log     io.Writer // what the servers complain of; nil: dropped
}

// Validate finds what Start would find.
func (c Config) Validate() (err error) {
	var programs []string
	switch c.Kind {
	case "", BuiltIn:
		programs = []string{"php"}
	case FPM:
		programs = []string{"php-fpm", "nginx"}
	default:
		err = fmt.Errorf("phpserver: there is no kind of server %q: %s is PHP's own, %s is php-fpm with nginx", c.Kind, BuiltIn, FPM)
	}
	for _, name := range programs {
		_, e := find(name)
		err = errors.Join(err, e)
	}
	if _, e := os.Stat(filepath.Join(c.Folder, "index.php")); e != nil {
		err = errors.Join(err, fmt.Errorf("phpserver: %w", e))
	}
	return err
}

// Server is a running server.
type Server struct {
	address   string
	folder    string // of its own files
	guard     *guard
	processes []*process // in the order of their start
	ended     chan struct{}
}

// Start starts a server and returns once it accepts connections. ctx bounds
// only the start. The caller must Close the server.
func Start(ctx context.Context, c Config) (_ *Server, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Folder, err = filepath.Abs(c.Folder); err != nil {
		return nil, err
	}
	if c.Workers == 0 {
		c.Workers = defaultWorkers
	}
	if c.Address, err = freeAddress(c.Address); err != nil {
		return nil, fmt.Errorf("phpserver: %w", err)
	}
	s := &Server{address: c.Address, ended: make(chan struct{}, 2)}
	if s.folder, err = os.MkdirTemp("", "productcache-php-"); err != nil {
		return nil, err
	}
	if s.guard, err = newGuard(s.folder); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.folder))
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	start := s.startBuiltIn
	if c.Kind == FPM {
		start = s.startFPM
	}
	if err := start(ctx, c); err != nil {
		return nil, errors.Join(fmt.Errorf("phpserver: %w", err), s.Close())
	}
	return s, nil
}

// URL returns the address of the home page, without a slash at its end.
func (s *Server) URL() string { return "http://" + s.address }

// Ended gets a value when a process has ended without Close.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Close ends the server and removes its files.
func (s *Server) Close() error {
	for i := len(s.processes) - 1; i >= 0; i-- { // nginx before what it asks
		s.processes[i].stop()
	}
	return s.guard.finish()
}

// startBuiltIn runs php -S, which by itself answers one request at a time. Told
// to log no requests (-q), it does not log errors either, unless to a file.
func (s *Server) startBuiltIn(ctx context.Context, c Config) error {
	program, err := find("php")
	if err != nil {
		return err
	}
	c.Log = withoutGreetings(c.Log)
	cmd := exec.Command(program, "-d", "expose_php=0", "-d", "error_log=/dev/stderr", "-S", c.Address, "-q", "-t", c.Folder, filepath.Join(c.Folder, "index.php"))
	cmd.Env = append(os.Environ(), "PHP_CLI_SERVER_WORKERS="+strconv.Itoa(c.Workers))
	return s.run(ctx, c, cmd, "tcp", c.Address)
}

// run starts a command and returns once it accepts connections.
func (s *Server) run(ctx context.Context, c Config, cmd *exec.Cmd, network, address string) error {
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, c.Env...)
	cmd.Dir = s.folder
	cmd.Stdout, cmd.Stderr = c.Log, c.Log
	p, err := s.launch(cmd)
	if err != nil {
		return err
	}
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if conn, err := net.Dial(network, address); err == nil && !p.over() {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("%s ended at its start: %w", filepath.Base(cmd.Path), p.err)
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen on %s: %w", filepath.Base(cmd.Path), address, ctx.Err())
		}
	}
}

// process is a running command, the leader of a process group.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended, and err says how
	err  error
}

func (s *Server) launch(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C does not reach it
	cmd.WaitDelay = stopLimit
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
		s.ended <- struct{}{} // has room for all processes
	}()
	s.processes = append(s.processes, p)
	return p, s.guard.watch(cmd.Process.Pid)
}

func (p *process) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop ends the process and all that it has started.
func (p *process) stop() {
	p.signal(syscall.SIGTERM)
	kill := time.AfterFunc(stopLimit, func() { p.signal(syscall.SIGKILL) })
	<-p.done
	kill.Stop()
	p.signal(syscall.SIGKILL) // workers that outlive their master
}

// signal tells the process group; there may be none any more.
func (p *process) signal(signal syscall.Signal) { _ = syscall.Kill(-p.cmd.Process.Pid, signal) }

// find returns the path of a program, which may be where only root looks, and
// whose name may end in PHP's version.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, folder := range []string{"/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"} {
		for _, pattern := range []string{name, name + "[0-9]*"} {
			if found, _ := filepath.Glob(filepath.Join(folder, pattern)); len(found) > 0 {
				return found[len(found)-1], nil
			}
		}
	}
	return "", fmt.Errorf("there is no program %s: `make deps-php` installs it", name)
}

// freeAddress returns the address, or a free port of 127.0.0.1 for none. Whoever
// listens there already would answer in the server's place.
func freeAddress(address string) (string, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
