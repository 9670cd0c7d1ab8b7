package httpapi

import (
	"container/heap"
	"time"
)

// instant is a time since the loops began, in nanoseconds.
type instant int64

// parked is an idle connection, or one whose requests were all answered at once. It has
// a descriptor, which belongs to the loop that has the connection, and nothing else.
type parked struct {
	fd     int
	number uint32  // tells the connections of one descriptor apart, and gives each its loop
	idle   instant // when its last answer had been written
	due    instant // not before this it has been idle for too long
	at     int     // place in the queue of its loop
}

// parkedByDue is a heap of connections. Activity does not move a connection: it
// moves when it is due, to when that is by then.
type parkedByDue []*parked

var _ heap.Interface = (*parkedByDue)(nil)

func (q parkedByDue) Len() int           { return len(q) }
func (q parkedByDue) Less(i, j int) bool { return q[i].due < q[j].due }

func (q parkedByDue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

// Push is part of heap.Interface.
func (q *parkedByDue) Push(x any) {
	p := x.(*parked)
	p.at = len(*q)
	*q = append(*q, p)
}

// Pop is part of heap.Interface.
func (q *parkedByDue) Pop() any {
	old := *q
	p := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return p
}

// overdue returns a connection that has been idle for as long as limit, nil where there is none.
func (q parkedByDue) overdue(now instant, limit time.Duration) *parked {
	for len(q) > 0 && q[0].due <= now {
		p := q[0]
		if p.due = p.idle + instant(limit); p.due <= now {
			return p
		}
		heap.Fix(&q, 0)
	}
	return nil
}

func (q *parkedByDue) add(p *parked) { heap.Push(q, p) }

func (q *parkedByDue) remove(p *parked) { heap.Remove(q, p.at) }
