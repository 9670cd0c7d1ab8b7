package phpserver_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"productcache/internal/phpserver"
)

// childVariable makes this program start a server of that kind, say where it
// is, and wait: childFolder is what it serves.
const (
	childVariable       = "PHPSERVER_TEST_KIND"
	childFolderVariable = "PHPSERVER_TEST_FOLDER"
)

const pages = `<?php
error_log('noted: ' . $_SERVER['REQUEST_URI']);
header('X-Method: ' . $_SERVER['REQUEST_METHOD']);
echo getenv('GREETING'), ' ', $_SERVER['REQUEST_URI'], ' ', $_GET['q'] ?? '', $_POST['q'] ?? '', ' ', php_sapi_name();
`

// systemTemp is where folders are made that are not the servers'.
var systemTemp = os.TempDir()

var kinds = []phpserver.Kind{phpserver.BuiltIn, phpserver.FPM}

func TestMain(m *testing.M) {
	if kind := os.Getenv(childVariable); kind != "" {
		child(phpserver.Kind(kind))
		return
	}
	goleak.VerifyTestMain(m)
}

func child(kind phpserver.Kind) {
	s, err := phpserver.Start(context.Background(), phpserver.Config{Kind: kind, Folder: os.Getenv(childFolderVariable), Log: os.Stderr})
	if err != nil {
		os.Stdout.WriteString(err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString(s.URL() + "\n")
	io.Copy(io.Discard, os.Stdin)
	if err := s.Close(); err != nil {
		os.Stdout.WriteString(err.Error())
		os.Exit(1)
	}
}

// log is what a server complains of.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestServes asks both kinds, and wants nothing left of them.
func TestServes(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			temporary := useTempDir(t)
			var log log
			s, err := phpserver.Start(t.Context(), phpserver.Config{Kind: kind, Folder: folder(t), Env: []string{"GREETING=hello"}, Log: &log})
			if err != nil {
				t.Fatal(err)
			}
			sapi := map[phpserver.Kind]string{phpserver.BuiltIn: "cli-server", phpserver.FPM: "fpm-fcgi"}[kind]
			if got, want := get(t, s.URL()+"/a/b?q=1"), "hello /a/b?q=1 1 "+sapi; got != want {
				t.Errorf("GET = %q, want %q", got, want)
			}
			if got := get(t, s.URL()+"/style.css"); !strings.HasPrefix(got, "body") && kind == phpserver.FPM {
				t.Errorf("GET a style = %q, want the file", got)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if got := log.String(); !strings.Contains(got, "noted: /a/b?q=1") || strings.Contains(got, "Development Server") {
				t.Errorf("log %q, want what PHP notes, without greetings", got)
			}
			if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			if _, err := http.Get(s.URL()); err == nil {
				t.Error("it still answers")
			}
		})
	}
}

// TestEndsWithItsStarter kills that, and waits until the files are gone, which
// are removed after the processes.
func TestEndsWithItsStarter(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			temporary := useTempDir(t)
			cmd, _, url := startChild(t, kind, os.Args[0], nil)
			get(t, url)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // killed
			for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
				left, err := os.ReadDir(temporary)
				if err == nil && len(left) == 0 {
					break
				}
				if time.Since(began) > 20*time.Second {
					t.Fatalf("left behind: %v, %v", left, err)
				}
			}
			if _, err := http.Get(url); err == nil {
				t.Error("it still answers")
			}
		})
	}
}

// TestRunsAsAnybody runs both kinds as a user without rights.
func TestRunsAsAnybody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else; the other tests run as nobody special anyway")
	}
	const nobody = 65534
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			temporary := useTempDir(t)
			program := filepath.Join(temporary, "program")
			self, err := os.ReadFile(os.Args[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(program, self, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(temporary, nobody, nobody); err != nil {
				t.Fatal(err)
			}
			cmd, stdin, url := startChild(t, kind, program, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
			if got := get(t, url); !strings.Contains(got, " / ") {
				t.Errorf("GET = %q", got)
			}
			stdin.Close()
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSaysWhatIsMissing before anything is started.
func TestSaysWhatIsMissing(t *testing.T) {
	temporary := useTempDir(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, c := range []struct {
		config phpserver.Config
		want   string
	}{
		{phpserver.Config{Kind: "apache", Folder: folder(t)}, `no kind of server "apache": php is PHP's own, fpm is php-fpm with nginx`},
		{phpserver.Config{Folder: "/no/such"}, "/no/such/index.php"},
		{phpserver.Config{Folder: folder(t), Address: busy.Addr().String()}, "address already in use"},
		{phpserver.Config{Kind: phpserver.FPM, Folder: folder(t), Workers: -1}, " ended at its start"},
	} {
		s, err := phpserver.Start(t.Context(), c.config)
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Start(%+v) = %v, want %q", c.config, err, c.want)
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// startChild runs this program as another process, and returns once its server
// answers.
func startChild(t *testing.T, kind phpserver.Kind, program string, as *syscall.SysProcAttr) (*exec.Cmd, io.Closer, string) {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childVariable+"="+string(kind), childFolderVariable+"="+folder(t))
	cmd.Dir = "/"
	cmd.SysProcAttr = as
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	said := make([]byte, 1000)
	n, _ := stdout.Read(said)
	url, isURL := strings.CutSuffix(string(said[:n]), "\n")
	if !isURL || !strings.HasPrefix(url, "http://") {
		t.Fatalf("the child says %q", said[:n])
	}
	return cmd, stdin, url
}

// folder makes one of pages, which all may read.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(systemTemp, "pages with a blank ")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"index.php": pages, "style.css": "body {}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// useTempDir gives servers a folder for their files, with a path short enough
// for sockets. Folders of pages are elsewhere.
func useTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "phpserver-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
	return dir
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s = %d, %v", url, response.StatusCode, err)
	}
	return string(body)
}
