package cache

import (
	"fmt"
	"time"
)

// Lifetimes say how long a lookup's values live. They are applied when a value
// is read, so that a change acts on what is cached already. The names of the
// stale periods are those of RFC 5861.
type Lifetimes struct {
	TTL                  time.Duration // fresh for so long after its load began; 0: never fresh
	StaleWhileRevalidate time.Duration // then served for so long while a refresh runs; 0: never
	StaleIfError         time.Duration // served for so long after it went stale if loading fails; 0: never
	NegativeTTL          time.Duration // an absence is remembered for so long; 0: not at all
	Jitter               float64       // shortens each key's TTL by up to this share, 0 to 1
}

// Validate reports the first broken rule.
func (lt Lifetimes) Validate() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"TTL", lt.TTL}, {"StaleWhileRevalidate", lt.StaleWhileRevalidate},
		{"StaleIfError", lt.StaleIfError}, {"NegativeTTL", lt.NegativeTTL},
	} {
		if d.value < 0 {
			return fmt.Errorf("cache: %s is negative: %v", d.name, d.value)
		}
	}
	if !(lt.Jitter >= 0 && lt.Jitter <= 1) {
		return fmt.Errorf("cache: Jitter is not within 0 and 1: %v", lt.Jitter)
	}
	return nil
}

// ttl is the lifetime of the key with this hash. The jitter is a function of
// the key, so that keys loaded together do not expire together, and a key's
// remaining lifetime never jumps.
func (lt *Lifetimes) ttl(hash uint64) time.Duration {
	share := float64(hash>>jitterShift&(1<<jitterBits-1)) / (1 << jitterBits)
	return lt.TTL - time.Duration(float64(lt.TTL)*lt.Jitter*share)
}

// Bits of a key's hash that decide its jitter: not those of its shard (the
// highest) nor those of its generation counter (the lowest).
const (
	jitterShift = 16
	jitterBits  = 16
)
