package cache

import (
	"fmt"
	"slices"
)

// CheckForTest reports the first entry of which the shards' parts do not agree.
func (c *Cache[V]) CheckForTest() error {
	for i, s := range c.shards {
		if err := s.check(); err != nil {
			return fmt.Errorf("shard %d: %w", i, err)
		}
	}
	return nil
}

func (s *shard[V]) check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.held) != s.values.Len() {
		return fmt.Errorf("%d values held, %d in the list", len(s.held), s.values.Len())
	}
	for at, e := range s.held {
		if in, _ := s.values.Peek(entryKey{e.lookup, e.key}); in != e {
			return fmt.Errorf("key %q is held, but not in the list", e.key)
		}
		if int(e.at) != at {
			return fmt.Errorf("key %q is at %d and says %d", e.key, at, e.at)
		}
	}
	if n := s.values.census; n != nil && (n.bytes() > 16*max(leastMembers, s.values.peak) || n.members > max(leastMembers, 2*s.values.peak)) {
		return fmt.Errorf("a census of %d bytes for %d members, of which there are %d", n.bytes(), n.members, s.values.peak)
	}
	for at, e := range s.held[len(s.held):cap(s.held)] {
		if e != nil {
			return fmt.Errorf("free place %d keeps key %q in memory", len(s.held)+at, e.key)
		}
	}
	return nil
}

func (c *census) bytes() int { return 8*len(c.counts.slots) + 4*graveWays*len(c.graves.slots) }

// KeysForTest returns the keys of all values, sorted.
func (c *Cache[V]) KeysForTest() (keys []string) {
	for _, s := range c.shards {
		s.mu.Lock()
		for _, e := range s.held {
			keys = append(keys, e.key)
		}
		s.mu.Unlock()
	}
	slices.Sort(keys)
	return keys
}

// PurgedForTest makes the lookup one that was purged as a whole n times.
func (l *Lookup[V]) PurgedForTest(n uint64) { l.epoch.Store(n) }

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
