package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/benchmarks/peers/load"
)

// fpm is a php-fpm with a pool of a fixed number of workers on a Unix socket.
type fpm struct {
	*child.Server
	socket  string
	workers int
}

// fpmConfig is a pool as a small shop has it. A worker lives for the whole run, as for thousands of pages.
const fpmConfig = `[global]
error_log = %[1]s.errors
daemonize = no

[shop]
listen = %[1]s
user = %[2]s
pm = static
pm.max_children = %[3]d
pm.max_requests = 0
catch_workers_output = yes
`

// startFPM starts php-fpm with the settings of Debian's php.ini, OPcache and APCu on, scripts never looked at again.
func (b *bench) startFPM(ctx context.Context, name string, workers int) (*fpm, error) {
	f := &fpm{socket: filepath.Join(b.folder, name+".sock"), workers: workers}
	file := filepath.Join(b.folder, name+".conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, fpmConfig, f.socket, userName(), workers), 0o644); err != nil {
		return nil, err
	}
	program, err := fpmProgram()
	if err != nil {
		return nil, err
	}
	args := []string{"--fpm-config", file, "--nodaemonize", "-d", "opcache.enable=1", "-d", "opcache.validate_timestamps=0",
		"-d", "apc.enabled=1", "-d", "apc.shm_size=128M", "-d", "display_errors=0", "-d", "html_errors=0"}
	if os.Getuid() == 0 {
		args = append(args, "--allow-to-run-as-root")
	}
	if f.Server, err = child.Launch(b.folder, name, program, args...); err != nil {
		return nil, err
	}
	if err := f.Await(ctx, "unix", f.socket); err != nil {
		text, _ := os.ReadFile(f.socket + ".errors")
		_ = f.Stop()
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	return f, nil
}

// fpmProgram finds php-fpm, which Debian calls by its version.
func fpmProgram() (string, error) {
	for _, folder := range filepath.SplitList(os.Getenv("PATH") + string(filepath.ListSeparator) + "/usr/sbin") {
		if found, _ := filepath.Glob(filepath.Join(folder, "php-fpm*")); len(found) > 0 {
			return exec.LookPath(found[len(found)-1])
		}
	}
	return "", fmt.Errorf("there is no php-fpm: install the Debian package php-fpm (or run `make deps-bench-php`)")
}

// userName is who runs this: his servers need no other user.
func userName() string {
	if me, err := user.Current(); err == nil {
		return me.Username
	}
	return strconv.Itoa(os.Getuid())
}

// get asks for one page over a connection of its own, and returns its body and how long it took.
func (f *fpm) get(ctx context.Context, page load.Work) (body []byte, took time.Duration, err error) {
	conn, err := f.dial(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close()
	answer, took, err := ask(conn, page)
	return fcgiBody(answer), took, err
}

// dial opens a connection, which has a worker for itself until it is closed.
func (f *fpm) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", f.socket)
}

// ask has a page made, and returns the whole answer and how long it took.
func ask(conn net.Conn, page load.Work) (answer []byte, took time.Duration, err error) {
	const limit = 10 * time.Second
	began := time.Now()
	if err := conn.SetDeadline(began.Add(limit)); err != nil {
		return nil, 0, err
	}
	if _, err := conn.Write(page.Steps[0]); err != nil {
		return nil, 0, err
	}
	whole := fcgiPage()
	for part := make([]byte, 64<<10); ; {
		n, err := conn.Read(part)
		answer = append(answer, part[:n]...)
		if length, e := whole(answer); length > 0 || e != nil {
			return answer, time.Since(began), e
		}
		if err != nil {
			return nil, 0, err
		}
	}
}
