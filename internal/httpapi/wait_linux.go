package httpapi

import (
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A loop waits in one of two ways. Within a system call it keeps its place in Go's
// scheduler and wakes up at half the cost. But the runtime's monitor, asleep while
// nothing runs, then looks on as often as every 20 µs, and takes the place away after
// 10 ms. So where events are rare a loop waits as a goroutine does, and elsewhere it
// is seen by the scheduler now and then.
const (
	dense      = 3 * time.Millisecond // between two events on average: below it a loop waits within a system call
	quiet      = 9 * time.Millisecond // for so long
	yieldEvery = 7 * time.Millisecond
)

// waiting is how a loop waits. All of it belongs to the loop's goroutine.
type waiting struct {
	loops   *loops
	epoll   int
	events  [mostEvents]unix.EpollEvent
	gap     instant  // between two events, on average
	yielded instant  // when others were last let run
	poller  *os.File // the epoll descriptor, while Go's own poller looks at it
}

// wait returns how many events there are, after waiting for one.
func (w *waiting) wait() (n int) {
	began := w.loops.now()
	if w.gap < instant(dense) {
		n = w.waitInKernel(began)
	} else {
		n = w.waitAsGoroutine()
	}
	w.gap += (w.loops.now() - began - w.gap) / 8
	return n
}

// waitInKernel returns no events where there are none for as long as quiet.
func (w *waiting) waitInKernel(now instant) int {
	if w.poller != nil { // each event would wake it
		_ = w.poller.Close()
		w.poller = nil
	}
	if now-w.yielded > instant(yieldEvery) {
		w.yielded = now
		runtime.Gosched()
	}
	n, _ := unix.EpollWait(w.epoll, w.events[:], int(quiet/time.Millisecond))
	if n == 0 {
		w.gap = instant(quiet) // from now on as a goroutine
	}
	return max(n, 0) // a signal came
}

func (w *waiting) waitAsGoroutine() (n int) {
	if w.poller == nil {
		fd, err := unix.FcntlInt(uintptr(w.epoll), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return w.waitInKernel(w.yielded) // there are no descriptors left
		}
		w.poller = os.NewFile(uintptr(fd), "epoll")
	}
	if raw, err := w.poller.SyscallConn(); err == nil {
		_ = raw.Read(func(uintptr) bool {
			n = w.look()
			return n > 0
		})
	}
	w.yielded = w.loops.now()
	return n
}

// look returns how many events there are.
func (w *waiting) look() int {
	n, _, err := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(w.epoll), uintptr(unsafe.Pointer(&w.events[0])), mostEvents, 0, 0, 0)
	if err != 0 {
		return 0
	}
	return int(n)
}
