package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestKilled ends runs in the middle of their dump.
func TestKilled(t *testing.T) {
	tests := []struct {
		name  string
		kill  func(*testing.T, *exec.Cmd)
		lives bool     // the dump, whose processes are not told
		left  []string // beside the good dump
	}{
		{"the script by SIGTERM", func(t *testing.T, c *exec.Cmd) { send(t, c.Process.Pid, syscall.SIGTERM) }, false, nil},
		{"the script by SIGKILL", func(t *testing.T, c *exec.Cmd) { send(t, c.Process.Pid, syscall.SIGKILL) }, true, nil},
		{"everything by SIGKILL", killSession, false, []string{".partial"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := newJob(t)
			j.want(t, 0, "dumped in")
			good := j.files(t)
			begun, goOn := j.heldDump(t)
			run := j.command()
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			begun()
			test.kill(t, run)
			_ = run.Wait()
			delete(j.set, "BACKUP_DUMP")
			if test.lives {
				j.want(t, 75, "another run is under way")
				goOn()
			}
			j.awaitUnlocked(t)
			if test.lives {
				if n := len(j.dumps(t)); n != 2 {
					t.Errorf("%d dumps, want the good one, and the one that lived on", n)
				}
			} else if got, want := j.files(t), append(test.left, good...); !slices.Equal(got, want) {
				t.Errorf("the folder has %v, want %v", got, want)
			}
			j.want(t, 0, "dumped in")
			if slices.Contains(j.files(t), ".partial") {
				t.Error("the next run left what the killed one had written")
			}
			for _, path := range j.dumps(t) {
				j.want(t, 0, "whole", "verify", path)
			}
		})
	}
}

func send(t *testing.T, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
}

// killSession kills all processes of the session that a command leads.
func killSession(t *testing.T, c *exec.Cmd) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		text, _ := os.ReadFile(path) // those that have ended meanwhile have none
		var pid, parent, group, session int
		var state string
		_, _ = fmt.Sscan(string(text[bytes.LastIndexByte(text, ')')+1:]), &state, &parent, &group, &session)
		if _, err := fmt.Sscan(string(text), &pid); err == nil && session == c.Process.Pid {
			send(t, pid, syscall.SIGKILL)
		}
	}
}

// awaitUnlocked waits until no process of a run is left.
func (j *job) awaitUnlocked(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := exec.CommandContext(ctx, "flock", filepath.Join(j.folder, ".lock"), "true").Run(); err != nil {
		t.Fatalf("the lock is still held: %v", err)
	}
}
