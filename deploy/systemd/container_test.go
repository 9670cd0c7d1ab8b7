package systemd_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long anything may take in a container.
const patience = time.Minute

// container is a Debian that a real systemd has booted, with a network of its own.
type container struct {
	t      *testing.T
	folder string // its root
	init   int    // pid of its systemd, out here
	log    bytes.Buffer
}

// boot boots a copy of a Debian until the test ends. binds are further arguments
// of systemd-nspawn.
func boot(t *testing.T, debian string, binds ...string) *container {
	t.Helper()
	c := &container{t: t, folder: filepath.Join(t.TempDir(), "debian")}
	t.Cleanup(func() { _ = os.RemoveAll(c.folder) }) // faster than t.TempDir's, which looks at each file
	run(t, "cp", "-a", debian, c.folder)
	args := append([]string{"--quiet", "--register=no", "--keep-unit", "--private-network", "--boot", "--console=pipe", "-D", c.folder}, binds...)
	nspawn := exec.Command("systemd-nspawn", args...)
	nspawn.Stdout, nspawn.Stderr = &c.log, &c.log
	nspawn.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}
	if err := nspawn.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = nspawn.Process.Kill() // which ends all of the container
		_ = nspawn.Wait()
		if t.Failed() {
			t.Logf("the container's console:\n%s", &c.log)
		}
	})
	c.await("systemd is there", func() bool {
		c.init = childNamed(nspawn.Process.Pid, "systemd")
		return c.init != 0
	})
	c.await("it has booted", func() bool {
		state, _ := c.try("systemctl is-system-running")
		return state == "running" || state == "degraded"
	})
	return c
}

// childNamed returns the pid of a process's child, 0 if there is none of that name.
func childNamed(parent int, name string) int {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
	for child := range strings.FieldsSeq(string(children)) {
		if comm, _ := os.ReadFile("/proc/" + child + "/comm"); strings.TrimSpace(string(comm)) == name {
			pid, _ := strconv.Atoi(child)
			return pid
		}
	}
	return 0
}

// try runs a shell script in the container, and returns what it prints.
func (c *container) try(script string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "nsenter", "--target", strconv.Itoa(c.init), "--all", "sh", "-c", script).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// run is try for what must not fail.
func (c *container) run(script string) string {
	c.t.Helper()
	out, err := c.try(script)
	if err != nil {
		c.t.Fatalf("%s: %v\n%s\n%s", script, err, out, c.journal())
	}
	return out
}

// expect runs a script and compares what it prints.
func (c *container) expect(script, want string) {
	c.t.Helper()
	if got, _ := c.try(script); got != want {
		c.t.Errorf("%s: %q, want %q\n%s", script, got, want, c.journal())
	}
}

func (c *container) journal() string {
	out, _ := c.try("journalctl --no-pager -o cat -n 30 -u productcache.service -u productcache.socket -u productcache-admin.socket")
	return "the journal:\n" + out
}

// write writes a file of the container.
func (c *container) write(path, text string, mode os.FileMode) {
	c.t.Helper()
	path = fmt.Sprintf("/proc/%d/root%s", c.init, path) // with what is mounted there
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		c.t.Fatal(err)
	}
}

func (c *container) await(what string, yes func() bool) {
	c.t.Helper()
	for limit := time.Now().Add(patience); !yes(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			c.t.Fatalf("not within %v: %s\n%s", patience, what, c.journal())
		}
	}
}

// dial returns a dialer of an address in the container's network.
func (c *container) dial(address string) dialer {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		type dialed struct {
			net.Conn
			error
		}
		done := make(chan dialed)
		go func() {
			runtime.LockOSThread() // never unlocked: the thread, which is in another network then, ends with this
			conn, err := c.dialHere(ctx, address)
			done <- dialed{conn, err}
		}()
		d := <-done
		return d.Conn, d.error
	}
}

// dialHere moves the thread into the container's network for good, and dials.
func (c *container) dialHere(ctx context.Context, address string) (net.Conn, error) {
	network, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", c.init))
	if err != nil {
		return nil, err
	}
	defer func() { _ = network.Close() }()
	if err := unix.Setns(int(network.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// dialUnix returns a dialer of a Unix socket in the container.
func (c *container) dialUnix(path string) dialer {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", fmt.Sprintf("/proc/%d/root%s", c.init, path))
	}
}

// get asks an address in the container, and returns status and body.
func (c *container) get(address, path string) (int, http.Header, string) {
	c.t.Helper()
	client := &http.Client{Timeout: answerLimit, Transport: &http.Transport{DialContext: c.dial(address), DisableKeepAlives: true}}
	response, err := client.Get("http://localhost" + path)
	if err != nil {
		c.t.Fatalf("GET %s%s: %v\n%s", address, path, err, c.journal())
	}
	defer func() { _ = response.Body.Close() }() // read to its end
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}

func run(t *testing.T, command ...string) {
	t.Helper()
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", command, err, out)
	}
}
