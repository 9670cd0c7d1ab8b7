package cache

import (
	"sync/atomic"
	"time"
)

// miniature is a cache of another size in small: it holds a sample of the keys in
// as small a part of the room, by the same rule, but no values (Waldspurger and
// others, "Cache Modeling and Optimization using Miniature Simulations", 2017).
// Not safe for concurrent use, but that another may set the plan.
type miniature struct {
	plan    *atomic.Pointer[plan]
	contest *contest                // of its own, where the eviction is adaptive: another size may want another plan
	queues  *queues[uint64, *ghost] // by hash
	held    budget                  // as far as a contest asks for it
}

// ghost is what a miniature knows of a value.
type ghost struct {
	rank
	epoch    uint32
	weight   int64
	loadedAt instant // never: it was invalidated
}

// room is what a miniature may hold.
type room struct {
	weight  int64
	entries int64 // 0: no limit
}

// A use of a value, as the miniatures see it.
type use struct {
	hash   uint64
	epoch  uint32
	weight int64
	ttl    time.Duration // for which it is fresh
	stale  time.Duration // for which it is then served while it is refreshed
	now    instant
}

// newMiniature makes one that goes by p, or without it is adaptive.
func newMiniature(p *atomic.Pointer[plan]) *miniature {
	m := &miniature{plan: p}
	if p == nil {
		m.contest = newContest(&m.held)
		m.plan = &m.contest.plan
	}
	m.queues = m.newQueues()
	return m
}

func (m *miniature) newQueues() *queues[uint64, *ghost] {
	return newQueues[uint64, *ghost](m.plan, m.plan.Load() != recent || m.contest != nil)
}

// use reports whether a cache of this size would have answered from memory. If
// not, the value is in it now.
func (m *miniature) use(u use, r room) bool {
	m.held.limit(r.weight, int(r.entries))
	if m.contest != nil {
		m.contest.use(u.hash)
	}
	g, ok := m.queues.Get(u.hash)
	if !ok {
		m.store(u, r)
		return false
	}
	age := time.Duration(u.now - g.loadedAt)
	hit := g.loadedAt != never && g.epoch == u.epoch && age < u.ttl+u.stale
	if !hit || age >= u.ttl {
		g.loadedAt, g.epoch = u.now, u.epoch
	}
	m.held.weight.Add(u.weight - g.weight)
	g.weight = u.weight
	return hit
}

func (m *miniature) store(u use, r room) {
	if u.weight > r.weight {
		return
	}
	for m.held.weight.Load()+u.weight > r.weight || r.entries > 0 && int64(m.queues.Len()) >= r.entries {
		_, g, ok := m.queues.Evict(itself)
		if !ok {
			return
		}
		m.left(g)
	}
	m.add(u.hash, &ghost{epoch: u.epoch, weight: u.weight, loadedAt: u.now})
}

func (m *miniature) add(hash uint64, g *ghost) {
	m.queues.Add(hash, g, hash)
	m.held.weight.Add(g.weight)
	m.held.entries.Add(1)
}

// left takes an entry that is in the queues no more off what is held.
func (m *miniature) left(g *ghost) {
	m.held.weight.Add(-g.weight)
	m.held.entries.Add(-1)
}

// invalidate makes the next use of a key a miss.
func (m *miniature) invalidate(hash uint64) {
	if g, ok := m.queues.Peek(hash); ok {
		g.loadedAt = never
	}
}

// thin keeps the keys of a smaller sample. What was to be evicted last comes in
// last, and so is again.
func (m *miniature) thin(inSample func(hash uint64) bool) {
	old := m.queues
	m.queues = m.newQueues()
	for {
		hash, g, ok := old.Evict(itself)
		if !ok {
			return
		}
		m.left(g)
		if inSample(hash) {
			g.rank = rank{}
			m.add(hash, g)
		}
	}
}
