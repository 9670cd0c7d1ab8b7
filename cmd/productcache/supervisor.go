package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// A supervisor is the service manager, told of the service's state by
// sd_notify(3). Where none listens, telling does nothing.
type supervisor struct{ log *slog.Logger }

func (v supervisor) tell(lines ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(lines, "\n")); err != nil {
		v.log.Warn("systemd was not told the service's state", "state", lines[0], "error", err)
	}
}

// ready ends what starting and reloading have begun.
func (v supervisor) ready() { v.tell(daemon.SdNotifyReady) }

// reloading says that the settings are being read again, until ready.
func (v supervisor) reloading() {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // fails for unknown clocks only
	v.tell(daemon.SdNotifyReloading, fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/1000))
}

// stopping says that the service drains.
func (v supervisor) stopping() { v.tell(daemon.SdNotifyStopping, "STATUS=shutting down") }

// statusPause is how often the status that systemctl shows is looked at.
const statusPause = time.Second

// report keeps the status that systemctl shows, until ctx is done.
func (s *service) report(ctx context.Context) {
	for told := ""; ; {
		now := "ready"
		if reasons := s.notReady(); len(reasons) > 0 {
			now = "not ready: " + strings.Join(reasons, "; ")
		}
		if now != told {
			s.supervisor.tell("STATUS=" + now)
			told = now
		}
		if !sleep(ctx, statusPause) {
			return
		}
	}
}
