package mysqltest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// childVariable makes this test binary start a server and then end in the way that it names.
const childVariable = "MYSQLTEST_CHILD"

// child starts a server, prints its socket, and plays its part.
func child(role string) {
	s, err := mysqltest.Start(context.Background(), mysqltest.Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	if role == "frozen" {
		s.Freeze()
	}
	fmt.Println(s.Socket())
	switch role {
	case "exit":
		os.Exit(0)
	case "panic":
		panic("on purpose")
	}
	os.Stdin.Read(make([]byte, 1)) // until killed
}

func TestServerEndsWithItsProcess(t *testing.T) {
	for _, role := range []string{"exit", "panic", "killed", "frozen"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			folder := runChild(t, role)
			awaitGone(t, folder)
		})
	}
}

// TestNothingIsLeftOfAnInterruptedStart kills a process that is making a server's data.
func TestNothingIsLeftOfAnInterruptedStart(t *testing.T) {
	dir := shortTempDir(t)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childVariable+"=installing")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var data []string
	eventually(t, func() bool {
		data, _ = filepath.Glob(filepath.Join(dir, "*", "data", "ibdata1"))
		return len(data) == 1
	})
	c.Process.Signal(syscall.SIGKILL)
	c.Wait()
	awaitGone(t, filepath.Dir(filepath.Dir(data[0])))
}

// runChild runs a child of this test binary to its end and returns the folder of its server.
func runChild(t *testing.T, role string) (folder string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childVariable+"="+role)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.Wait()
		t.Fatalf("the child named no socket: %v\n%s", err, &stderr)
	}
	if role == "killed" || role == "frozen" {
		c.Process.Signal(syscall.SIGKILL)
	}
	c.Wait()
	return filepath.Dir(strings.TrimSpace(line))
}

// awaitGone fails the test unless the folder and every process that names it go away.
func awaitGone(t *testing.T, folder string) {
	t.Helper()
	eventually(t, func() bool {
		_, err := os.Stat(folder)
		return errors.Is(err, os.ErrNotExist) && len(processes(t, folder)) == 0
	})
}

// eventually looks until what it waits for is there, or fails the test.
func eventually(t *testing.T, there func() bool) {
	t.Helper()
	const limit = 30 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !there() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within %v", limit)
		}
	}
}

// processes returns the command lines that contain text.
func processes(t *testing.T, text string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		t.Fatalf("no processes in /proc: %v", err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), text) {
			found = append(found, strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return found
}

// TestProcessesAreSeen proves that awaitGone would see a server that lives on.
func TestProcessesAreSeen(t *testing.T) {
	s := mysqltest.MariaDB(t)
	left := processes(t, filepath.Dir(s.Socket()))
	server := func(line string) bool { return strings.Contains(line, "mariadbd") }
	if !slices.ContainsFunc(left, server) {
		t.Errorf("processes that name the folder = %q, want a mariadbd among them", left)
	}
}

// shortTempDir makes servers of this test start in a folder of its own, short enough for a socket.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "t-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
	return dir
}
