package cache

import "time"

// state is an entry's condition at one instant.
type state struct {
	ttl         time.Duration // remaining lifetime, negative once stale, and never positive of what is invalid
	invalid     bool          // told to be stale, so never served while loading works
	invalidAt   instant       // the last invalidation, never if there was none
	unreachable bool          // invalidated with PurgeRemove: as if it were not there
}

func (e *entry[V]) state(l *Lookup[V], lt *Lifetimes, hash uint64, now instant) state {
	ttl := lt.NegativeTTL
	if e.found {
		ttl = lt.ttl(hash)
	}
	st := state{ttl: ttl - time.Duration(now-e.loadedAt), invalidAt: never}
	epoch := l.epoch.Load()
	if behind := e.epochsBehind(epoch); behind > 0 {
		st.invalidAt = instant(l.purgedAt.Load())
		st.unreachable = epoch-behind < l.removedBelow.Load()
		st.invalid = true
	}
	if e.mark.invalid() {
		at := now - instant(e.mark.age(now)) // negative for one that was restored as invalid
		if st.invalid {
			at = max(at, st.invalidAt)
		}
		st.invalid, st.invalidAt = true, at
	}
	if e.isRestored() {
		l.cache.restored.judge(&st, now)
	}
	if st.invalid {
		// 0: now may have been read before the invalidation came.
		st.ttl = min(st.ttl, time.Duration(st.invalidAt-now), 0)
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
