package child_test

import (
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"productcache/benchmarks/internal/child"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shell is a child that runs a script.
func shell(script string) *exec.Cmd { return exec.Command("/bin/sh", "-c", script) }

const listens = `echo '{"msg":"listening","as":"listen","address":"127.0.0.1:1"}' >&2; `

func TestStartLearnsTheAddress(t *testing.T) {
	p, err := child.Start(t.Context(), shell(listens+"read end"), nil, "listen")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Address("listen"), "127.0.0.1:1"; got != want {
		t.Errorf("Address(listen) = %q, want %q", got, want)
	}
	if _, most, err := p.Memory(); err != nil || most == 0 {
		t.Errorf("Memory() = %d at most, %v; want some", most, err)
	}
	if n, err := p.Descriptors(); err != nil || n < 3 {
		t.Errorf("Descriptors() = %d, %v; want 3 at least", n, err)
	}
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("Stop() = %v, want that it ended by the signal", err)
	}
}

func TestStartFailsWithTheLog(t *testing.T) {
	_, err := child.Start(t.Context(), shell("echo no such database >&2; exit 3"), nil, "listen")
	if err == nil || !strings.Contains(err.Error(), "no such database") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("Start() = %v, want the log and the status", err)
	}
}

func TestStopWaitsForAGoodEnd(t *testing.T) {
	p, err := child.Start(t.Context(), shell("trap 'exit 0' TERM; "+listens+"read end"), nil, "listen")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop() = %v, want nil", err)
	}
}

func TestKillIsNoGoodEnd(t *testing.T) {
	p, err := child.Start(t.Context(), shell("trap 'exit 0' TERM; "+listens+"read end"), nil, "listen")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Errorf("Kill() = %v, want nil", err)
	}
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Stop() after Kill() = %v, want that it ended by the signal", err)
	}
}

func TestLaunchedServerIsAwaitedAndStopped(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	folder, port := t.TempDir(), ""
	s, err := child.Launch(folder, "s", "/bin/sh", "-c", "echo no such shop; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if port, err = child.FreePort(); err != nil {
		t.Fatal(err)
	}
	if err := s.Await(t.Context(), "tcp", "127.0.0.1:"+port); err == nil || !strings.Contains(err.Error(), "no such shop") {
		t.Errorf("Await() = %v, want the log", err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("Stop() = %v", err)
	}
	if s, err = child.Launch(folder, "s", "/bin/sleep", "60"); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("Stop() = %v", err)
	}
	if err := syscall.Kill(s.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("after Stop() the server is there: %v", err)
	}
}

func TestCPUGrows(t *testing.T) {
	p, err := child.Start(t.Context(), shell(`i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; `+listens+"read end"), nil, "listen")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	if spent, err := p.CPU(); err != nil || spent == 0 {
		t.Errorf("CPU() = %v, %v; want some", spent, err)
	}
}
