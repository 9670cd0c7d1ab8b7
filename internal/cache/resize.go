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
