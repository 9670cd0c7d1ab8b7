package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kilobytes of /proc/PID/status.
const (
	resident = "VmRSS:"
	peak     = "VmHWM:"
)

// Memory returns the bytes that the child has in memory now, and had at most.
func (p *Process) Memory() (now, most int64, err error) {
	status, err := p.proc("status")
	if err != nil {
		return 0, 0, err
	}
	field := func(name string) int64 {
		_, rest, _ := strings.Cut(status, name)
		line, _, _ := strings.Cut(rest, "kB")
		n, e := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		err = errors.Join(err, e)
		return n << 10
	}
	return field(resident), field(peak), err
}

// clockTick is the unit of /proc/PID/stat on Linux, whatever the kernel's own.
const clockTick = 10 * time.Millisecond

// CPU returns the time that the child has spent on processors, its kernel work included, in steps of
// 10 ms.
func (p *Process) CPU() (time.Duration, error) {
	stat, err := p.proc("stat")
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold spaces; utime and stime are the 12th and 13th after it.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * clockTick, errors.Join(err1, err2)
}

// Descriptors returns the number of open files and sockets.
func (p *Process) Descriptors() (int, error) {
	open, err := os.ReadDir(p.path("fd"))
	return len(open), err
}

func (p *Process) proc(file string) (string, error) {
	b, err := os.ReadFile(p.path(file))
	return string(b), err
}

func (p *Process) path(file string) string {
	return filepath.Join("/proc", strconv.Itoa(p.command.Process.Pid), file)
}

// PID returns the child's process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Goroutines returns their number in the real program.
func (p *Process) Goroutines(ctx context.Context) (int, error) {
	profile, err := p.admin(ctx, "/debug/pprof/goroutine?debug=1")
	if err != nil {
		return 0, err
	}
	var n int
	_, err = fmt.Fscanf(bytes.NewReader(profile), "goroutine profile: total %d", &n)
	return n, err
}

// Profile returns the text of all goroutines' stacks, for the text of an error.
func (p *Process) Profile(ctx context.Context) (string, error) {
	profile, err := p.admin(ctx, "/debug/pprof/goroutine?debug=1")
	return string(profile), err
}

// Metric returns the sum over all labels of a metric of the real program.
func (p *Process) Metric(ctx context.Context, name string) (sum float64, err error) {
	text, err := p.admin(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	samples := regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(name)+`(?:\{.*\})? (\S+)$`).FindAllSubmatch(text, -1)
	if samples == nil {
		return 0, fmt.Errorf("child: there is no metric %s", name)
	}
	for _, s := range samples {
		value, e := strconv.ParseFloat(string(s[1]), 64)
		sum, err = sum+value, errors.Join(err, e)
	}
	return sum, err
}

// admin gets a path of the admin listener, over a connection of its own: an idle one would count.
func (p *Process) admin(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Address("admin-listen")+path, nil)
	if err != nil {
		return nil, err
	}
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("child: GET %s: %s: %s", path, answer.Status, body)
	}
	return body, err
}

// awaitReady returns when the program calls itself ready.
func (p *Process) awaitReady(ctx context.Context) error {
	const pause = 20 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	again := time.NewTicker(pause)
	defer again.Stop()
	for {
		_, err := p.admin(ctx, "/readyz")
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-p.logged:
			return fmt.Errorf("child: ended before it was ready: %s", p.Log())
		case <-ctx.Done():
			return fmt.Errorf("child: not ready: %w: %s", err, p.Log())
		}
	}
}
