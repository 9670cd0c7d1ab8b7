package httpapi

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// loops are those of a listener. Each is begun when it is first needed, and ends
// with the listener.
type loops struct {
	listener *Listener
	start    time.Time
	numbers  atomic.Uint32 // of connections that were parked
	active   atomic.Uint32 // loops that connections are served by; later ones only pass theirs on
	judging  atomic.Int64  // instant of the next look at active

	mu      sync.Mutex // guards all below; a loop's may be taken under it
	all     []*loop
	pace    pace
	stopped bool
}

func newLoops(l *Listener) *loops {
	ls := &loops{listener: l, start: time.Now(), pace: newPace(min(runtime.NumCPU(), runtime.GOMAXPROCS(0)))}
	ls.active.Store(1)
	return ls
}

func (ls *loops) now() instant { return instant(time.Since(ls.start)) }

func (ls *loops) since(t time.Time) instant { return instant(t.Sub(ls.start)) }

func (ls *loops) time(i instant) time.Time { return ls.start.Add(time.Duration(i)) }

// park gives an idle connection to a loop. If it can, conn may be closed: the loop has the
// connection under another descriptor, which Go's own poller knows nothing of.
func (ls *loops) park(conn net.Conn, idle time.Time) bool {
	fd := duplicate(conn)
	if fd < 0 {
		return false
	}
	p := &parked{fd: fd, number: ls.numbers.Add(1), idle: ls.since(idle)}
	if o := ls.loop(int(p.number % ls.active.Load())); o != nil && o.adopt(p) {
		return true
	}
	_ = unix.Close(fd)
	return false
}

// duplicate returns another descriptor of a socket, negative if conn is something else.
func duplicate(conn net.Conn) (fd int) {
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn, *socket:
	default:
		return -1 // it may do more than its socket
	}
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return -1
	}
	fd = -1
	_ = raw.Control(func(own uintptr) {
		if other, err := unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			fd = other
		}
	})
	return fd
}

// loop returns one of the loops, nil where it cannot be begun.
func (ls *loops) loop(index int) *loop {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for len(ls.all) <= index {
		if ls.stopped || !ls.beginLocked() {
			return nil
		}
	}
	return ls.all[index]
}

// beginLocked begins one more loop.
func (ls *loops) beginLocked() bool {
	o := &loop{waiting: waiting{loops: ls, gap: instant(quiet)}, index: len(ls.all), responder: responder{listener: ls.listener}, in: new([largestHead + 1]byte)}
	o.output.to = &o.socket
	var errs [2]error
	o.epoll, errs[0] = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	o.timer, errs[1] = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	fds, failed := []int{o.epoll, o.timer}, errs != [2]error{} || unix.SetNonblock(o.epoll, true) != nil
	for _, fd := range fds[1:] {
		failed = failed || unix.EpollCtl(o.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(fd)}) != nil
	}
	if failed {
		for i, fd := range fds {
			if errs[i] == nil {
				_ = unix.Close(fd)
			}
		}
		return false
	}
	ls.all = append(ls.all, o)
	ls.listener.serving.Go(o.run)
	return true
}

// rebalance gives a connection to another loop, where loops have become more or fewer.
func (ls *loops) rebalance(o *loop, p *parked) {
	index := int(p.number % ls.active.Load())
	if index == o.index {
		return
	}
	if other := ls.loop(index); other != nil {
		o.forget(p)
		if !other.adopt(p) {
			_ = unix.Close(p.fd) // the listener drains
		}
	}
}

// account notes that a loop was busy until now, and sees whether more of them or fewer would do.
func (ls *loops) account(l *load, began instant) {
	now := ls.now()
	l.busy.Add(int64(now - began))
	if int64(now) < ls.judging.Load() || !ls.mu.TryLock() {
		return
	}
	defer ls.mu.Unlock()
	var total work
	for _, o := range ls.all {
		total.busy += time.Duration(o.load.busy.Load())
		total.served += o.load.served.Load()
	}
	ls.active.Store(uint32(ls.pace.judge(time.Duration(now), total)))
	ls.judging.Store(int64(now) + int64(paceInterval))
}

// load is what a loop has done.
type load struct {
	busy   atomic.Int64 // nanoseconds
	served atomic.Uint64
}

// stop ends the loops, and their connections. It is called when the listener has
// begun to drain.
func (ls *loops) stop() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.stopped = true
	for _, o := range ls.all {
		o.drain()
	}
}
