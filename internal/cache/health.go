package cache

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// The pause between two tries to load while loading fails, for callers that
// can be served a stale value meanwhile.
const (
	minProbePause = 100 * time.Millisecond
	maxProbePause = time.Second
)

// health remembers whether the last load failed, so that with a dead or frozen
// database stale values are served at once: one caller in each pause has the
// database tried. It waits for that if the value was invalidated, or the failure is not of late:
// MySQL may have been back for long. Callers that have no stale value always try.
type health struct {
	failedAt atomic.Int64 // instant of the last failure; never once a load worked
	probeAt  atomic.Int64 // from this instant on, one caller may try again
	pause    atomic.Int64 // the last pause
}

func newHealth() *health {
	h := &health{}
	h.failedAt.Store(int64(never))
	return h
}

func (h *health) succeeded() {
	if h.failedAt.Load() != int64(never) {
		h.failedAt.Store(int64(never))
		h.pause.Store(0)
	}
}

func (h *health) failed(now instant) {
	pause := min(max(2*time.Duration(h.pause.Load()), minProbePause), maxProbePause)
	h.pause.Store(int64(pause))
	jittered := pause/2 + rand.N(pause/2+1)
	h.probeAt.Store(int64(now) + int64(jittered))
	h.failedAt.Store(int64(now))
}

// failing reports whether a load failed after since and none worked after it.
func (h *health) failing(since instant) bool {
	failedAt := instant(h.failedAt.Load())
	return failedAt != never && failedAt > since
}

// failedSince reports whether the last load failed, less than a time ago.
func (h *health) failedSince(now instant, d time.Duration) bool {
	return h.failing(now - instant(d))
}

// due reports whether it is time that a caller tries the database.
func (h *health) due(now instant) bool { return int64(now) >= h.probeAt.Load() }

// probe reports whether the caller is the one that may try the database now.
func (h *health) probe(now instant) bool {
	at := h.probeAt.Load()
	return int64(now) >= at && h.probeAt.CompareAndSwap(at, int64(now)+int64(maxProbePause))
}

// stumbling is how many loads have to fail in a failureMemory for a lookup to count as failing, although others
// work: a lone time-out does not make one.
const stumbling = 4

// stumbles are the instants of a lookup's last failures: some of its loads may work all the time, such as those of
// absent keys, while whoever waits for another one waits in vain.
type stumbles struct {
	failures atomic.Uint64
	at       [stumbling]atomic.Int64 // 0: none yet
}

func (s *stumbles) add(now instant) {
	s.at[(s.failures.Add(1)-1)%stumbling].Store(max(1, int64(now)))
}

// since reports whether the last few failures all came less than a time ago.
func (s *stumbles) since(now instant, d time.Duration) bool {
	first := s.at[s.failures.Load()%stumbling].Load()
	return first != 0 && instant(first) > now-instant(d)
}
