package cache

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// sketch finds the keys that are asked for most often, in fixed memory: the
// Space-Saving of Metwally, Agrawal and El Abbadi (2005), over a sample of all
// uses, in which older uses fade. A use that is not in the sample costs one
// comparison; one that is waits for nobody.
type sketch struct {
	every atomic.Uint32 // one use in so many is in the sample

	mu       sync.Mutex // guards all below; no other is taken under it
	counters []*counter // a heap, the least weight first
	of       map[uint64]*counter
	total    float64 // weight of all uses
	base     instant // weights are as if all uses had been then
	begun    instant // first use
	samples  int     // since paced
	paced    instant
}

// counter counts the uses of a key.
type counter struct {
	hash   uint64
	lookup uint32
	place  int    // in sketch.counters
	key    []byte // the counter's own, used again for the next key
	weight float64
	before float64 // share of weight that was another key's, at most
}

const (
	sketchSize     = 512
	sketchHalfLife = 2 * time.Minute // in which the weight of a use halves
	samplePace     = 2000            // samples a second, beyond which the sample becomes thinner
	sparsest       = 256             // least share of the uses that is in the sample
	faded          = 16              // a single use is forgotten when its weight is so many times less
)

func newSketch() *sketch {
	s := &sketch{of: make(map[uint64]*counter, sketchSize)}
	s.every.Store(1)
	return s
}

// sampler draws a sample of a stream of uses: the distance between two of them
// is random, so that no rhythm of the stream can hide a key.
type sampler struct{ seen, drawn, next uint64 }

// use returns for how many uses this one stands: 0 if it is not in the sample.
func (d *sampler) use(every *atomic.Uint32) (uses uint64) {
	d.seen++
	if d.seen < d.next {
		return 0
	}
	uses, d.drawn = d.seen-d.drawn, d.seen
	d.next = d.seen + distance(every.Load())
	return uses
}

// distance is every on average.
func distance(every uint32) uint64 { return 1 + uint64(rand.Uint32N(2*every-1)) }

// note counts uses of a key, unless another goroutine is at it.
func (s *sketch) note(lookup uint32, key string, hash, uses uint64, now instant) {
	if !s.mu.TryLock() {
		return
	}
	defer s.mu.Unlock()
	s.paceLocked(now)
	weight := float64(uses) * s.scaleLocked(now)
	s.total += weight
	c, ok := s.of[hash]
	if !ok {
		c = s.takeLocked()
		s.of[hash] = c
		c.hash, c.lookup, c.key, c.before = hash, lookup, append(c.key[:0], key...), c.weight
	}
	c.weight += weight
	s.sinkLocked(c.place)
}

// noteSome is for uses that no sampler has seen: it counts one in as many.
func (s *sketch) noteSome(lookup uint32, key string, hash uint64, now instant) {
	if every := s.every.Load(); rand.Uint32N(every) == 0 {
		s.note(lookup, key, hash, uint64(every), now)
	}
}

// paceLocked thins the sample out under load, and thickens it again.
func (s *sketch) paceLocked(now instant) {
	every := s.every.Load()
	s.samples++
	switch {
	case s.samples > samplePace && every < sparsest:
		s.every.Store(2 * every)
	case time.Duration(now-s.paced) < time.Second:
		return
	case s.samples < samplePace/4 && every > 1:
		s.every.Store(every / 2)
	}
	s.samples, s.paced = 0, now
}

// scaleLocked is the weight of a use now, in terms of base.
func (s *sketch) scaleLocked(now instant) float64 {
	if s.total == 0 {
		s.base, s.begun = now, now
	}
	if age := time.Duration(now - s.base); age > 100*sketchHalfLife { // long before a float64 overflows
		fade := math.Exp2(-float64(age) / float64(sketchHalfLife))
		for _, c := range s.counters {
			c.weight *= fade
			c.before *= fade
		}
		s.total *= fade
		s.base = now
	}
	return math.Exp2(float64(now-s.base) / float64(sketchHalfLife))
}

// takeLocked returns a new counter, or the one that weighs least.
func (s *sketch) takeLocked() *counter {
	if len(s.counters) < sketchSize {
		c := &counter{place: len(s.counters)}
		s.counters = append(s.counters, c)
		s.riseLocked(c.place)
		return c
	}
	c := s.counters[0]
	delete(s.of, c.hash)
	return c
}

// riseLocked and sinkLocked restore the heap after the weight at a place has
// become less, or more.
func (s *sketch) riseLocked(at int) {
	for up := (at - 1) / 2; at > 0 && s.counters[at].weight < s.counters[up].weight; at, up = up, (up-1)/2 {
		s.swapLocked(at, up)
	}
}

func (s *sketch) sinkLocked(at int) {
	for {
		least := at
		for down := 2*at + 1; down <= 2*at+2 && down < len(s.counters); down++ {
			if s.counters[down].weight < s.counters[least].weight {
				least = down
			}
		}
		if least == at {
			return
		}
		s.swapLocked(at, least)
		at = least
	}
}

func (s *sketch) swapLocked(a, b int) {
	s.counters[a], s.counters[b] = s.counters[b], s.counters[a]
	s.counters[a].place, s.counters[b].place = a, b
}

// perSecondLocked makes a rate of a weight: that of so many uses a second, as
// long as there was anything, is their sum, older ones fading.
func (s *sketch) perSecondLocked(now instant) float64 {
	lived := max(time.Duration(now-s.begun), time.Second)
	seconds := sketchHalfLife.Seconds() / math.Ln2 * (1 - math.Exp2(-float64(lived)/float64(sketchHalfLife)))
	return 1 / (seconds * math.Exp2(float64(now-s.base)/float64(sketchHalfLife)))
}

// top returns counters, copied, the highest first.
func (s *sketch) top(n int, now instant) (top []counter, perSecond, total float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	perSecond, total = s.perSecondLocked(now), s.total
	least := s.scaleLocked(now) / faded
	for _, c := range s.counters {
		if copied := *c; c.weight-c.before >= least {
			copied.key = slices.Clone(c.key)
			top = append(top, copied)
		}
	}
	slices.SortFunc(top, func(a, b counter) int { return cmp.Compare(b.weight-b.before, a.weight-a.before) })
	return top[:min(n, len(top))], perSecond, total
}

// rate returns how often a key is asked for, at least and at most.
func (s *sketch) rate(hash uint64, now instant) (least, most float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	perSecond := s.perSecondLocked(now)
	if c, ok := s.of[hash]; ok {
		return (c.weight - c.before) * perSecond, c.weight * perSecond
	}
	if len(s.counters) < sketchSize {
		return 0, 0
	}
	return 0, s.counters[0].weight * perSecond
}
