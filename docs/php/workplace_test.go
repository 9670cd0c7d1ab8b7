// Package php_test runs every block of code in the pages of this folder, against the real service and a real MariaDB.
package php_test

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

const patience = 60 * time.Second

// A workplace is where a reader tries a page: an empty folder, with the project at hand.
type workplace struct {
	t        *testing.T
	root     string   // of the project
	folder   string   // short, for sockets
	actual   []string // what stands in the page, and what it is here, alternating
	env      []string
	services []*service
}

// newWorkplace has bin/productcache and docs, as a clone has.
func newWorkplace(t *testing.T) *workplace {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "pc-")
	if err != nil {
		t.Fatal(err)
	}
	w := &workplace{t: t, root: root, folder: folder}
	t.Cleanup(func() {
		for _, s := range w.services {
			s.end()
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	w.must(os.Mkdir(filepath.Join(folder, "bin"), 0o755))
	if out, err := exec.Command("go", "build", "-o", filepath.Join(folder, "bin"), "productcache/cmd/productcache").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	w.must(os.Symlink(filepath.Join(root, "docs"), filepath.Join(folder, "docs")))
	w.env = append(os.Environ(), "COMPOSER_ALLOW_SUPERUSER=1", "COMPOSER_MIRROR_PATH_REPOS=1", "COMPOSER_NO_INTERACTION=1",
		"COMPOSER_DISABLE_NETWORK=1", "COMPOSER_HOME="+filepath.Join(folder, ".composer"))
	w.is("/path/to/productcache", root)
	w.is("/run/productcache/", folder+"/")
	return w
}

func (w *workplace) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// is says what an address or a path in the page is here.
func (w *workplace) is(shown, actual string) { w.actual = append(w.actual, shown, actual) }

func (w *workplace) here(text string) string { return strings.NewReplacer(w.actual...).Replace(text) }

func (w *workplace) write(name, text string) {
	w.t.Helper()
	file := filepath.Join(w.folder, name)
	w.must(os.MkdirAll(filepath.Dir(file), 0o755))
	w.must(os.WriteFile(file, []byte(text), 0o600))
}

// run runs a program in the folder and returns what it has printed.
func (w *workplace) run(b block, name string, args ...string) string {
	w.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = w.folder, w.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Errorf("%s:%d: %v\n%s", b.page, b.line, err, out)
	}
	return string(out)
}

// php runs a file; it must print no warning, either.
func (w *workplace) php(b block, file string) string {
	w.t.Helper()
	return w.run(b, "php", "-d", "apc.enable_cli=1", "-d", "error_reporting=-1", "-d", "display_errors=1", "-d", "zend.assertions=1", file)
}

// shell runs a block of commands. One that ends with a service leaves it running.
func (w *workplace) shell(b block) {
	w.t.Helper()
	text := w.here(b.text)
	demo := regexp.MustCompile(`(?m)^make demo$`)
	serves := regexp.MustCompile(`(?m)^bin/productcache -.*$`)
	switch {
	case demo.MatchString(text):
		listen, admin := freeAddress(w.t), freeAddress(w.t)
		text = demo.ReplaceAllLiteralString(text, "make -C "+w.root+" demo LISTEN="+listen+" ADMIN_LISTEN="+admin)
		s := w.start(b, text, func(s *service) bool { return strings.Contains(s.out.String(), "Ctrl-C ends") })
		s.public, s.admin = "http://"+listen, "http://"+admin
	case serves.MatchString(text):
		listen := "-listen 127.0.0.1:0 "
		if strings.Contains(text, " -listen ") {
			text, listen = regexp.MustCompile(` -listen [0-9.:]+`).ReplaceAllString(text, " -listen 127.0.0.1:0"), ""
		}
		text = strings.Replace(text, serves.FindString(text), serves.FindString(text)+" "+listen+"-admin-listen 127.0.0.1:0 -log-format json", 1)
		w.start(b, text, (*service).listens)
	default:
		w.run(b, "bash", "-euo", "pipefail", "-c", text)
	}
}

// A service is a running one, with the programs that were started with it.
type service struct {
	cmd           *exec.Cmd
	out           buffer
	done          chan struct{} // closed when cmd has ended
	public, admin string        // base URLs
	socket        string        // of a Unix socket, if it has one
}

// start runs commands until the test ends, and returns once they have said what is awaited.
func (w *workplace) start(b block, commands string, ready func(*service) bool) *service {
	w.t.Helper()
	s := &service{cmd: exec.Command("bash", "-euo", "pipefail", "-c", commands), done: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env = w.folder, w.env
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	w.must(s.cmd.Start())
	go func() { _ = s.cmd.Wait(); close(s.done) }() // how it ended is of no interest; it goes with end
	w.services = append(w.services, s)
	await(w.t, "a service", func() bool {
		select {
		case <-s.done:
			w.t.Fatalf("%s:%d: the service has ended:\n%s", b.page, b.line, &s.out)
		default:
		}
		return ready(s)
	})
	return s
}

// listens finds the addresses in the log.
func (s *service) listens() bool {
	for line := range strings.Lines(s.out.String()) {
		var said struct{ Msg, As, Address string }
		if json.Unmarshal([]byte(line), &said) != nil || said.Msg != "listening" {
			continue
		}
		switch {
		case said.As != "listen":
			s.admin = "http://" + said.Address
		case strings.HasPrefix(said.Address, "/"):
			s.socket = said.Address
		default:
			s.public = "http://" + said.Address
		}
	}
	return s.public != "" && s.admin != ""
}

// end ends it as Ctrl-C does.
func (s *service) end() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT) // it may have ended
	select {
	case <-s.done:
	case <-time.After(patience):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.done
	}
}

// buffer is an output that may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// await repeats a question until the answer is yes.
func await(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !yes(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}
