package cache

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
)

// TestShadowIsTheCache: queues in a slab evict what queues of simplelru evict,
// with every rule and while rules change.
func TestShadowIsTheCache(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var p atomic.Pointer[plan]
	p.Store(balanced)
	shadow := newShadow(nil)
	shadow.queues.plan = &p
	lists := newQueues[uint64, *rank](&p, true)
	const room = 100
	for i := range 100_000 {
		if i%1000 == 0 {
			p.Store(contenders[random.IntN(len(contenders))])
		}
		hash := scatter(uint64(random.ExpFloat64() * 100))
		_, want := lists.Get(hash)
		if _, got := shadow.queues.Get(hash); got != want {
			t.Fatalf("use %d: hit %v, by simplelru %v", i, got, want)
		} else if got {
			continue
		}
		for lists.Len() >= room {
			want, _, _ := lists.Evict(itself)
			if got, _, _ := shadow.queues.Evict(itself); got != want {
				t.Fatalf("use %d: evicts %x, by simplelru %x", i, got, want)
			}
		}
		lists.Add(hash, new(rank), hash)
		shadow.queues.Add(hash, new(rank), hash)
	}
}

// TestContestAllocatesNothing, not even where its shadows miss.
func TestContestAllocatesNothing(t *testing.T) {
	var values budget
	values.limit(1<<20, 1000)
	values.entries.Store(1000)
	c := newContest(&values)
	hash := uint64(0)
	use := func() {
		for range 100 {
			hash += 1 << sampleShift
			c.use(hash)
		}
	}
	for range 100 {
		use()
	}
	if n := testing.AllocsPerRun(100, use); n != 0 {
		t.Errorf("100 uses allocate %v times, want 0", n)
	}
}

// TestThinKeepsTheSample: what is in the sample no more leaves, and nothing else.
func TestThinKeepsTheSample(t *testing.T) {
	s := newShadow(balanced)
	for i := range uint64(1000) {
		s.use(i<<sampleShift, 1000)
	}
	s.thin(4)
	for i := range uint64(1000) {
		if _, ok := s.queues.Peek(i << sampleShift); ok != (i%4 == 0) {
			t.Errorf("hash %d is there: %v", i, ok)
		}
	}
	if n := s.queues.Len(); n != 250 {
		t.Errorf("%d hashes are left, want 250", n)
	}
}

// TestJudgeNeedsMoreThanChance before another contender leads.
func TestJudgeNeedsMoreThanChance(t *testing.T) {
	for _, tt := range []struct{ more, leader int }{{50, 0}, {51, 1}} { // half of the root of 10,000 is 50
		var shadows []*shadow
		for range follower + 1 {
			shadows = append(shadows, &shadow{hits: 5000})
		}
		shadows[1].hits += tt.more
		j := judge{fading: quickFading}
		if got := j.judge(shadows, 10_000); got != tt.leader {
			t.Errorf("with %d hits more of 10,000: %d leads, want %d", tt.more, got, tt.leader)
		}
	}
}

// TestContestStaysWhereChangingLoses: the follower of the quick judge has hit less
// over the long time than the slow judge's choice, which is taken.
func TestContestStaysWhereChangingLoses(t *testing.T) {
	for _, tt := range []struct {
		followed float64
		want     *plan
	}{{1000, contenders[2]}, {5000, contenders[1]}} {
		var values budget
		c := newContest(&values)
		c.uses = 1000
		c.slow.uses, c.slow.leader = 100_000, 2
		c.slow.hits[2], c.slow.hits[follower] = 5000, tt.followed
		c.shadows[1].hits = 600
		c.judgeLocked()
		if got := c.plan.Load(); got != tt.want {
			t.Errorf("the follower hit %v times: plan %+v, want %+v", tt.followed, *got, *tt.want)
		}
	}
}
