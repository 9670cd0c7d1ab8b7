package cache

import (
	"time"
)

// instant is a point on the cache's own monotonic clock, in nanoseconds since
// the cache was made: steps of the wall clock move no lifetime.
type instant int64

const never instant = -1

// entryKey names an entry: lookups share the shards.
type entryKey struct {
	lookup uint32
	key    string
}

// entry is a value, or with found false an absence. invalidAt, triedAt, at and
// rank are guarded by the lock of its shard; the rest never changes. Its size is 64
// bytes for a one-word value.
type entry[V any] struct {
	value     V
	key       string
	loadedAt  instant // when its load began
	invalidAt instant // when it was last invalidated alone, never if it was not
	epoch     uint32  // the low bits of the lookup's epoch that its load noted
	lookup    uint32
	weight    int32
	triedAt   uint32 // tick when a refresh of it was last begun, 0 if none was; unasked
	at        int32  // of a value: its place in shard.held
	found     bool
	rank      // of a value: guarded too
}

// tick is the clock in milliseconds, never 0. It wraps after 49 days, when an
// entry may wait for a refresh a little longer.
func (i instant) tick() uint32 { return uint32(i/instant(time.Millisecond)) | 1 }

// unasked is, as triedAt, no tick: the entry was loaded by a refresh, and has
// answered nobody.
const unasked uint32 = 2

// askedLocked notes that the entry has answered somebody.
func (e *entry[V]) askedLocked() {
	if e.triedAt == unasked {
		e.triedAt = 0
	}
}

// epochsBehind is how many times all of the lookup was invalidated since the
// entry's load. It is wrong, and the entry as good as one just loaded, only for
// one that has lain in memory through exactly 2^32 of them, or a multiple.
func (e *entry[V]) epochsBehind(epoch uint64) uint64 { return uint64(uint32(epoch) - e.epoch) }

// entryOverhead is what an entry costs beyond its key and value: the entry
// itself (64 bytes for a one-word value), golang-lru's list node (96), its
// slot in the shard's map, whose tables are between 7/16 and 7/8 full (38 to 76),
// its place in shard.held, which append leaves up to half empty while it is
// small and up to a fifth later (8 to 16), and its share of the census, whose
// tables are between half and wholly used (8 to 16). Beside it the shadows of a
// contest take a fixed amount, whatever the size of the cache.
// TestWeightIsHonest holds it against the heap.
const entryOverhead = 64 + 96 + 76 + 16 + 16

// refreshPause is the least time between two refreshes of one entry, so that
// a key whose refresh is slow, or fails alone, costs its readers nothing more.
const refreshPause = time.Second

// keyWeight is what a key's bytes occupy: Go allocates small strings in steps
// of 16 bytes.
func keyWeight(key string) int { return (len(key) + 15) &^ 15 }

// state is an entry's condition at one instant.
type state struct {
	ttl         time.Duration // remaining lifetime, negative once stale
	invalid     bool          // told to be stale, so never served while loading works
	invalidAt   instant       // the last invalidation, never if there was none
	unreachable bool          // invalidated with PurgeRemove: as if it were not there
}

func (e *entry[V]) state(l *Lookup[V], lt *Lifetimes, hash uint64, now instant) state {
	ttl := lt.NegativeTTL
	if e.found {
		ttl = lt.ttl(hash)
	}
	st := state{ttl: ttl - time.Duration(now-e.loadedAt), invalidAt: e.invalidAt}
	epoch := l.epoch.Load()
	if behind := e.epochsBehind(epoch); behind > 0 {
		st.invalidAt = max(st.invalidAt, instant(l.purgedAt.Load()))
		st.unreachable = epoch-behind < l.removedBelow.Load()
		st.invalid = true
	}
	if e.invalidAt != never {
		st.invalid = true
	}
	if st.invalid {
		st.ttl = min(st.ttl, time.Duration(st.invalidAt-now))
	}
	return st
}

// usableOnError reports whether the entry may be served when loading fails.
func (e *entry[V]) usableOnError(st state, lt *Lifetimes) bool {
	return !st.unreachable && -st.ttl < lt.StaleIfError
}

func (e *entry[V]) answer(o Outcome, st state, now instant) Answer[V] {
	return Answer[V]{
		Value:   e.value,
		Found:   e.found,
		Outcome: o,
		Age:     time.Duration(now - e.loadedAt),
		TTL:     st.ttl,
	}
}
