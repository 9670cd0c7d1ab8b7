package cache

import "sync/atomic"

// shadow is a plan at work on the sample.
type shadow struct {
	plan   atomic.Pointer[plan]
	queues *queues[uint64, *rank]
	next   rank // of the hash that is put in
	hits   int  // in this round
}

func newShadow(p *plan) *shadow {
	s := &shadow{}
	s.plan.Store(p)
	s.queues = &queues[uint64, *rank]{plan: &s.plan, census: newCensus()}
	all := newSlab(2*sampleSize + 2)
	for i := range s.queues.lists {
		s.queues.lists[i] = &slabList{slab: all, place: uint16(i)}
	}
	return s
}

func (s *shadow) use(hash uint64, room int) {
	if _, ok := s.queues.Get(hash); ok {
		s.hits++
		return
	}
	for s.queues.Len() >= room {
		s.queues.Evict(itself)
	}
	s.next = rank{}
	s.queues.Add(hash, &s.next, hash)
}

func itself(hash uint64) uint64 { return hash }

// thin drops what is not in the sample any more: it would never be used again,
// and some plans hold on to what was used before.
func (s *shadow) thin(rate uint64) {
	for _, l := range s.queues.lists {
		for range l.Len() {
			hash, r, _ := l.GetOldest()
			l.Get(hash)
			if hash>>sampleShift%rate != 0 {
				s.queues.Remove(hash, r)
			}
		}
	}
	s.queues.peak = s.queues.Len()
}
