package cache

import (
	"math/rand/v2"
	"sync"
)

// hashes appends the hashes of all values that the queues hold, those of one
// queue from the oldest to the newest. Their lists must be simplelru's.
func (q *queues[K, E]) hashes(dst []K) []K {
	for _, l := range q.lists {
		dst = append(dst, l.(interface{ Keys() []K }).Keys()...)
	}
	return dst
}

// hashes returns the hashes of all values, for a walk over them by value, a few at
// a time.
func (s *shard[V]) hashes() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values.hashes(make([]uint64, 0, s.values.Len()))
}

// value returns the value of a hash, nil if there is none.
func (s *shard[V]) value(hash uint64) *entry[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, _ := s.values.Peek(hash)
	return e
}

func (s *shard[V]) length() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values.Len()
}

// draw is a stock of values picked at random, each with the same chance.
// simplelru finds none by its place, only all: so that a walk over a large
// shard is worth it, several are picked at once.
type draw[V any] struct {
	mu    sync.Mutex // guards all below; taken before a shard's
	stock []pick[V]
}

type pick[V any] struct {
	shard *shard[V]
	hash  uint64
}

// valuesAPick is how many values of a shard are walked over for one pick.
const valuesAPick = 1024

// mostPicks bounds the stock: what was stored since cannot be in it.
const mostPicks = 64

// random picks a value, each with the same chance but for what is stored and
// dropped meanwhile: then it may return nil.
func (c *Cache[V]) random() *entry[V] {
	c.draw.mu.Lock()
	defer c.draw.mu.Unlock()
	if len(c.draw.stock) == 0 {
		c.drawLocked()
	}
	n := len(c.draw.stock) - 1
	if n < 0 {
		return nil
	}
	p := c.draw.stock[n]
	c.draw.stock = c.draw.stock[:n]
	return p.shard.value(p.hash)
}

// drawLocked fills the stock out of one shard, chosen by the number of its values.
func (c *Cache[V]) drawLocked() {
	n := c.values.entries.Load()
	if n <= 0 {
		return
	}
	at := rand.Int64N(n)
	for _, s := range c.shards {
		held := int64(s.length())
		if at >= held {
			at -= held
			continue
		}
		hashes := s.hashes()
		for range min(1+len(hashes)/valuesAPick, mostPicks, len(hashes)) {
			c.draw.stock = append(c.draw.stock, pick[V]{s, hashes[rand.IntN(len(hashes))]})
		}
		return
	}
}
