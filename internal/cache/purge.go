package cache

// PurgeMode says what an invalidation leaves behind.
type PurgeMode uint8

const (
	// PurgeStale keeps the old value only for when loading fails: the next
	// request waits for a load.
	PurgeStale PurgeMode = iota
	// PurgeRemove keeps nothing: the old value is never served again.
	PurgeRemove
)

// Purge invalidates keys. When it has returned, no answer to a later request
// carries a value whose load began before, nor will such a value be stored;
// but under PurgeStale the old value may be served as StaleError.
func (l *Lookup[V]) Purge(mode PurgeMode, keys ...string) {
	if len(keys) > 0 {
		l.lastPurge.Store(int64(l.cache.now()))
	}
	for _, key := range keys {
		hash := l.hash(key)
		l.shard(hash).invalidate(l, key, hash, l.cache.now(), mode)
		l.cache.sizing.invalidate(hash)
	}
}

// PurgeAll is Purge for all keys of the lookup, in constant time: entries carry
// the epoch of their load, and those of earlier ones are invalid when they are
// next seen. Their memory is given back as they are replaced or evicted.
func (l *Lookup[V]) PurgeAll(mode PurgeMode) {
	// In this order: who sees the new epoch sees the instant that belongs to it.
	now := int64(l.cache.now())
	l.lastPurge.Store(now)
	l.purgedAt.Store(now)
	epoch := l.epoch.Add(1)
	if mode != PurgeRemove {
		return
	}
	for {
		below := l.removedBelow.Load()
		if below >= epoch || l.removedBelow.CompareAndSwap(below, epoch) {
			return
		}
	}
}
