package hammer

import (
	"fmt"
	"sync/atomic"
)

// ledger knows of every item which versions an answer may carry.
type ledger struct {
	items [items]item
	one   [items][]int // the items that a key of itemLookup and briefLookup shows
	lists [lists][]int // and of listLookup
}

// item is what the ledger knows of one. Versions only grow, and each is written once.
type item struct {
	begun   atomic.Int64          // newest version whose writing has begun
	applied atomic.Int64          // newest version that the follower has applied
	seen    [lookups]atomic.Int64 // newest version that a reader was answered
}

// deletionEvery is which versions are no row, but that there is none.
const deletionEvery = 8

func isDeletion(version int64) bool { return version%deletionEvery == 0 }

func newLedger() *ledger {
	l := &ledger{}
	for i := range l.items {
		l.items[i].begun.Store(1)
		l.one[i] = []int{i}
		l.lists[listOf(i)] = append(l.lists[listOf(i)], i)
	}
	return l
}

// shown are the items that an answer for a key shows, as long as they are there.
func (l *ledger) shown(of lookup, key int) []int {
	if of == listLookup {
		return l.lists[key]
	}
	return l.one[key]
}

// raise keeps the higher one.
func raise(a *atomic.Int64, to int64) {
	for old := a.Load(); old < to && !a.CompareAndSwap(old, to); old = a.Load() {
	}
}

// bounds are the oldest versions that an answer may carry. They are taken before it is asked for.
type bounds struct{ applied, seen int64 }

func (i *item) bounds(l lookup) bounds { return bounds{i.applied.Load(), i.seen[l].Load()} }

// newest returns the newest version that can have been meant by an answer, 0 if there is none: where
// the item was absent, the last deletion.
func (i *item) newest(version int64) int64 {
	if version != absent {
		return version
	}
	begun := i.begun.Load()
	return begun - begun%deletionEvery
}

// absent is the version of an item that is not there.
const absent = -1

// judge says what is wrong with the version in an answer.
func (i *item) judge(b bounds, version int64) (broken, text string) {
	at := i.newest(version)
	switch {
	case version > i.begun.Load() || version != absent && isDeletion(version):
		return "unwritten", fmt.Sprintf("version %d was not written as a row", version)
	case at < b.applied:
		return "applied", fmt.Sprintf("version %s, though %d was applied before", name(version), b.applied)
	case at < b.seen:
		return "seen", fmt.Sprintf("version %s, though %d was seen before", name(version), b.seen)
	}
	return "", ""
}

// note keeps what a reader was answered. Where the item was absent that is, at the least, the first
// deletion that its bounds allow.
func (i *item) note(l lookup, b bounds, version int64) {
	if version == absent {
		oldest := max(b.applied, b.seen, 1)
		version = (oldest + deletionEvery - 1) / deletionEvery * deletionEvery
	}
	raise(&i.seen[l], version)
}

func name(version int64) string {
	if version == absent {
		return "absent"
	}
	return fmt.Sprint(version)
}
