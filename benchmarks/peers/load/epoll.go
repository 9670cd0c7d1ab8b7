package load

import (
	"errors"
	"syscall"
	"time"
	"unsafe"
)

const (
	epollPwait2   = 441 // a wait in nanoseconds; the number is the same on all architectures
	setTimerSlack = 29  // of prctl
)

// fineTimers lets waits of this thread end when they should, not up to 50 µs later.
func fineTimers() {
	_, _, _ = syscall.Syscall(syscall.SYS_PRCTL, setTimerSlack, 1, 0)
}

// poller waits for sockets.
type poller struct {
	fd     int
	events [64]syscall.EpollEvent
	ready  [64]int32
}

func (p *poller) open() (err error) {
	p.fd, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	return err
}

func (p *poller) close() { _ = syscall.Close(p.fd) }

// add makes wait return number when there is something to read from a socket.
func (p *poller) add(fd int, number int32) error {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: number}
	return syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, fd, &event)
}

// wait returns the numbers of what is ready; they are valid until the next wait.
func (p *poller) wait(most time.Duration) ([]int32, error) {
	limit := syscall.NsecToTimespec(most.Nanoseconds())
	n, _, errno := syscall.Syscall6(epollPwait2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)),
		uintptr(unsafe.Pointer(&limit)), 0, 0)
	if errors.Is(errno, syscall.EINTR) {
		return nil, nil
	}
	if errno != 0 {
		return nil, errno
	}
	for i, e := range p.events[:n] {
		p.ready[i] = e.Fd
	}
	return p.ready[:n], nil
}
