package cache

import "sync"

// PurgeMode says what an invalidation leaves behind.
type PurgeMode uint8

const (
	// PurgeStale keeps the old value only for when loading fails: the next
	// request waits for a load.
	PurgeStale PurgeMode = iota
	// PurgeRemove keeps nothing: the old value is never served again.
	PurgeRemove
)

// Purge is Invalidate by who has purged.
func (l *Lookup[V]) Purge(mode PurgeMode, keys ...string) { l.Invalidate(ByPurge, mode, keys...) }

// PurgeAll is InvalidateAll by who has purged.
func (l *Lookup[V]) PurgeAll(mode PurgeMode) { l.InvalidateAll(ByPurge, mode) }

// Invalidate makes keys stale. When it has returned, no answer to a later request
// carries a value whose load began before, nor will such a value be stored;
// but under PurgeStale the old value may be served as StaleError. The origin
// is for the keys' history, see Inspect.
func (l *Lookup[V]) Invalidate(by Origin, mode PurgeMode, keys ...string) {
	if len(keys) > 0 {
		raise(&l.lastPurge, int64(l.cache.now()))
	}
	for _, key := range keys {
		hash := l.hash(key)
		l.shard(hash).invalidate(l, key, hash, l.cache.now(), by, mode)
		l.cache.sizing.invalidate(hash)
	}
}

// InvalidateAll is Invalidate for all keys of the lookup, in constant time: entries carry
// the epoch of their load, and those of earlier ones are invalid when they are
// next seen. Their memory is given back as they are replaced or evicted.
func (l *Lookup[V]) InvalidateAll(by Origin, mode PurgeMode) {
	// In this order: who sees the new epoch sees the instant that belongs to it.
	now := int64(l.cache.now())
	raise(&l.lastPurge, now)
	raise(&l.purgedAt, now)
	epoch := l.epoch.Add(1)
	l.purges.note(event{at: instant(now), kind: EventInvalidatedAll, origin: by, mode: mode})
	if mode != PurgeRemove {
		return
	}
	raise(&l.removedBelow, epoch)
}

// raise stores a value unless a higher one stands there: of two invalidations at
// once, the one that comes later must not give way to the slower one.
func raise[N int64 | uint64](at interface {
	Load() N
	CompareAndSwap(old, to N) bool
}, to N) {
	for {
		if before := at.Load(); before >= to || at.CompareAndSwap(before, to) {
			return
		}
	}
}

// purges are the last invalidations of a whole lookup.
type purges struct {
	mu   sync.Mutex // guards all below
	last [16]event
	n    int // all there were
}

func (p *purges) note(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last[p.n%len(p.last)] = e
	p.n++
}

// all returns them, the latest first.
func (p *purges) all() (all []event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range min(p.n, len(p.last)) {
		all = append(all, p.last[(p.n-1-i)%len(p.last)])
	}
	return all
}
