package hammer

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// awaited are versions that are committed, and that the follower has not applied.
type awaited struct {
	mu  sync.Mutex // guards all
	all []commit
}

// commit is a version with a number of the server's transactions that is not before its own.
type commit struct {
	item     *item
	version  int64
	sequence uint64
}

func (a *awaited) add(c commit) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, c)
}

// raise raises the bounds of all that is applied, and returns how much is not.
func (a *awaited) raise(applied uint64) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	left := a.all[:0]
	for _, c := range a.all {
		if c.sequence <= applied {
			raise(&c.item.applied, c.version)
		} else {
			left = append(left, c)
		}
	}
	a.all = left
	return len(left)
}

// raisePause is between two questions to the follower how far it is.
const raisePause = 100 * time.Microsecond

// raise raises bounds until ctx is done.
func (h *hammer) raise(ctx context.Context) {
	again := time.NewTicker(raisePause)
	defer again.Stop()
	for wait(ctx, again.C) {
		h.raiseOnce()
	}
}

func (h *hammer) raiseOnce() (left int) {
	applied, ok := appliedSequence(h.service.follower.Stats().Applied)
	if !ok {
		return 1
	}
	return h.awaited.raise(applied)
}

// appliedSequence reads "0-1-123 (binlog.000001:2931)" or "uuid:1-456 (…)". Of a set with a hole it takes
// what is before that.
func appliedSequence(text string) (sequence uint64, ok bool) {
	gtids, _, ok := strings.Cut(text, " (")
	if !ok {
		return 0, false
	}
	if _, intervals, mysql := strings.Cut(gtids, ":"); mysql {
		gtids, _, _ = strings.Cut(intervals, ":")
	}
	sequence, err := lastNumber(gtids)
	return sequence, err == nil
}

// lastNumber returns the number at the end of a set of GTIDs.
func lastNumber(gtids string) (uint64, error) {
	return strconv.ParseUint(gtids[strings.LastIndexAny(gtids, "-:")+1:], 10, 64)
}

// settleLimit is how long after the last write the follower may take to apply all.
const settleLimit = 30 * time.Second

// settle waits until all is applied, and then asks for everything.
func (h *hammer) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for h.raiseOnce() > 0 {
		if !wait(ctx, again.C) {
			return fmt.Errorf("hammer: not all is applied %v after the last write: %+v", settleLimit, h.service.follower.Stats())
		}
	}
	for i := range h.ledger.items {
		of := &h.ledger.items[i]
		if of.applied.Load() != of.begun.Load() {
			h.findings.note("applied", "item %d: version %d was written, %d is applied", i, of.begun.Load(), of.applied.Load())
		}
	}
	r := newReader(h, 0)
	for id := range items {
		r.ask(ctx, itemLookup, id)
		r.ask(ctx, briefLookup, id)
		r.ask(ctx, listLookup, listOf(id))
	}
	return nil
}
