package cache

import (
	"sync"
	"sync/atomic"
)

// contest finds the plan that would hit most often now. Each contender has a
// shadow: queues that hold the hashes of a sample of all keys, in as small a
// part of the room. One contest serves all shards, since one shard sees too
// little to tell plans apart.
//
// Two judges watch the same shadows: a quick one who soon forgets, and a slow one.
// The quick one is followed, unless a shadow that follows him too has shown over the
// longer time that the slow one's choice hits more often: where the best plan
// changes again and again, to change with it can be worse than not to.
type contest struct {
	plan   atomic.Pointer[plan] // the best: what the shards go by
	rate   atomic.Uint64        // one in so many keys is in the sample
	values *budget              // of the whole cache

	mu      sync.Mutex // guards all below; no other is taken under it
	shadows [follower + 1]*shadow
	quick   judge
	slow    judge
	uses    int // in this round
}

// follower is the shadow after those of the contenders: it follows the quick judge.
const follower = len(contenders)

const (
	sampleSize  = 512 // entries of a shadow, up to twice as many
	leastRate   = 4   // even where the cache is small, a contest is to cost less than a use
	leastRound  = 64  // uses
	roundLength = 2   // uses an entry of a shadow
	sampleShift = 32  // skips the bits of a hash that choose counters, slots and jitter
)

func newContest(values *budget) *contest {
	t := &contest{values: values, quick: judge{fading: quickFading}, slow: judge{fading: slowFading}}
	t.rate.Store(leastRate)
	t.plan.Store(contenders[0])
	for i := range t.shadows {
		t.shadows[i] = newShadow(contenders[i%follower])
	}
	return t
}

// use has the contenders see the use of a value, once the cache begins to fill.
func (t *contest) use(hash uint64) {
	if !t.values.filling() || hash>>sampleShift%t.rate.Load() != 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	room := t.roomLocked()
	for _, s := range t.shadows {
		s.use(hash, room)
	}
	t.uses++
	if t.uses >= max(leastRound, roundLength*room) {
		t.judgeLocked()
	}
}

// roomLocked is how many entries a shadow may hold. Where the cache has grown,
// the sample becomes thinner.
func (t *contest) roomLocked() int {
	n, rate := uint64(max(t.values.entries.Load(), 0)), t.rate.Load()
	for n > 2*sampleSize*rate {
		rate *= 2
		t.rate.Store(rate)
		for _, s := range t.shadows {
			s.thin(rate)
		}
	}
	return int(n/rate) + 1
}

// judgeLocked ends a round.
func (t *contest) judgeLocked() {
	choice := t.quick.judge(t.shadows[:], t.uses)
	lasting := t.slow.judge(t.shadows[:], t.uses)
	t.shadows[follower].plan.Store(contenders[choice])
	if t.slow.leads(lasting, follower) {
		choice = lasting
	}
	t.plan.Store(contenders[choice])
	t.uses = 0
	for _, s := range t.shadows {
		s.hits = 0
	}
}
