package httpapi

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLateEventReachesNobody: an event for a connection that has gone does not reach the one
// that has got its descriptor since.
func TestLateEventReachesNobody(t *testing.T) {
	now := &parked{fd: 5, number: 2}
	o := &loop{byFD: []*parked{5: now}, timer: 7}
	for i, number := range []int32{1, 2, 3} {
		o.events[i] = unix.EpollEvent{Fd: 5, Pad: number}
	}
	o.events[3], o.events[4], o.events[5] = unix.EpollEvent{Fd: 4}, unix.EpollEvent{Fd: 6}, unix.EpollEvent{Fd: 7}
	if due := o.take(6); !due {
		t.Error("the timer's event is none")
	}
	for i, want := range []*parked{nil, now, nil, nil, nil, nil} {
		if o.ready[i] != want {
			t.Errorf("event %d is for %+v, want %+v", i, o.ready[i], want)
		}
	}
}

// TestIdleQueue: who was active is not overdue, and who was not is, in order.
func TestIdleQueue(t *testing.T) {
	const limit = 10 * time.Second
	at := func(s int) instant { return instant(time.Duration(s) * time.Second) }
	a, b, c := &parked{number: 1}, &parked{number: 2}, &parked{number: 3}
	q := parkedByDue{}
	for i, p := range []*parked{a, b, c} {
		p.idle = at(i)
		p.due = p.idle + instant(limit)
		q.add(p)
	}
	a.idle = at(5)
	for _, step := range []struct {
		now  int
		want *parked
	}{{9, nil}, {11, b}, {12, c}, {14, nil}, {15, a}} {
		got := q.overdue(at(step.now), limit)
		if got != step.want {
			t.Fatalf("after %ds overdue is %+v, want %+v", step.now, got, step.want)
		}
		if got != nil {
			q.remove(got)
		}
	}
}
