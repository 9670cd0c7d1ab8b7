package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// systemd stands in for the service manager: it gets what the service tells.
type systemd struct {
	t    *testing.T
	conn *net.UnixConn
}

func newSystemd(t *testing.T) *systemd {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return &systemd{t, conn}
}

// next returns what is told next, within a time; "" if nothing is.
func (s *systemd) next(within time.Duration) string {
	s.t.Helper()
	_ = s.conn.SetReadDeadline(time.Now().Add(within))
	buffer := make([]byte, 4096)
	n, err := s.conn.Read(buffer)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		s.t.Fatal(err)
	}
	return string(buffer[:n])
}

// awaits expects that a state is told, among others.
func (s *systemd) awaits(state string) {
	s.t.Helper()
	var told []string
	for {
		now := s.next(10 * time.Second)
		if now == "" {
			s.t.Fatalf("%q was not told within ten seconds, but %q", state, told)
		}
		told = append(told, now)
		if strings.HasPrefix(now, state) {
			return
		}
	}
}

// TestSystemdIsTold the service's state: from its start, which needs no MySQL, to its end.
func TestSystemdIsTold(t *testing.T) {
	manager := newSystemd(t)
	t.Setenv("WATCHDOG_USEC", "200000")
	_, flags := shop(t, mysqltest.MariaDB(t))
	r := start(t, append(flags, "-table", "products")...)
	manager.awaits("READY=1")
	manager.awaits("WATCHDOG=1")
	manager.awaits("STATUS=ready")
	manager.awaits("WATCHDOG=1")
	r.end()
	manager.awaits("STOPPING=1")

	r = start(t, "-mysql-dsn", "nobody@tcp(127.0.0.1:1)/shop", "-table", "products")
	manager.awaits("READY=1")
	manager.awaits("STATUS=not ready: MySQL was not reached yet")
	r.end()
}

// TestNoSignOfLifeFromAStuckCache: then systemd ends the process, and starts it again.
func TestNoSignOfLifeFromAStuckCache(t *testing.T) {
	manager := newSystemd(t)
	log := &buffer{}
	stuck := make(chan struct{})
	s := &service{log: slog.New(slog.NewTextHandler(log, nil)), probe: func() { <-stuck }, supervisor: supervisor{slog.New(slog.DiscardHandler)}}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.watch(ctx, 40*time.Millisecond)
	}()
	if told := manager.next(300 * time.Millisecond); told != "" {
		t.Errorf("though the cache is stuck, systemd was told %q", told)
	}
	close(stuck)
	manager.awaits("WATCHDOG=1")
	stop()
	<-done
	if !strings.Contains(log.String(), "the cache does not answer") {
		t.Errorf("the log does not say that the cache is stuck:\n%s", log)
	}
}

// TestReloadingTellsTheTime, which systemd compares with that of its request.
func TestReloadingTellsTheTime(t *testing.T) {
	manager := newSystemd(t)
	supervisor{slog.New(slog.DiscardHandler)}.reloading()
	lines := strings.Split(manager.next(time.Second), "\n")
	if len(lines) != 2 || lines[0] != "RELOADING=1" || !strings.HasPrefix(lines[1], "MONOTONIC_USEC=") || lines[1] == "MONOTONIC_USEC=0" {
		t.Errorf("told %q, want RELOADING=1 and the time", lines)
	}
}

// TestSystemdThatDoesNotListen is no reason to stop.
func TestSystemdThatDoesNotListen(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	_, flags := shop(t, mysqltest.MariaDB(t))
	r := start(t, append(flags, "-table", "products")...)
	r.await("ready", r.isReady)
	r.end()
	if !strings.Contains(r.log.String(), "systemd was not told") {
		t.Errorf("the log does not say that systemd does not listen:\n%s", r.log)
	}
}

func TestSocketsOfSystemd(t *testing.T) {
	socket := func(name string) *os.File {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		file, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	handed := inherited{"public": {socket("public"), socket("public")}, "other": {socket("other")}}
	opened, fromSystemd, err := handed.listen("systemd:public")
	if err != nil || len(opened) != 2 || !fromSystemd {
		t.Fatalf("listen = %d sockets, %v, %v; want both", len(opened), fromSystemd, err)
	}
	for _, l := range opened {
		_ = l.Close()
	}
	if _, _, err := handed.listen("systemd:admin"); err == nil || !strings.Contains(err.Error(), "FileDescriptorName=admin") {
		t.Errorf("a socket that systemd does not have: %v", err)
	}
	log := &buffer{}
	unused := slices.Clone(handed["other"])
	handed.closeUnused(slog.New(slog.NewTextHandler(log, nil)))
	if !strings.Contains(log.String(), "name=other") || !errors.Is(unused[0].Close(), os.ErrClosed) {
		t.Errorf("a socket that nobody uses is open, or not in the log:\n%s", log)
	}
	if _, _, err := (inherited{"public": {notASocket(t)}}).listen("systemd:public"); err == nil {
		t.Error("a file is no socket: no error")
	}
}

func notASocket(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	return file
}
