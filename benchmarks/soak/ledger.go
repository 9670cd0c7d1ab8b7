package soak

import (
	"fmt"
	"sync/atomic"
)

// ledger knows of every product which versions an answer may carry.
type ledger struct{ products []product }

// product is what the ledger knows of one. Versions only grow, and each is written once: a version
// is either the row with that number, or its deletion.
type product struct {
	begun   atomic.Int64 // newest version whose writing has begun
	deleted atomic.Int64 // newest version begun that is a deletion
	written atomic.Int64 // newest version that MySQL has confirmed
	purged  atomic.Int64 // newest version whose purge has answered
	removed atomic.Int64 // the same, for purges that say remove
}

func newLedger(n int) *ledger {
	l := &ledger{make([]product, n+1)} // ids begin with 1
	for i := range l.products {
		p := &l.products[i]
		p.begun.Store(1)
		p.written.Store(1)
	}
	return l
}

func (l *ledger) product(id int) *product { return &l.products[id] }

// begin is called before a version is written.
func (p *product) begin(version int64, deletion bool) {
	if deletion {
		p.deleted.Store(version)
	}
	p.begun.Store(version)
}

// purge is called after the purge of a version has answered.
func (p *product) purge(version int64, remove bool) {
	if remove {
		raise(&p.removed, version)
	}
	raise(&p.purged, version)
}

// raise keeps the higher one: purges of one key and of all meet.
func raise(a *atomic.Int64, to int64) {
	for old := a.Load(); old < to && !a.CompareAndSwap(old, to); old = a.Load() {
	}
}

// allWritten returns the versions that a purge of all covers, if it begins now.
func (l *ledger) allWritten() []int64 {
	versions := make([]int64, len(l.products))
	for i := range l.products {
		versions[i] = l.products[i].written.Load()
	}
	return versions
}

// floor is the oldest version that an answer may carry. It is taken before a request begins.
type floor struct{ any, staleError int64 }

func (p *product) floor() floor { return floor{p.purged.Load(), p.removed.Load()} }

// answer is what came back for a product.
type answer struct {
	found      bool
	version    int64 // where found
	staleError bool  // it says that it may be old, since MySQL fails
}

// judge says what is wrong with an answer to a request that began when floor was taken.
func (p *product) judge(f floor, a answer) error {
	oldest := f.any
	if a.staleError {
		oldest = f.staleError
	}
	switch {
	case !a.found && p.deleted.Load() < max(oldest, 1):
		return fmt.Errorf("absent, though it was not deleted since version %d", oldest)
	case !a.found:
		return nil
	case a.version < oldest:
		return fmt.Errorf("version %d, though version %d was purged before (stale-error: %t)", a.version, oldest, a.staleError)
	case a.version > p.begun.Load():
		return fmt.Errorf("version %d, which was not written", a.version)
	}
	return nil
}
