package cache

import (
	"math"
	"time"
	"unsafe"

	"productcache/internal/alloc"
)

// instant is a point on the cache's own monotonic clock, in nanoseconds since
// the cache was made: steps of the wall clock move no lifetime.
type instant int64

const never instant = -1

// clockLead is what the clock shows when a cache is made, about 400 days: values may be older than the cache. It is some
// of the periods in which marks wrap.
const clockLead = 8 << 30 * markStep

// entry is a value, or with found false an absence. Its key stands right behind
// it, in the same allocation. mark and rank are guarded by the lock of its shard;
// the rest never changes. Its size is 32 bytes for a one-word value.
type entry[V any] struct {
	value     V
	loadedAt  instant // when its load began
	epoch     uint32  // the low bits of the lookup's epoch that its load noted
	mark      mark
	lookup    uint16 // its id, and restoredFlag
	keyLength uint16
	rank      // of a value
	found     bool
}

// restoredFlag says that an entry is of an earlier cache, see restored.
const restoredFlag = 1 << 15

// maxKey is the longest key, in bytes, that an entry holds itself.
const maxKey = alloc.MaxBehind

// longKeyed is an entry with a longer key.
type longKeyed[V any] struct {
	entry[V]
	key string
}

// mostKey is the longest key, in bytes, that can be stored.
const mostKey = math.MaxUint16

func newEntry[V any](l *Lookup[V], key string, loaded Loaded[V], loadedAt instant, epoch uint64) *entry[V] {
	var e *entry[V]
	if len(key) <= maxKey {
		e = alloc.With[entry[V]](len(key))
		copy(alloc.Behind(e, len(key)), key)
	} else {
		e = &(&longKeyed[V]{key: key}).entry
	}
	e.value, e.found, e.loadedAt, e.epoch = loaded.Value, loaded.Found, loadedAt, uint32(epoch)
	e.lookup, e.keyLength = uint16(l.id), uint16(len(key))
	return e
}

// key returns the key, which keeps the entry in memory.
func (e *entry[V]) key() string {
	if n := int(e.keyLength); n <= maxKey {
		return unsafe.String(unsafe.SliceData(alloc.Behind(e, n)), n)
	}
	return (*longKeyed[V])(unsafe.Pointer(e)).key
}

// is reports whether e is the entry of a key, and not of another one with the
// same hash.
func (e *entry[V]) is(l *Lookup[V], key string) bool {
	return uint32(e.lookup&^restoredFlag) == l.id && e.key() == key
}

// askedLocked notes that the entry has answered somebody.
func (e *entry[V]) askedLocked() {
	if e.mark == unasked {
		e.mark = 0
	}
}

// epochsBehind is how many times all of the lookup was invalidated since the
// entry's load. It is wrong, and the entry as good as one just loaded, only for
// one that has lain in memory through exactly 2^32 of them, or a multiple.
func (e *entry[V]) epochsBehind(epoch uint64) uint64 { return uint64(uint32(epoch) - e.epoch) }

// keyedWeight is what an entry weighs without its value.
func keyedWeight[V any](key int) int {
	if key <= maxKey {
		return alloc.SizeWith[entry[V]](key) + entryOverhead
	}
	return alloc.Size(int(unsafe.Sizeof(longKeyed[V]{}))) + alloc.Size(key) + entryOverhead
}

// weight is what the entry adds to its budget.
func (c *Cache[V]) weight(e *entry[V]) int64 {
	weight := keyedWeight[V](int(e.keyLength))
	if e.found {
		weight += c.options.Weigh(e.value)
	}
	return int64(weight)
}

// entryOverhead is what an entry costs beside itself: golang-lru's list node
// (80 bytes), its slot in the shard's map, whose tables are between 7/16 and 7/8
// full (20 to 41), and its share of the census, whose tables are between half and
// wholly used (8 to 16). Beside it the shadows of a contest take a fixed amount,
// whatever the size of the cache. TestWeightIsHonest holds it against the heap.
const entryOverhead = 80 + 41 + 16

// refreshPause is the least time between two refreshes of one entry, so that
// a key whose refresh is slow, or fails alone, costs its readers nothing more.
const refreshPause = time.Second

// failureMemory is how long after a load of an entry, or the last of any, has failed it is served without waiting for the next
// load. It is short: who asks for a value long after MySQL was back must not get the one from before.
const failureMemory = 3 * time.Second
