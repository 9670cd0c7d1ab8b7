package httpapi

import (
	"time"

	"golang.org/x/sys/unix"
)

// adopt takes a connection. It refuses once the listener drains.
func (o *loop) adopt(p *parked) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped || unix.EpollCtl(o.epoll, unix.EPOLL_CTL_ADD, p.fd, p.event()) != nil {
		return false
	}
	for p.fd >= len(o.byFD) {
		o.byFD = append(o.byFD, nil)
	}
	o.byFD[p.fd] = p
	p.due = p.idle + instant(o.listener.options.IdleTimeout)
	o.queue.add(p)
	if len(o.queue) == 1 {
		o.setTimerLocked()
	}
	return true
}

func (p *parked) event() *unix.EpollEvent {
	return &unix.EpollEvent{Events: arrivals, Fd: int32(p.fd), Pad: int32(p.number)}
}

// again has a connection's turn come again, if there are bytes.
func (o *loop) again(p *parked) { _ = unix.EpollCtl(o.epoll, unix.EPOLL_CTL_MOD, p.fd, p.event()) }

// forget is the opposite of adopt.
func (o *loop) forget(p *parked) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forgetLocked(p)
}

func (o *loop) forgetLocked(p *parked) {
	_ = unix.EpollCtl(o.epoll, unix.EPOLL_CTL_DEL, p.fd, nil)
	o.byFD[p.fd] = nil
	o.queue.remove(p)
}

func (o *loop) close(p *parked) {
	o.forget(p)
	_ = unix.Close(p.fd)
}

// endIdle closes the connections that have been idle for too long.
func (o *loop) endIdle() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.loops.now()
	for {
		p := o.queue.overdue(now, o.listener.options.IdleTimeout)
		if p == nil {
			break
		}
		o.forgetLocked(p)
		_ = unix.Close(p.fd)
	}
	o.setTimerLocked()
}

// setTimerLocked has the timer wake the loop when the first connection of the queue is due, or
// when the loop has drained.
func (o *loop) setTimerLocked() {
	draining := o.listener.draining.Load()
	in := drainIdle
	switch {
	case draining:
		in -= time.Since(o.listener.drained)
	case len(o.queue) == 0:
		return
	default:
		in = time.Duration(o.queue[0].due - o.loops.now())
	}
	_ = unix.TimerfdSettime(o.timer, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(1, in)))}, nil)
}

// drain has the loop end in a while.
func (o *loop) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.stopped {
		o.setTimerLocked()
	}
}

// end closes the idle connections, which all of the loop's are, and the loop's descriptors.
func (o *loop) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stopped = true
	for _, p := range o.queue {
		_ = unix.Close(p.fd)
	}
	o.queue, o.byFD = nil, nil
	if o.poller != nil {
		_ = o.poller.Close()
	}
	for _, fd := range []int{o.epoll, o.timer} {
		_ = unix.Close(fd)
	}
}
