package cache

import (
	"cmp"
	"fmt"
	"slices"
)

// CheckForTest reports the first shard whose parts do not agree, or that the
// counts are not those of what the shards hold.
func (c *Cache[V]) CheckForTest() error {
	var weight, entries int64
	for i, s := range c.shards {
		w, n, err := s.check(c)
		if err != nil {
			return fmt.Errorf("shard %d: %w", i, err)
		}
		weight, entries = weight+w, entries+n
	}
	if b := &c.values; b.weight.Load() != weight || b.entries.Load() != entries {
		return fmt.Errorf("%d entries of %d bytes counted, %d of %d held", b.entries.Load(), b.weight.Load(), entries, weight)
	}
	return nil
}

func (s *shard[V]) check(c *Cache[V]) (weight, entries int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, hash := range s.values.hashes(nil) {
		e, ok := s.values.Peek(hash)
		if !ok || c.lookupOf(e).hash(e.key()) != hash {
			return 0, 0, fmt.Errorf("hash %x leads to another key's value, or none", hash)
		}
		weight, entries = weight+c.weight(e), entries+1
	}
	if n := s.values.census; n != nil && (n.bytes() > 16*max(leastMembers, s.values.peak) || n.members > max(leastMembers, 2*s.values.peak)) {
		return 0, 0, fmt.Errorf("a census of %d bytes for %d members, of which there are %d", n.bytes(), n.members, s.values.peak)
	}
	return weight, entries, nil
}

func (c *census) bytes() int { return 8*len(c.counts.slots) + 4*graveWays*len(c.graves.slots) }

// KeysForTest returns the keys of all values, sorted.
func (c *Cache[V]) KeysForTest() (keys []string) {
	for _, s := range c.shards {
		for _, hash := range s.hashes() {
			keys = append(keys, s.value(hash).key())
		}
	}
	slices.Sort(keys)
	return keys
}

// PurgedForTest makes the lookup one that was purged as a whole n times.
func (l *Lookup[V]) PurgedForTest(n uint64) { l.epoch.Store(n) }

// SharesCounterForTest reports whether two of the keys have one generation counter.
func (l *Lookup[V]) SharesCounterForTest(keys ...string) bool {
	seen := make(map[[2]uint64]bool)
	for _, key := range keys {
		hash := l.hash(key)
		seen[[2]uint64{uint64(l.cache.shardIndex(hash)), hash % generationsPerShard}] = true
	}
	return len(seen) < len(keys)
}

// QueueForTest has a lookup wait for a slot, as it does between a key's arrival
// and the start of the slot for it, until undo is called.
func (c *Cache[V]) QueueForTest(l *Lookup[V]) (undo func()) {
	set := func(queue []*Lookup[V]) {
		c.batcher.mu.Lock()
		defer c.batcher.mu.Unlock()
		c.batcher.queue = queue
	}
	set([]*Lookup[V]{l})
	return func() { set(nil) }
}

// SampleForTest returns how many keys one in the sample stands for, how many
// entries the miniatures have, and how many they may have.
func (c *Cache[V]) SampleForTest() (rate float64, ghosts, limit int) {
	c.sizing.mu.Lock()
	defer c.sizing.mu.Unlock()
	return c.sizing.rateLocked(), c.sizing.ghostsLocked(), c.sizing.ghostLimit()
}

// SizingBytesForTest lets miniatures take so many bytes, as those of a larger cache do.
func (c *Cache[V]) SizingBytesForTest(n int64) {
	c.sizing.mu.Lock()
	defer c.sizing.mu.Unlock()
	c.sizing.least = n
}

// SampledForTest is in which part of all keys one is, of which the sample has the first.
func (l *Lookup[V]) SampledForTest(key string, parts uint64) int {
	return int(l.hash(key) >> sizingShift % everyKey * parts / everyKey)
}

// StopSizingForTest has nothing simulated, until the sizing is read.
func (c *Cache[V]) StopSizingForTest() { c.sizing.limit.Store(0) }

// SketchForTest returns how many keys the sketch counts, and the room for their
// bytes. The error is the first counter that stands wrong.
func (c *Cache[V]) SketchForTest() (counters, bytes int, err error) {
	c.sketch.mu.Lock()
	defer c.sketch.mu.Unlock()
	for at, one := range c.sketch.counters {
		bytes += cap(one.key)
		if one.place != at || c.sketch.of[one.hash] != one || one.weight < c.sketch.counters[max(at-1, 0)/2].weight {
			err = cmp.Or(err, fmt.Errorf("counter %d is %+v", at, one))
		}
	}
	return len(c.sketch.of), bytes, err
}
