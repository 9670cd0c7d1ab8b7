package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestDemo runs the real program, follows what the demo prints, and interrupts it.
func TestDemo(t *testing.T) {
	program := filepath.Join(t.TempDir(), "productcache")
	temporary := useTempDir(t)
	if out, err := exec.Command("go", "build", "-o", program, "productcache/cmd/productcache").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	listen, admin := freeAddress(t), freeAddress(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, w := io.Pipe()
	done := make(chan error, 1)
	var stderr strings.Builder
	go func() {
		err := run(ctx, []string{"-program", program, "-listen", listen, "-admin-listen", admin, "-products", "200"}, w, &stderr)
		w.CloseWithError(io.EOF)
		done <- err
	}()
	text := readUntil(t, stdout, "Ctrl-C ends")
	go io.Copy(io.Discard, stdout)
	tryWhatItPrints(t, text)

	cancel()
	if err := <-done; err != nil || stderr.Len() > 0 {
		t.Errorf("run = %v, with errors %q; want none", err, &stderr)
	}
	expectNothing(t, temporary)
	for _, address := range []string{listen, admin} {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			t.Errorf("something still listens on %s", address)
		}
	}
}

// TestStorefront opens the shop on both servers, wants the cache to make its
// pages, and the end of its server to end all.
func TestStorefront(t *testing.T) {
	program := filepath.Join(t.TempDir(), "productcache")
	if out, err := exec.Command("go", "build", "-o", program, "productcache/cmd/productcache").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, kind := range []string{"php", "fpm"} {
		t.Run(kind, func(t *testing.T) {
			temporary := useTempDir(t)
			address := freeAddress(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stdout, w := io.Pipe()
			done := make(chan error, 1)
			var stderr strings.Builder
			go func() {
				err := run(ctx, []string{"-program", program, "-listen", freeAddress(t), "-admin-listen", freeAddress(t), "-products", "200",
					"-storefront", address, "-storefront-server", kind, "-storefront-folder", "../../clients/php/storefront/public"}, w, &stderr)
				w.CloseWithError(io.EOF)
				done <- err
			}()
			text := readUntil(t, stdout, "Ctrl-C ends")
			go io.Copy(io.Discard, stdout)
			if !strings.Contains(text, "The shop is open: http://"+address+"/") {
				t.Errorf("the demo does not say where the shop is:\n%s", text)
			}
			response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + address + "/product/42")
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if timing := response.Header.Get("Server-Timing"); response.StatusCode != http.StatusOK || err != nil || !strings.Contains(timing, `"0 queries"`) || !strings.Contains(timing, `"4 calls"`) {
				t.Errorf("a product = %d, %v, %s; want 200, by 4 calls and no query\n%s", response.StatusCode, err, timing, body)
			}
			cancel()
			if err := <-done; err != nil || stderr.Len() > 0 {
				t.Errorf("run = %v, with errors %q; want none", err, &stderr)
			}
			expectNothing(t, temporary)
			if c, err := net.Dial("tcp", address); err == nil {
				c.Close()
				t.Errorf("something still listens on %s", address)
			}
		})
	}
}

// TestStorefrontCannotStart wants the service to be ended too.
func TestStorefrontCannotStart(t *testing.T) {
	program := filepath.Join(t.TempDir(), "productcache")
	temporary := useTempDir(t)
	if out, err := exec.Command("go", "build", "-o", program, "productcache/cmd/productcache").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	listen, address := freeAddress(t), freeAddress(t)
	busy := make(chan net.Listener, 1)
	stdout, w := io.Pipe()
	go func() { // takes the address after it was found free
		bufio.NewReader(stdout).ReadString('\n')
		l, _ := net.Listen("tcp", address)
		busy <- l
		io.Copy(io.Discard, stdout)
	}()
	err := run(t.Context(), []string{"-program", program, "-listen", listen, "-admin-listen", freeAddress(t), "-products", "10",
		"-storefront", address, "-storefront-folder", "../../clients/php/storefront/public"}, w, io.Discard)
	w.Close()
	if l := <-busy; l != nil {
		l.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("run = %v, want the address in use", err)
	}
	expectNothing(t, temporary)
}

// tryWhatItPrints runs the three curl lines and the one for a second process, and looks at the metrics and the socket.
func tryWhatItPrints(t *testing.T, text string) {
	t.Helper()
	curls := regexp.MustCompile(`curl -i '?(http://[^'\s]+)`).FindAllStringSubmatch(text, -1)
	if len(curls) != 3 {
		t.Errorf("the demo prints %d curl lines, want 3:\n%s", len(curls), text)
	}
	urls := regexp.MustCompile(`Metrics: (\S+)`).FindAllStringSubmatch(text, -1)
	for _, match := range append(curls, urls...) {
		response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(match[1])
		if err != nil {
			t.Errorf("GET %s: %v", match[1], err)
			continue
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusOK || err != nil || len(body) < 100 {
			t.Errorf("GET %s = %d, %d bytes, %v; want 200 and an answer", match[1], response.StatusCode, len(body), err)
		}
	}
	socket := regexp.MustCompile(`--socket=(\S+)`).FindStringSubmatch(text)
	if socket == nil {
		t.Fatalf("the demo prints no socket:\n%s", text)
	}
	c, err := net.Dial("unix", socket[1])
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	second := regexp.MustCompile(`(?m)^  (\S+ check .+)$`).FindStringSubmatch(text)
	if second == nil {
		t.Fatalf("the demo prints no line for a second process:\n%s", text)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", second[1]).CombinedOutput(); err != nil || !strings.Contains(string(out), "lookups are fine") {
		t.Errorf("%s: %v\n%s", second[1], err, out)
	}
}

// TestServiceEnds wants the demo to end, in order, when the service does.
func TestServiceEnds(t *testing.T) {
	program := filepath.Join(t.TempDir(), "productcache")
	temporary := useTempDir(t)
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho no good >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	err := run(t.Context(), []string{"-program", program, "-listen", freeAddress(t), "-admin-listen", freeAddress(t), "-products", "10"}, io.Discard, &stderr)
	if ended := (*exec.ExitError)(nil); !errors.As(err, &ended) || ended.ExitCode() != 3 || stderr.String() != "no good\n" {
		t.Errorf("run with a service that fails = %v, %q; want its exit code 3 and its words", err, &stderr)
	}
	expectNothing(t, temporary)
}

// TestSettingsOfAnotherService wants none of them to reach the demo's.
func TestSettingsOfAnotherService(t *testing.T) {
	program := filepath.Join(t.TempDir(), "productcache")
	useTempDir(t)
	t.Setenv("PRODUCTCACHE_TABLE", "articles")
	t.Setenv("PRODUCTCACHE_MYSQL_DSN", "shop@tcp(db.example)/shop")
	t.Setenv("SHOP", "open")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nenv | grep -e ^PRODUCTCACHE_ -e ^SHOP= >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	_ = run(t.Context(), []string{"-program", program, "-listen", freeAddress(t), "-admin-listen", freeAddress(t), "-products", "10"}, io.Discard, &stderr)
	var names []string
	for line := range strings.Lines(stderr.String()) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "PRODUCTCACHE_LOG_LEVEL PRODUCTCACHE_MYSQL_DSN SHOP" || strings.Contains(stderr.String(), "db.example") {
		t.Errorf("the service's environment has %s, want PRODUCTCACHE_LOG_LEVEL, the demo's PRODUCTCACHE_MYSQL_DSN and SHOP:\n%s", got, &stderr)
	}
}

// TestMistakesAreFoundFirst wants all of them at once, before anything is started.
func TestMistakesAreFoundFirst(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var stdout strings.Builder
	err = run(t.Context(), []string{"-program", "no/such", "-listen", l.Addr().String(), "-admin-listen", l.Addr().String(), "-products", "0",
		"-storefront", l.Addr().String(), "-storefront-server", "apache", "-storefront-folder", "no/pages"}, &stdout, io.Discard)
	for _, want := range []string{"STOREFRONT=", `kind of server "apache"`, "no/pages/index.php", "no program no/such", "make build", l.Addr().String() + " is in use", " LISTEN=", "ADMIN_LISTEN=", "-products 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("run = %v, want %q in it", err, want)
		}
	}
	if stdout.Len() > 0 {
		t.Errorf("the demo began: %q", &stdout)
	}
}

// TestInterruptWhileStarting wants silence, and nothing left.
func TestInterruptWhileStarting(t *testing.T) {
	temporary := useTempDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	stdout, w := io.Pipe()
	go func() {
		bufio.NewReader(stdout).ReadString('\n')
		cancel()
	}()
	err := run(ctx, []string{"-program", os.Args[0], "-listen", freeAddress(t), "-admin-listen", freeAddress(t)}, w, io.Discard)
	if err != nil {
		t.Errorf("run, interrupted = %v, want nil", err)
	}
	expectNothing(t, temporary)
}

// useTempDir gives the demo a folder for its files, with a path short enough for sockets.
func useTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "demo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
	return dir
}

func expectNothing(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind in the temporary folder: %v, %v; want nothing", left, err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// readUntil returns the text up to the line with the words.
func readUntil(t *testing.T, r io.Reader, words string) string {
	t.Helper()
	var text strings.Builder
	for lines := bufio.NewScanner(r); lines.Scan(); {
		text.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), words) {
			return text.String()
		}
	}
	t.Fatalf("the demo ended after saying\n%s", &text)
	return ""
}
