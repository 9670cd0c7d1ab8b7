package cache

import (
	"math"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// rank is what an entry carries for its queues.
type rank struct {
	count uint8 // uses that are remembered
	era   uint8 // of the census when count was right; older ones are halved
	place uint8 // queue that it stands in, and usedThere
}

// usedThere says that an entry was used since it came into its queue. It moves
// on when it is the oldest there: a use itself allocates nothing.
const usedThere = 1 << 7

func (r *rank) queue() uint8 { return r.place &^ usedThere }
func (r *rank) used() bool   { return r.place&usedThere != 0 }

func (r *rank) ranked() *rank { return r }

type ranker interface{ ranked() *rank }

// The queues, in the order in which a key is looked up.
const (
	protected = iota
	probation
	window
	queueCount
)

// queues hold entries and know which is to be evicted next. They have no bound
// of their own. Not safe for concurrent use, but that another may set the plan.
type queues[K comparable, E ranker] struct {
	plan   *atomic.Pointer[plan]
	lists  [queueCount]list[K, E]
	census *census // nil: nothing is counted, which only the plan recent can do without
	peak   int     // number of entries when one was last evicted, or more since then
	most   int     // that there were since the lists were made
}

// list is what the queues need of simplelru.
type list[K comparable, E any] interface {
	Len() int
	Peek(k K) (E, bool)
	Get(k K) (E, bool)
	GetOldest() (K, E, bool)
	Add(k K, e E) bool
	Remove(k K) bool
}

func newQueues[K comparable, E ranker](p *atomic.Pointer[plan], counts bool) *queues[K, E] {
	q := &queues[K, E]{plan: p}
	for i := range q.lists {
		q.lists[i] = newList[K, E]()
	}
	if counts {
		q.census = newCensus()
	}
	return q
}

// newList has no limit of its own: the cache evicts by weight and by its total
// count, see budget.
func newList[K comparable, E any]() *simplelru.LRU[K, E] {
	l, err := simplelru.NewLRU[K, E](math.MaxInt, nil)
	if err != nil {
		panic(err) // it refuses only a size that is not positive
	}
	return l
}

func (q *queues[K, E]) Len() (n int) {
	for _, l := range q.lists {
		n += l.Len()
	}
	return n
}

// Peek returns an entry and leaves its place as it is.
func (q *queues[K, E]) Peek(k K) (e E, ok bool) {
	for _, l := range q.lists {
		if l.Len() == 0 {
			continue
		}
		if e, ok = l.Peek(k); ok {
			return e, true
		}
	}
	return e, false
}

// Get returns an entry and notes its use.
func (q *queues[K, E]) Get(k K) (e E, ok bool) {
	for _, l := range q.lists {
		if l.Len() == 0 {
			continue
		}
		if e, ok = l.Get(k); !ok {
			continue
		}
		if q.census != nil {
			q.census.tick()
			r := e.ranked()
			r.count = min(q.census.read(r)+1, maxCount)
			r.place |= usedThere
		}
		return e, true
	}
	return e, false
}

// Add puts an entry in that is not there. Its hash is that of its key.
func (q *queues[K, E]) Add(k K, e E, hash uint64) {
	r := e.ranked()
	to := window
	p := q.plan.Load()
	if q.census != nil {
		q.census.tick()
		q.census.fit(q.Len())
		r.count, r.era = min(q.census.estimate(hash)+1, maxCount), q.census.era
		if q.census.forgive(hash) && p.promote {
			to = probation
		}
	}
	r.place = uint8(to)
	q.lists[to].Add(k, e)
	q.most = max(q.most, q.Len())
	if n := q.Len(); q.census != nil && n > q.peak {
		q.peak = n
		q.settleWindow(p)
	}
}

// Replace puts a newer entry in the place of an older one, with its rank: a
// refresh is no reason to begin in the window again.
func (q *queues[K, E]) Replace(k K, old, e E) {
	r := e.ranked()
	*r = *old.ranked()
	q.lists[r.queue()].Add(k, e)
}

// Remove takes an entry out that leaves for another reason than eviction.
func (q *queues[K, E]) Remove(k K, e E) { q.lists[e.ranked().queue()].Remove(k) }

// Evict takes out the entry whose turn it is; hash gives the hash of a key.
func (q *queues[K, E]) Evict(hash func(K) uint64) (k K, e E, ok bool) {
	p := q.plan.Load()
	q.peak = q.Len()
	q.settleWindow(p)
	q.settleProtected(p)
	q.promote(p)
	newcomer, n, inWindow := q.lists[window].GetOldest()
	victim, v, beyond := q.lists[probation].GetOldest()
	if !beyond {
		if victim, v, beyond = q.lists[protected].GetOldest(); !beyond && !inWindow {
			return k, e, false
		}
	}
	switch full := q.lists[window].Len() >= q.room(p); {
	case beyond && inWindow && (p.protect || p.window == 1) && v.ranked().used(): // promote has not come to it yet
		q.leave(newcomer, n, hash, true)
		return newcomer, n, true
	case !beyond, full && inWindow && !q.wins(p, n, v):
		q.leave(newcomer, n, hash, true)
		return newcomer, n, true
	case full && inWindow:
		q.move(newcomer, n, probation)
	}
	q.leave(victim, v, hash, false)
	return victim, v, true
}

// promote moves on the oldest entries of a queue that have been used there.
func (q *queues[K, E]) promote(p *plan) {
	for range promoteSteps {
		if k, e, ok := q.lists[window].GetOldest(); ok && p.promote && e.ranked().used() {
			q.move(k, e, probation)
		} else if k, e, ok := q.lists[probation].GetOldest(); ok && p.protect && e.ranked().used() {
			q.move(k, e, protected)
			q.settleProtected(p)
		} else if from := q.left(); p.window == 1 && from != window {
			k, e, _ := q.lists[from].GetOldest()
			if !e.ranked().used() {
				return
			}
			// Where there is but the window, what other plans have left elsewhere and is in use goes there: it
			// would all be evicted before what is unused there.
			q.move(k, e, window)
		} else {
			return
		}
	}
}

func (q *queues[K, E]) leave(k K, e E, hash func(K) uint64, recall bool) {
	q.Remove(k, e)
	if q.census != nil {
		q.census.bury(hash(k), q.census.read(e.ranked()), recall)
	}
}

// wins reports whether a newcomer takes the place of a victim.
func (q *queues[K, E]) wins(p *plan, newcomer, victim E) bool {
	if q.census == nil {
		return false
	}
	a, b := q.census.read(newcomer.ranked()), q.census.read(victim.ranked())
	return a > b+p.margin
}

// room is how many entries the window has room for.
func (q *queues[K, E]) room(p *plan) int { return max(1, int(p.window*float64(q.peak))) }

// settleSteps bounds how many entries change queues at once, so that no caller
// pays for a change of plan.
const settleSteps = 2

// left is the queue beyond the window that is evicted from first, or the window if there is nothing.
func (q *queues[K, E]) left() int {
	for _, at := range []int{probation, protected} {
		if q.lists[at].Len() > 0 {
			return at
		}
	}
	return window
}

// promoteSteps bounds how many move on at once.
const promoteSteps = 16

// settleWindow lets entries out of the window while there is room beyond it.
func (q *queues[K, E]) settleWindow(p *plan) {
	room := q.room(p)
	for range settleSteps {
		if q.lists[window].Len() <= room || q.lists[probation].Len()+q.lists[protected].Len() >= q.peak-room {
			return
		}
		k, e, _ := q.lists[window].GetOldest()
		q.move(k, e, probation)
	}
}

// settleProtected ends the protection of what is above its share.
func (q *queues[K, E]) settleProtected(p *plan) {
	if p.window == 1 {
		return // promote sees what is in use there
	}
	most := 0
	if p.protect {
		most = int(protectedShare * float64(max(q.peak-q.room(p), 1)))
	}
	for range settleSteps {
		if q.lists[protected].Len() <= most {
			return
		}
		k, e, _ := q.lists[protected].GetOldest()
		q.move(k, e, probation)
	}
}

func (q *queues[K, E]) move(k K, e E, to uint8) {
	r := e.ranked()
	q.lists[r.queue()].Remove(k)
	r.place = to
	q.lists[to].Add(k, e)
}
