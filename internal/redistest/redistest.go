// Package redistest runs private Redis servers for tests and benchmarks.
//
// A server lives in a temporary folder, listens on a free port of 127.0.0.1, and is killed when the test, or the process that
// started it, ends, however that ends: a shell waits for the other end of a pipe.
//
// Redis must be installed (the packages redis-server and redis-tools; `make deps-redis`): tests fail without it.
package redistest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a running Redis. Its methods may be called from several goroutines.
type Server struct {
	tb     testing.TB
	folder string
	port   int
	args   []string

	mu    sync.Mutex // guards all below
	guard *exec.Cmd
	pipe  *os.File
	pid   int
}

// guardScript starts the server, tells its process id, and kills it once the pipe closes.
const guardScript = `"$@" >server.log 2>&1 & echo $!; exec 1>&-; cat >/dev/null; kill -KILL $!; wait`

// startLimit is for slow machines under the race detector.
const startLimit = 30 * time.Second

// Start starts a server that keeps nothing on disk, with further arguments such as "--maxmemory", "1mb".
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	s := &Server{tb: tb, folder: tb.TempDir(), port: freePort(tb), args: args}
	s.Run()
	tb.Cleanup(s.Kill)
	return s
}

func freePort(tb testing.TB) int {
	tb.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		if port < 50_000 { // the bus of a Cluster is 10,000 higher
			return port
		}
	}
}

// Run starts the server again, after Kill, and returns when it answers.
func (s *Server) Run() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	r, w, err := os.Pipe()
	if err != nil {
		s.tb.Fatal(err)
	}
	defer r.Close()
	server := append([]string{"-c", guardScript, "guard", "redis-server", "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", s.folder}, s.args...)
	s.guard = exec.Command("/bin/sh", server...)
	s.guard.Dir, s.guard.Stdin = s.folder, r
	out, err := s.guard.StdoutPipe()
	if err == nil {
		err = s.guard.Start()
	}
	if err != nil {
		s.tb.Fatal(err)
	}
	s.pipe = w
	line, _ := bufio.NewReader(out).ReadString('\n')
	if s.pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		s.tb.Fatalf("redistest: no process: %v", err)
	}
	for until := time.Now().Add(startLimit); ; time.Sleep(5 * time.Millisecond) { // a server tells nobody that it listens
		answer, err := s.try("PING")
		if strings.TrimSpace(answer) == "PONG" || strings.HasPrefix(answer, "NOAUTH") {
			return
		}
		if time.Now().After(until) {
			log, _ := os.ReadFile(s.folder + "/server.log")
			s.tb.Fatalf("redistest: it does not answer (packages redis-server and redis-tools: make deps-redis): %v, %s; %s", err, answer, log)
		}
	}
}

// Address is host and port.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL is redis:// and the address.
func (s *Server) URL() string { return "redis://" + s.Address() }

// Kill ends the server, if it runs.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pipe == nil {
		return
	}
	_ = s.pipe.Close()
	_ = s.guard.Wait() // what it has to say is that it was killed
	s.pipe = nil
}

// Stop stops the server in its tracks.
func (s *Server) Stop() { s.signal(syscall.SIGSTOP) }

// Continue has it go on.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(what syscall.Signal) {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := syscall.Kill(s.pid, what); err != nil {
		s.tb.Error(err)
	}
}

// Do runs a command by redis-cli, and returns its answer, as that prints it.
func (s *Server) Do(command ...string) string {
	s.tb.Helper()
	answer, err := s.try(command...)
	if err != nil {
		s.tb.Fatalf("redis-cli %q: %v: %s", command, err, answer)
	}
	return strings.TrimRight(answer, "\n")
}

func (s *Server) try(command ...string) (string, error) {
	b, err := exec.Command("redis-cli", append([]string{"-h", "127.0.0.1", "-p", strconv.Itoa(s.port)}, command...)...).CombinedOutput()
	return string(b), err
}

// Count returns a number of INFO, such as "total_commands_processed".
func (s *Server) Count(name string) float64 {
	s.tb.Helper()
	for line := range strings.Lines(s.Do("INFO", "everything")) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				s.tb.Fatal(err)
			}
			return n
		}
	}
	s.tb.Fatalf("redistest: INFO has no %s", name)
	return 0
}

// Cluster starts a Cluster of so many masters, 3 at least.
func Cluster(tb testing.TB, masters int) []*Server { return Replicated(tb, masters, 0) }

// Replicated starts a Cluster of so many masters, which come first, with so many replicas each.
func Replicated(tb testing.TB, masters, replicas int) []*Server {
	tb.Helper()
	var all []*Server
	create := []string{"--cluster", "create"}
	for range masters * (1 + replicas) {
		s := Start(tb, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
		all = append(all, s)
		create = append(create, s.Address())
	}
	if out, err := exec.Command("redis-cli", append(create, "--cluster-replicas", strconv.Itoa(replicas), "--cluster-yes")...).CombinedOutput(); err != nil {
		tb.Fatalf("redistest: %v: %s", err, out)
	}
	for i, s := range all {
		whole := func() bool {
			follows := i < masters || strings.Contains(s.Do("INFO", "replication"), "master_link_status:up")
			return follows && strings.Contains(s.Do("CLUSTER", "INFO"), "cluster_state:ok")
		}
		for until := time.Now().Add(startLimit); !whole(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(until) {
				tb.Fatal("redistest: the Cluster does not come up: ", s.Do("CLUSTER", "INFO"))
			}
		}
	}
	return all
}

// ClusterURL names all servers of a Cluster.
func ClusterURL(servers []*Server) string {
	var addresses []string
	for _, s := range servers {
		addresses = append(addresses, s.Address())
	}
	slices.Sort(addresses)
	return fmt.Sprint("redis://", strings.Join(addresses, ","))
}
