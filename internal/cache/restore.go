package cache

import (
	"slices"
	"sync/atomic"
	"time"
)

// Trust says how far the values that were restored may be served.
type Trust int32

// The degrees of trust.
const (
	TrustNone    Trust = iota // not at all
	TrustOnError              // when loading fails, as after Purge with PurgeStale
	TrustStale                // as if they had expired when they were restored
	TrustFresh                // like values that were loaded
)

// restored is what all restored values have in common.
type restored struct {
	trust atomic.Int32
	at    atomic.Int64 // instant of NewRestoration
}

func (e *entry[V]) isRestored() bool { return e.lookup&restoredFlag != 0 }

// fresh reports whether restored values are like any other.
func (r *restored) fresh() bool { return Trust(r.trust.Load()) == TrustFresh }

// judge adapts the state of a restored entry to the trust that it has.
func (r *restored) judge(st *state, now instant) {
	at := instant(r.at.Load())
	switch Trust(r.trust.Load()) {
	case TrustNone:
		st.unreachable = true
		fallthrough
	case TrustOnError:
		st.invalid, st.invalidAt = true, max(st.invalidAt, at)
	case TrustStale:
		st.ttl = min(st.ttl, time.Duration(at-now))
	}
}

// A Restoration puts values of an earlier cache into one that serves already.
// Its methods may be called from one goroutine, beside all others of the cache.
type Restoration[V any] struct {
	cache       *Cache[V]
	savedAt     time.Time
	away        time.Duration // from savedAt to the begin
	began       instant
	epochs      []uint64                      // of the lookups, at the begin
	generations [][generationsPerShard]uint64 // of the shards
}

// NewRestoration begins to restore values that were saved at a time of the wall
// clock. If that is in the future, it counts as now. Values are not served
// before Trust says how far they may be. A cache may be restored once.
func (c *Cache[V]) NewRestoration(savedAt time.Time) *Restoration[V] {
	r := &Restoration[V]{cache: c, savedAt: savedAt, away: max(0, time.Since(savedAt)), began: c.now()}
	c.restored.at.Store(int64(r.began))
	for _, l := range *c.lookups.Load() {
		r.epochs = append(r.epochs, l.epoch.Load())
	}
	for _, s := range c.shards {
		s.mu.Lock()
		r.generations = append(r.generations, s.generations)
		s.mu.Unlock()
	}
	return r
}

// Put stores a value of a lookup that was there at the begin, as old as it is,
// within the bounds of the cache. The error is ErrNoRoom or ErrSuperseded.
func (r *Restoration[V]) Put(l *Lookup[V], s Saved[V]) error {
	c := r.cache
	loaded := Loaded[V]{Value: s.Value, Found: true}
	if !c.fits(l, s.Key, loaded) {
		return ErrNoRoom
	}
	hash := l.hash(s.Key)
	e := newEntry(l, s.Key, loaded, r.instant(s.LoadedAt), r.epochs[l.id])
	e.lookup |= restoredFlag
	if !s.StaleAt.IsZero() {
		e.mark = invalidatedAt(r.instant(s.StaleAt))
	}
	weight := c.weight(e)
	if !c.makeRoom(c.shardIndex(hash), weight, true) {
		return ErrNoRoom
	}
	if !r.store(l, e, hash, s.Rank) {
		c.values.release(weight)
		return ErrSuperseded
	}
	return nil
}

// store puts an entry in, unless something is in its place, or an invalidation
// came since the begin, which did not find it. The caller has reserved its weight.
func (r *Restoration[V]) store(l *Lookup[V], e *entry[V], hash uint64, rank uint8) bool {
	at := r.cache.shardIndex(hash)
	s := r.cache.shards[at]
	s.mu.Lock()
	defer s.mu.Unlock()
	counter := hash % generationsPerShard
	if s.generations[counter] != r.generations[at][counter] || l.epoch.Load() != r.epochs[l.id] {
		return false
	}
	if _, ok := s.values.Peek(hash); ok {
		return false
	}
	if _, ok := s.absences.Peek(hash); ok {
		return false
	}
	s.values.Restore(hash, e, rank)
	l.usedByValues.add(r.cache.weight(e))
	return true
}

// instant is when a moment before savedAt was, on the cache's clock.
func (r *Restoration[V]) instant(at time.Time) instant {
	age := max(0, r.savedAt.Sub(at)) + r.away
	return max(r.began-instant(age), 0)
}

// Trust says how far what was restored may be served, from now on.
func (r *Restoration[V]) Trust(t Trust) { r.cache.restored.trust.Store(int32(t)) }

// Drop drops all that was restored and not replaced yet.
func (r *Restoration[V]) Drop() {
	r.Trust(TrustNone)
	for _, s := range r.cache.shards {
		for queue := range queueCount {
			s.mu.Lock()
			keys := s.values.keys(queue)
			s.mu.Unlock()
			for chunk := range slices.Chunk(keys, savedChunk) {
				s.dropRestored(r.cache, chunk)
			}
		}
	}
}

func (s *shard[V]) dropRestored(c *Cache[V], keys []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, hash := range keys {
		if e, ok := s.values.Peek(hash); ok && e.isRestored() {
			s.dropLocked(c, e, hash)
		}
	}
}

// Restore puts an entry in that is not there, at the place that it had.
func (q *queues[K, E]) Restore(k K, e E, rank uint8) {
	r := e.ranked()
	to := uint8(window)
	if q.census != nil {
		q.census.fit(q.Len() + 1)
		to = min(rank&(1<<rankBits-1), window)
		r.count, r.era = min(rank&^usedThere>>rankBits, maxCount), q.census.era
	}
	r.place = to | rank&usedThere
	q.lists[to].Add(k, e)
	q.peak, q.most = max(q.peak, q.Len()), max(q.most, q.Len())
}
