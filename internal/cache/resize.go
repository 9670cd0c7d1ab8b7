package cache

import "runtime"

// A shrinking cache lowers its bounds by so much at a time, so that who stores
// meanwhile never has more than that to evict for it.
const (
	resizeBytes   = 64 << 10
	resizeEntries = 256
)

// SetLimits changes Options.MaxWeight and Options.MaxEntries, whose rules are
// those of New: an error is a broken one, and changes nothing. It evicts in
// small steps, beside hits and loads, and returns when the new bounds hold. The
// number of shards stays.
func (c *Cache[V]) SetLimits(maxWeight int64, maxEntries int) error {
	o := c.options
	o.MaxWeight, o.MaxEntries = maxWeight, maxEntries
	if err := o.Validate(); err != nil {
		return err
	}
	c.resizing.Lock()
	defer c.resizing.Unlock()
	b := &c.values
	for home := 0; ; runtime.Gosched() {
		weight, entries := b.stepTowards(maxWeight, maxEntries)
		b.limit(weight, entries)
		home = c.evictDown(b, home)
		if weight == maxWeight && entries == maxEntries {
			c.compact()
			c.sizing.restart()
			return nil
		}
	}
}

// stepTowards returns bounds that are no more than a step below what is held.
func (b *budget) stepTowards(maxWeight int64, maxEntries int) (weight int64, entries int) {
	weight, entries = max(maxWeight, b.weight.Load()-resizeBytes), maxEntries
	if held := int(b.entries.Load()); maxEntries > 0 {
		entries = max(maxEntries, held-resizeEntries)
	}
	return weight, entries
}

// evictDown evicts until the budget holds, from one shard after the other, so
// that they keep their shares, and returns the shard to go on with.
func (c *Cache[V]) evictDown(b *budget, home int) int {
	for b.over() {
		if c.evict(home, true) {
			b.evictions.Add(1)
		} else {
			runtime.Gosched() // all that is left was reserved, and is just being put in
		}
		home = (home + 1) % len(c.shards)
	}
	return home
}

// compact gives back the memory that maps and censuses have kept of a time with
// far more entries. A shard is locked while those it has left are moved.
func (c *Cache[V]) compact() {
	for _, s := range c.shards {
		s.mu.Lock()
		s.values.compact()
		s.mu.Unlock()
	}
}

// compact makes the queues anew where there is room for more than four times the
// entries. Counts of keys that are not held are forgotten.
func (q *queues[K, E]) compact() {
	n := q.Len()
	if q.most <= 4*max(n, leastMembers) {
		return
	}
	for i, old := range q.lists {
		q.lists[i] = newList[K, E]()
		for k, e, ok := old.GetOldest(); ok; k, e, ok = old.GetOldest() {
			old.Remove(k)
			q.lists[i].Add(k, e)
		}
	}
	q.most, q.peak = n, n
	if q.census == nil {
		return
	}
	era := q.census.era
	q.census = newCensus()
	q.census.era = era
	for q.census.members < n {
		q.census.fit(n)
	}
}
