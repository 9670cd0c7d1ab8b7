package cache

import "sync/atomic"

// budget bounds one kind of entries over all shards: the values, or the
// absences. A store reserves first, evicts until the reservation fits, and only
// then puts the entry in: the bounds hold at every moment.
type budget struct {
	maxWeight, maxEntries atomic.Int64 // maxEntries 0: no limit
	weight, entries       atomic.Int64 // reserved and held
	evictions             atomic.Int64
}

func (b *budget) limit(weight int64, entries int) {
	b.maxWeight.Store(weight)
	b.maxEntries.Store(int64(entries))
}

func (b *budget) over() bool {
	limit := b.maxEntries.Load()
	return b.weight.Load() > b.maxWeight.Load() || limit > 0 && b.entries.Load() > limit
}

// filling reports whether a sixteenth of the budget is in use.
func (b *budget) filling() bool {
	return 16*b.weight.Load() > b.maxWeight.Load() || b.maxEntries.Load() > 0 && 16*b.entries.Load() > b.maxEntries.Load()
}

func (b *budget) reserve(weight int64) { b.weight.Add(weight); b.entries.Add(1) }
func (b *budget) release(weight int64) { b.weight.Add(-weight); b.entries.Add(-1) }

// usage is the share of a budget that one lookup holds.
type usage struct{ weight, entries atomic.Int64 }

func (u *usage) add(weight int64) { u.weight.Add(weight); u.entries.Add(1) }
func (u *usage) sub(weight int64) { u.weight.Add(-weight); u.entries.Add(-1) }

func (c *Cache[V]) budgetOf(found bool) *budget {
	if found {
		return &c.values
	}
	return &c.absences
}

// makeRoom reserves for an entry that is to go into shard home, evicting as
// long as the budget is exceeded: from home first, since then shards keep
// their share of the whole, and where home is empty from its neighbours.
// It reports false, with nothing reserved, where nothing is left to evict.
func (c *Cache[V]) makeRoom(home int, weight int64, found bool) bool {
	b := c.budgetOf(found)
	if weight > b.maxWeight.Load() {
		return false
	}
	b.reserve(weight)
	for b.over() {
		if !c.evict(home, found) {
			b.release(weight)
			return false
		}
		b.evictions.Add(1)
	}
	return true
}

// evict drops one entry, of the first shard that has any.
func (c *Cache[V]) evict(home int, found bool) bool {
	for i := range c.shards {
		if c.shards[(home+i)%len(c.shards)].evict(c, found) {
			return true
		}
	}
	return false
}
