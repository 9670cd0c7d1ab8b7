package cache

import (
	"sync"
	"sync/atomic"
)

// contest finds the plan that would hit most often now. Each contender has a
// shadow: queues that hold the hashes of a sample of all keys, in as small a
// part of the room. One contest serves all shards, since one shard sees too
// little to tell plans apart.
type contest struct {
	plan   atomic.Pointer[plan] // the best: what the shards go by
	rate   atomic.Uint64        // one in so many keys is in the sample
	values *budget              // of the whole cache

	mu      sync.Mutex // guards all below; no other is taken under it
	shadows [len(contenders)]shadow
	uses    int     // in this round
	total   float64 // of all rounds, older ones fading
	leader  int
}

// shadow is one contender.
type shadow struct {
	plan   atomic.Pointer[plan]
	queues *queues[uint64, *rank]
	hits   float64 // fading like contest.total
}

const (
	sampleSize   = 512   // entries of a shadow, up to twice as many
	leastRate    = 4     // even where the cache is small, a contest is to cost less than a use
	leastRound   = 64    // uses
	roundLength  = 2     // uses an entry of a shadow
	fading       = 0.8   // weight of a round against the one after it
	leadRequired = 0.003 // hits more a use, before another plan is taken
	sampleShift  = 32    // skips the bits of a hash that choose counters, slots and jitter
)

func newContest(values *budget) *contest {
	t := &contest{values: values}
	t.rate.Store(leastRate)
	t.plan.Store(contenders[0])
	for i := range t.shadows {
		s := &t.shadows[i]
		s.plan.Store(contenders[i])
		s.queues = newQueues[uint64, *rank](&s.plan, true)
	}
	return t
}

// use has the contenders see the use of a value, once the cache begins to fill. A shadow
// that misses allocates, in the sample only.
func (t *contest) use(hash uint64) {
	if !t.values.filling() || hash>>sampleShift%t.rate.Load() != 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	room := t.roomLocked()
	for i := range t.shadows {
		t.shadows[i].use(hash, room)
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
	if n > 2*sampleSize*rate {
		rate *= 2
		t.rate.Store(rate)
	}
	return int(n/rate) + 1
}

func (s *shadow) use(hash uint64, room int) {
	if _, ok := s.queues.Get(hash); ok {
		s.hits++
		return
	}
	for s.queues.Len() >= room {
		s.queues.Evict(itself)
	}
	s.queues.Add(hash, new(rank), hash)
}

func itself(hash uint64) uint64 { return hash }

// judgeLocked ends a round.
func (t *contest) judgeLocked() {
	t.total += float64(t.uses)
	best := 0
	for i := range t.shadows {
		if t.shadows[i].hits > t.shadows[best].hits {
			best = i
		}
	}
	if t.shadows[best].hits > t.shadows[t.leader].hits+leadRequired*t.total {
		t.leader = best
		t.plan.Store(contenders[best])
	}
	for i := range t.shadows {
		t.shadows[i].hits *= fading
	}
	t.total *= fading
	t.uses = 0
}
