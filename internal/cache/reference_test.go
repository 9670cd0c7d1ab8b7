package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"productcache/internal/cache"
)

// reference is a naive cache: it forgets nothing, and says of each answer whether it was allowed at its instant. An
// instant is a duration since the begin. No two operations, and no operation and end of a load, have the same one.
type reference struct {
	mu       sync.Mutex // guards all below
	began    time.Time
	loads    []*loading
	held     map[string][]*holding // what the cache holds of a key, or has evicted; the latest last
	purges   []purging
	lives    []since[cache.Lifetimes]
	trusts   []since[cache.Trust] // of what was loaded before restarted
	worked   []time.Duration      // ends of loads
	failed   []time.Duration
	failures map[string][]time.Duration // of a key's own loads
	bad      []*loading                 // those that failed for a reason of their key
	restarts time.Duration
	few      bool // callers may wait: some are refused
	wrong    []string
	evicted  func() (values, absences uint64)
}

// loading is one key in one load. Its value names it.
type loading struct {
	key        string
	value      string // "" if the key has none
	start, end time.Duration
	flying     bool
	stored     bool
	unsure     bool          // it may be that it was not stored
	staleAt    time.Duration // of one that was restored as stale; 0: it was not
}

type holding struct {
	*loading
	from, to time.Duration // to 0: still
	evicted  uint64        // how many were when it came
}

type purging struct {
	at   time.Duration
	key  string // "": all
	mode cache.PurgeMode
}

type since[T any] struct {
	at time.Duration
	is T
}

func at[T any](history []since[T], d time.Duration) (is T) {
	for _, h := range history {
		if h.at <= d {
			is = h.is
		}
	}
	return is
}

func (r *reference) now() time.Duration { return time.Since(r.began) }

func (r *reference) errorf(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf("at %v: ", r.now())+fmt.Sprintf(format, args...))
}

// purged returns the last invalidation of a key in (from, to], 0 if there was none, and whether one removed.
func (r *reference) purged(key string, from, to time.Duration) (last time.Duration, removed bool) {
	for _, p := range r.purges {
		if p.at > from && p.at <= to && (p.key == "" || p.key == key) {
			last, removed = p.at, removed || p.mode == cache.PurgeRemove
		}
	}
	return last, removed
}

// begin notes a key's load, and that it is the only one of its generation.
func (r *reference) begin(key, value string) *loading {
	x := &loading{key: key, value: value, start: r.now(), flying: true}
	for _, other := range r.loads {
		purged, _ := r.purged(key, other.start, x.start)
		if other.flying && other.key == key && purged == 0 && x.start < other.start+loadTimeout {
			r.errorf("a second load of %s while that of %v is under way", key, other.start)
		}
	}
	r.loads = append(r.loads, x)
	return x
}

// land stores what was loaded, unless it was purged or a later load was faster. If what that one stored may have been
// evicted, either may be.
func (r *reference) land(x *loading) {
	x.end = r.now()
	later := slices.ContainsFunc(r.open(x.key), func(h *holding) bool { return h.start > x.start })
	x.unsure = later && r.surely(x.key, x.end) == nil
	if purged, _ := r.purged(x.key, x.start, x.end); purged != 0 || later && !x.unsure {
		x.unsure = false
		return
	}
	for _, old := range r.open(x.key) {
		if !x.unsure {
			old.to = x.end
		}
	}
	values, absences := r.evicted()
	h := &holding{loading: x, from: x.end, evicted: values}
	if x.value == "" {
		h.evicted = absences
	}
	if x.unsure {
		h.evicted = math.MaxUint64
	}
	if x.stored = len(x.value) <= mostValue && (x.value != "" || at(r.lives, x.end).NegativeTTL > 0); x.stored {
		r.held[x.key] = append(r.held[x.key], h)
	}
}

// open returns what may be held of a key.
func (r *reference) open(key string) (held []*holding) {
	for _, h := range r.held[key] {
		if h.to == 0 {
			held = append(held, h)
		}
	}
	return held
}

// condition is that of a load's value at an instant.
type condition struct {
	ttl                    time.Duration
	invalid, gone          bool
	invalidAt              time.Duration
	fresh, usable, refresh bool
}

func (r *reference) condition(x *loading, d time.Duration) (c condition) {
	lt := at(r.lives, d)
	c.ttl = lt.TTL - (d - x.start)
	if x.value == "" {
		c.ttl = lt.NegativeTTL - (d - x.start)
	}
	c.invalidAt, c.gone = r.purged(x.key, x.start, d)
	c.invalidAt = max(c.invalidAt, x.staleAt)
	if x.end < r.restarts {
		switch at(r.trusts, d) {
		case cache.TrustNone:
			c.gone, c.invalidAt = true, max(c.invalidAt, r.restarts)
		case cache.TrustOnError:
			c.invalidAt = max(c.invalidAt, r.restarts)
		case cache.TrustStale:
			c.ttl = min(c.ttl, r.restarts-d)
		}
	}
	if c.invalid = c.invalidAt != 0; c.invalid {
		c.ttl = min(c.ttl, c.invalidAt-d)
	}
	c.fresh = !c.invalid && c.ttl > 0
	c.refresh = x.value != "" && !c.invalid && c.ttl <= 0 && -c.ttl < lt.StaleWhileRevalidate
	c.usable = x.value != "" && !c.gone && -c.ttl < lt.StaleIfError
	return c
}

// tells reports whether a TTL is that of the condition. Since when a value is invalid is known to a tick.
func (c condition) tells(ttl time.Duration) bool {
	return ttl == c.ttl || c.invalid && c.ttl <= ttl && ttl < c.ttl+tick
}

// failing reports whether a reader at d may know that loads of a key fail, and have since the value's invalidation.
func (r *reference) failing(key string, c condition, d time.Duration) bool {
	return r.allFails(max(c.invalidAt, r.restarts), d) || !c.invalid && r.remembered(key, d)
}

// allFails reports whether a load has failed after from, and at d none worked after it.
func (r *reference) allFails(from, d time.Duration) bool {
	for _, f := range r.failed {
		worked := func(w time.Duration) bool { return w > f && w < d }
		if f > from && f <= d && !slices.ContainsFunc(r.worked, worked) {
			return true
		}
	}
	return false
}

// failureMemory is how long after a load of a key, or several of any, have failed its readers do not wait for the next.
const failureMemory = 3*time.Second + 8*time.Millisecond

// remembered reports whether at d readers of a key may be served at once since loads fail: for a
// while, which begins anew with each load that one of them has begun in it, and as long as that is under way.
func (r *reference) remembered(key string, d time.Duration) bool {
	return r.failsLately(key, d) || slices.ContainsFunc(r.loads, func(x *loading) bool {
		return x.key == key && x.start <= d && (d <= x.start+failureMemory || x.flying || x.end >= d) && r.failsLately(key, x.start)
	})
}

// failsLately reports whether a load of a key has failed shortly before d, or all do, or several have.
func (r *reference) failsLately(key string, d time.Duration) bool {
	lately := func(f time.Duration) bool { return r.restarts < f && f <= d && d <= f+failureMemory }
	several := 0
	for _, f := range r.failed {
		if lately(f) {
			several++
		}
	}
	return slices.ContainsFunc(r.failures[key], lately) || r.allFails(max(r.restarts, d-failureMemory), d) || several >= 4
}

// failedIn reports whether a load of a key failed from one instant to another.
func (r *reference) failedIn(key string, from, to time.Duration) bool {
	return slices.ContainsFunc(r.failures[key], func(f time.Duration) bool { return from <= f && f <= to })
}

// badLately reports whether a load of a key has failed for a reason of its own a second before q at most, and the
// key was not invalidated since it began.
func (r *reference) badLately(q asked) bool {
	return slices.ContainsFunc(r.bad, func(x *loading) bool {
		purged, _ := r.purged(q.key, x.start, q.from)
		return x.key == q.key && x.end > r.restarts && x.end <= q.from && q.from < x.end+time.Second && purged == 0
	})
}

// asked is a caller's question.
type asked struct {
	key      string
	from, to time.Duration // when it asked, and had its answer
	deadline time.Duration // 0: none
	reload   bool
}

// check says whether an answer was allowed.
func (r *reference) check(q asked, a cache.Answer[string], err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q.to = r.now()
	switch {
	case err != nil:
		r.checkError(q, err)
	case a.Outcome == cache.Miss || a.Outcome == cache.Collapsed:
		r.checkLoaded(q, a)
	default:
		r.checkHeld(q, a)
	}
}

// find looks for the load that an answer is of, which a value names; of an absence it is any that was
// allowed. When the answer was given, its age tells.
func (r *reference) find(q asked, a cache.Answer[string], allowed func(x *loading, d time.Duration) bool) {
	var seen []string
	for _, x := range slices.Backward(r.loads) {
		d := x.start + a.Age
		if x.key != q.key || x.flying || x.value != a.Value || a.Found != (a.Value != "") || d < q.from || d > q.to {
			continue
		}
		if allowed(x, d) {
			return
		}
		seen = append(seen, fmt.Sprintf("%+v was %+v", *x, r.condition(x, d)))
	}
	r.errorf("%+v: %+v, where loads are %v", q, a, seen)
}

func (r *reference) checkLoaded(q asked, a cache.Answer[string]) {
	r.find(q, a, func(x *loading, _ time.Duration) bool {
		purged, _ := r.purged(q.key, x.start, q.from)
		return purged == 0 && x.end >= q.from && (a.Stored == x.stored || x.unsure)
	})
	r.checkNeeded(q)
}

// checkNeeded is for a caller who was not answered at once.
func (r *reference) checkNeeded(q asked) {
	h := r.surely(q.key, q.from)
	if h == nil || q.reload {
		return
	}
	if c := r.condition(h.loading, q.from); c.fresh || c.refresh {
		r.errorf("%+v: not served from memory, where %+v is %+v", q, *h.loading, c)
	}
}

// surely returns what was held of a key at d, if nothing can have been evicted since, and nothing came later.
func (r *reference) surely(key string, d time.Duration) *holding {
	held := r.open(key)
	if len(held) != 1 || held[0].from >= d {
		return nil
	}
	h := held[0]
	values, absences := r.evicted()
	if h.value != "" && values == h.evicted || h.value == "" && absences == h.evicted {
		return h
	}
	return nil
}

func (r *reference) checkHeld(q asked, a cache.Answer[string]) {
	r.find(q, a, func(x *loading, d time.Duration) bool {
		in := func(h *holding) bool { return h.loading == x && h.from <= d && (h.to == 0 || d <= h.to) }
		c := r.condition(x, d)
		return slices.ContainsFunc(r.held[q.key], in) && c.tells(a.TTL) && r.allows(q, a, c, d)
	})
}

// allows says whether what is held may be an answer.
func (r *reference) allows(q asked, a cache.Answer[string], c condition, d time.Duration) bool {
	switch a.Outcome {
	case cache.Hit, cache.Negative:
		return c.fresh && (a.Outcome == cache.Hit) == a.Found
	case cache.Stale:
		return c.refresh
	case cache.StaleError:
		return c.usable && (r.failing(q.key, c, d) || r.failedIn(q.key, q.from, d) || r.badLately(q) || d == q.deadline || r.few && !c.invalid)
	}
	return false
}

func (r *reference) checkError(q asked, err error) {
	switch {
	case errors.Is(err, errDown), errors.Is(err, errBadRow), errors.Is(err, cache.ErrLoadTimeout):
		if !r.failedIn(q.key, q.from, q.to) && (!errors.Is(err, errBadRow) || q.reload || !r.badLately(q)) {
			r.errorf("%+v: %v, but no load failed", q, err)
		}
	case errors.Is(err, context.DeadlineExceeded) && q.deadline != 0 && q.deadline <= q.to:
	case errors.Is(err, cache.ErrOverloaded) && r.few:
	default:
		r.errorf("%+v: %v", q, err)
	}
	r.checkNeeded(q)
	h := r.surely(q.key, q.from)
	if h == nil {
		return
	}
	if c := r.condition(h.loading, q.to); r.usableThroughout(q, h) && (!c.invalid || !errors.Is(err, cache.ErrOverloaded)) {
		r.errorf("%+v: %v, where %+v is %+v", q, err, *h.loading, c)
	}
}

// usableThroughout says whether what is held could be served whenever the caller's load failed, which was before the end where the caller
// waited for another key too. Age takes that away for good, and settings may give it back.
func (r *reference) usableThroughout(q asked, h *holding) bool {
	instants := []time.Duration{q.from, q.to}
	for _, t := range r.trusts {
		instants = append(instants, t.at)
	}
	for _, l := range r.lives {
		instants = append(instants, l.at)
	}
	for _, d := range instants {
		if d >= q.from && d <= q.to && !r.condition(h.loading, d).usable {
			return false
		}
	}
	return true
}

// checkUnanswered is for TryGet without an answer.
func (r *reference) checkUnanswered(q asked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := r.surely(q.key, q.from); h != nil && r.condition(h.loading, q.from).fresh {
		r.errorf("%+v: no answer, where %+v is fresh", q, *h.loading)
	}
}

// sure returns the keys that the cache certainly holds.
func (r *reference) sure() map[string]bool {
	held := make(map[string]bool)
	for key := range r.held {
		held[key] = r.surely(key, r.now()) != nil
	}
	return held
}

// restart keeps what a snapshot has, as stale where it was not trusted. What may have been evicted before may be missing.
func (r *reference) restart(trust cache.Trust, sure map[string]bool) {
	now := r.now()
	for key := range r.held {
		for _, h := range r.open(key) {
			r.restore(h, now, !sure[key])
		}
	}
	r.restarts, r.failures = now, make(map[string][]time.Duration)
	r.trusts = append(r.trusts, since[cache.Trust]{now, trust})
}

// restore puts the value of another holding in a new cache.
func (r *reference) restore(h *holding, now time.Duration, unsure bool) {
	c := r.condition(h.loading, now)
	if h.to = now; c.gone || h.value == "" {
		return
	}
	x := *h.loading
	x.staleAt = c.invalidAt
	if !c.invalid && x.end < r.restarts && at(r.trusts, now) != cache.TrustFresh {
		x.staleAt = r.restarts
	}
	restored := &holding{loading: &x, from: now}
	if unsure {
		restored.evicted = math.MaxUint64
	}
	r.loads = append(r.loads, &x)
	r.held[h.key] = append(r.held[h.key], restored)
}

func (r *reference) String() string { return strings.Join(r.wrong, "\n") }
