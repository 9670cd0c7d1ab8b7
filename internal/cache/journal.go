package cache

import "time"

// EventKind says what befell a key.
type EventKind uint8

// The kinds of events.
const (
	EventLoaded         EventKind = iota // a value was loaded, and is cached
	EventAbsent                          // a load found no value, which is remembered
	EventNotStored                       // what a load found was not cached: too large, no room, or not to be remembered
	EventSuperseded                      // what a load found was not cached: the key was invalidated meanwhile, or a later load was faster
	EventLoadFailed                      // a load failed
	EventExpired                         // the lifetime ended
	EventInvalidated                     // the key was told to be stale
	EventInvalidatedAll                  // all of its lookup was
	EventEvicted                         // it was dropped to make room
)

// String returns the kind's name, such as "load-failed".
func (k EventKind) String() string {
	return [...]string{"loaded", "absent", "not-stored", "superseded", "load-failed", "expired", "invalidated", "invalidated-all", "evicted"}[k]
}

// Origin says who told that something is stale.
type Origin uint8

// The origins of an invalidation.
const (
	ByPurge  Origin = iota // somebody who purged
	ByBinlog               // the follower of the binlog
	ByAudit                // an audit
	ByReload               // another definition of the lookup
)

// String returns the origin's name.
func (o Origin) String() string { return [...]string{"purge", "binlog", "audit", "reload"}[o] }

// An Event is something that befell a key.
type Event struct {
	At     time.Time
	Kind   EventKind
	Origin Origin    // EventInvalidated, EventInvalidatedAll
	Mode   PurgeMode // EventInvalidated, EventInvalidatedAll
}

// event is an Event as it is kept, in 16 bytes.
type event struct {
	at     instant
	tag    uint32 // of its key: the part of the hash that does not choose the shard
	kind   EventKind
	origin Origin
	mode   PurgeMode
}

// journalSize is the number of events that a shard keeps, of all its keys.
const journalSize = 1024

// journal is the last events of the keys of a shard. It is guarded by the
// shard's lock.
type journal struct {
	events [journalSize]event
	noted  int // all there were
}

func (j *journal) note(hash uint64, e event) {
	e.tag = uint32(hash)
	j.events[j.noted%journalSize] = e
	j.noted++
}

// about returns the events of a key, the latest first.
func (j *journal) about(hash uint64) (found []event) {
	for i := range min(j.noted, journalSize) {
		if e := j.events[(j.noted-1-i)%journalSize]; e.tag == uint32(hash) {
			found = append(found, e)
		}
	}
	return found
}

// noteStoredLocked notes that a load's answer has come, and when the value
// before it, if there is one, had expired.
func (s *shard[V]) noteStoredLocked(l *Lookup[V], e *entry[V], hash uint64, now instant) {
	if old, ok := s.values.Peek(hash); ok && old.is(l, e.key()) {
		if st := old.state(l, l.lifetimes.Load(), hash, now); !st.invalid && st.ttl < 0 {
			s.journal.note(hash, event{at: now + instant(st.ttl), kind: EventExpired})
		}
	}
	kind := EventLoaded
	if !e.found {
		kind = EventAbsent
	}
	s.journal.note(hash, event{at: now, kind: kind})
}

// noteFailure notes that a load of a key has failed. A failure that is MySQL's
// is noted only where there is something that goes stale by it: with MySQL away
// the journal would else hold nothing else.
func (s *shard[V]) noteFailure(l *Lookup[V], key string, hash uint64, keysOwn bool, now instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, held := s.valueLocked(l, key, hash)
	if held && !e.mark.invalid() {
		e.mark = failedAt(now)
	}
	if held || keysOwn {
		s.journal.note(hash, event{at: now, kind: EventLoadFailed})
	}
}
