package cache

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Sizing says which share of the keys asked for is answered from memory, fresh
// or stale, and which would be with bounds half and twice as large. Older answers
// count less: by a third of their weight after ten minutes. All shares are 0
// while nothing was asked for since the bounds were changed.
type Sizing struct {
	Half, Now, Double float64 // 0 to 1
	Sampled           int     // entries that Half and Double are estimated by
}

// The sizes that are simulated, by halves: size i has i+1 powers of two.
const (
	half = iota
	present
	double
	sizes
)

const (
	ghostBytes   = 416       // of memory that an entry of a miniature takes, at most
	sizingShare  = 100       // of the bound of the cache's memory, one part is for miniatures
	leastSizing  = 512 << 10 // bytes for them, also where the cache is small
	mostGhosts   = 1 << 15   // of all miniatures: more would tell nothing more
	mostUses     = 4_000     // simulated a second, twice as many for a moment: two microseconds each
	usesSpan     = 1024      // after which their rate is looked at
	sizingMemory = 25 * time.Minute

	sizingShift = 28 // skips the bits of a hash that choose counters, slots and jitter
	everyKey    = 1 << 24
)

// sizing estimates by miniatures what other bounds would do. A key is in the
// sample if a part of its hash is below a limit, so that a smaller sample is a
// part of a larger one. The real cache tells how often it hits, and the miniatures only
// by how much another size differs from the same size: what is wrong with the
// sample is mostly wrong with all of them.
//
// Where the sample turns out to be too large, simulating stops, and begins anew
// with a smaller one when the numbers are read: no request has to wait for that.
type sizing struct {
	limit  atomic.Uint64 // see inSample; 0: nothing is simulated until the next reading
	values *budget       // of the whole cache

	mu         sync.Mutex // guards all below; no other is taken under it
	most       int        // uses a second
	least      int64      // bytes for the miniatures, whatever the size of the cache
	sample     uint64     // limit, while anything is simulated
	miniatures [sizes]*miniature
	uses       int            // in this span
	since      instant        // when it began
	busiest    float64        // uses a second that there would be with all keys, at most since the last reading
	missed     [sizes]float64 // keys, since the last reading
	last       answered       // at the last reading
	lastAt     instant        // when that was
	window     answered       // older ones fading
	misses     [sizes]float64 // as window
}

// answered is keys answered, and of them from memory.
type answered struct{ hits, total float64 }

func newSizing(values *budget, p *atomic.Pointer[plan]) *sizing {
	z := &sizing{values: values, most: mostUses, least: leastSizing, sample: everyKey}
	z.limit.Store(everyKey)
	for i := range z.miniatures {
		z.miniatures[i] = newMiniature(p)
	}
	return z
}

func inSample(hash, limit uint64) bool { return hash>>sizingShift%everyKey < limit }

// rateLocked is how many keys one in the sample stands for.
func (z *sizing) rateLocked() float64 { return everyKey / float64(z.sample) }

// use has the miniatures see that a value was served or loaded. It waits for
// nobody: what comes while others are at it is left out of the sample.
func (z *sizing) use(hash uint64, weight int64, epoch uint64, lt *Lifetimes, now instant) {
	if !inSample(hash, z.limit.Load()) || !z.mu.TryLock() {
		return
	}
	defer z.mu.Unlock()
	u := use{hash: hash, epoch: uint32(epoch), weight: weight, ttl: lt.ttl(hash), stale: lt.StaleWhileRevalidate, now: now}
	for i, m := range z.miniatures {
		if !m.use(u, z.roomLocked(i)) {
			z.missed[i] += z.rateLocked()
		}
	}
	z.boundLocked(now)
}

// roomLocked is the room of a miniature.
func (z *sizing) roomLocked(size int) room {
	share := float64(int(1)<<size) / 2 / z.rateLocked()
	part := func(bound int64) int64 { return int64(float64(bound) * share) }
	r := room{weight: part(z.values.maxWeight.Load())}
	if limit := z.values.maxEntries.Load(); limit > 0 {
		r.entries = max(1, part(limit))
	}
	return r
}

// boundLocked stops simulating where it takes too much time or memory.
func (z *sizing) boundLocked(now instant) {
	if z.ghostsLocked() > z.ghostLimit() {
		z.limit.Store(0)
	}
	if z.uses++; z.uses < usesSpan {
		return
	}
	rate := float64(z.uses) / max(time.Duration(now-z.since), 1).Seconds()
	z.uses, z.since = 0, now
	z.busiest = max(z.busiest, rate*z.rateLocked())
	if rate > 2*float64(z.most) {
		z.limit.Store(0)
	}
}

func (z *sizing) ghostsLocked() (n int) {
	for _, m := range z.miniatures {
		n += m.queues.Len()
	}
	return n
}

// ghostLimit is how many entries the miniatures may have together.
func (z *sizing) ghostLimit() int {
	return min(mostGhosts, int(max(z.least, z.values.maxWeight.Load()/sizingShare)/ghostBytes))
}

// invalidate has the miniatures see an invalidation.
func (z *sizing) invalidate(hash uint64) {
	if !inSample(hash, z.limit.Load()) {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, m := range z.miniatures {
		m.invalidate(hash)
	}
}

// read returns the shares, after the cache has answered so much.
func (z *sizing) read(a answered, now instant) Sizing {
	z.mu.Lock()
	defer z.mu.Unlock()
	if a.total > z.last.total {
		z.advanceLocked(a, now)
	}
	z.fitLocked()
	return z.sharesLocked()
}

// advanceLocked takes what came since the last reading into the window, unless
// it was not simulated to its end.
func (z *sizing) advanceLocked(a answered, now instant) {
	if z.limit.Load() > 0 {
		keep := math.Exp(-float64(now-z.lastAt) / float64(sizingMemory))
		z.window.hits = z.window.hits*keep + a.hits - z.last.hits
		z.window.total = z.window.total*keep + a.total - z.last.total
		for i := range z.misses {
			z.misses[i] = z.misses[i]*keep + z.missed[i]
		}
	}
	z.missed = [sizes]float64{}
	z.last, z.lastAt = a, now
}

func (z *sizing) sharesLocked() Sizing {
	if z.window.total <= 0 {
		return Sizing{} // new bounds have shown nothing yet
	}
	s := Sizing{Now: z.window.hits / z.window.total, Sampled: z.miniatures[present].queues.Len()}
	more := func(size int) float64 { return (z.misses[present] - z.misses[size]) / z.window.total }
	s.Half = min(max(s.Now+more(half), 0), s.Now)
	s.Double = max(min(s.Now+more(double), 1), s.Now)
	return s
}

// fitLocked chooses another sample where the one at hand has taken too much time
// or memory, or could well be larger.
func (z *sizing) fitLocked() {
	rate, stopped := z.rateLocked(), z.limit.Load() == 0
	byTime, byMemory := max(1, z.busiest/float64(z.most)), z.ghostsWhenFull()/float64(z.ghostLimit())
	z.busiest = 0
	switch {
	case stopped:
		z.thinLocked(max(byTime, byMemory, 1.5*rate))
	case byTime > rate, byMemory > rate && z.values.filling():
		z.thinLocked(1.1 * max(byTime, byMemory)) // not again at once
	case rate > 2*max(byTime, byMemory):
		z.sample = uint64(everyKey / max(byTime, byMemory))
		z.limit.Store(z.sample)
	}
}

// thinLocked goes on with a smaller sample: one of rate keys.
func (z *sizing) thinLocked(rate float64) {
	z.sample = max(1, uint64(everyKey/rate))
	for _, m := range z.miniatures {
		m.thin(func(hash uint64) bool { return inSample(hash, z.sample) })
	}
	z.limit.Store(z.sample)
}

// ghostsWhenFull is how many entries miniatures of all keys would have.
func (z *sizing) ghostsWhenFull() float64 {
	entries, weight := float64(z.values.entries.Load()), float64(z.values.weight.Load())
	if entries <= 0 || weight <= 0 {
		return 0
	}
	full := entries * float64(z.values.maxWeight.Load()) / weight
	if limit := z.values.maxEntries.Load(); limit > 0 {
		full = min(full, float64(limit))
	}
	return full * (0.5 + 1 + 2)
}

// restart forgets what was with other bounds.
func (z *sizing) restart() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.window, z.misses, z.missed = answered{}, [sizes]float64{}, [sizes]float64{}
}

// Sizing returns the shares of this moment.
func (c *Cache[V]) Sizing() Sizing { return c.Stats().Sizing }

// readSizing returns the shares after what lookups have answered.
func (c *Cache[V]) readSizing(lookups []LookupStats) Sizing {
	var a answered
	for _, l := range lookups {
		for outcome, n := range l.Answers {
			a.total += float64(n)
			if o := Outcome(outcome); o == Hit || o == Stale {
				a.hits += float64(n)
			}
		}
	}
	return c.sizing.read(a, c.now())
}
