// Package ledger knows, while rows of products change and are purged, which of their versions an answer may carry.
package ledger

import (
	"fmt"
	"sync/atomic"
)

// Ledger knows of every product which versions an answer may carry.
type Ledger struct{ products []Product }

// Product is what the ledger knows of one. Versions only grow, and each is written once: a version
// is either the row with that number, or its deletion.
type Product struct {
	begun   atomic.Int64 // newest version whose writing has begun
	deleted atomic.Int64 // newest version begun that is a deletion
	written atomic.Int64 // newest version that MySQL has confirmed
	purged  atomic.Int64 // newest version whose purge has answered
	removed atomic.Int64 // the same, for purges that say remove
}

// New returns a ledger of products 1 to n, all in version 1.
func New(n int) *Ledger {
	l := &Ledger{make([]Product, n+1)} // ids begin with 1
	for i := range l.products {
		p := &l.products[i]
		p.begun.Store(1)
		p.written.Store(1)
	}
	return l
}

// Product returns what is known of a product.
func (l *Ledger) Product(id int) *Product { return &l.products[id] }

// Begin is called before a version is written.
func (p *Product) Begin(version int64, deletion bool) {
	if deletion {
		p.deleted.Store(version)
	}
	p.begun.Store(version)
}

// Begun returns the newest version whose writing has begun.
func (p *Product) Begun() int64 { return p.begun.Load() }

// Deleted returns the newest version begun that is a deletion, 0 if there is none.
func (p *Product) Deleted() int64 { return p.deleted.Load() }

// Wrote is called when MySQL has confirmed a version.
func (p *Product) Wrote(version int64) { p.written.Store(version) }

// Purge is called after the purge of a version has answered.
func (p *Product) Purge(version int64, remove bool) {
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

// AllWritten returns the versions that a purge of all covers, if it begins now.
func (l *Ledger) AllWritten() []int64 {
	versions := make([]int64, len(l.products))
	for i := range l.products {
		versions[i] = l.products[i].written.Load()
	}
	return versions
}

// Floor is the oldest version that an answer may carry. It is taken before a request begins.
type Floor struct{ any, staleError int64 }

// Floor returns the floor of now.
func (p *Product) Floor() Floor { return Floor{p.purged.Load(), p.removed.Load()} }

// Answer is what came back for a product.
type Answer struct {
	Found      bool
	Version    int64 // where found
	StaleError bool  // it says that it may be old, since MySQL fails
}

// Judge says what is wrong with an answer to a request that began when floor was taken.
func (p *Product) Judge(f Floor, a Answer) error {
	oldest := f.any
	if a.StaleError {
		oldest = f.staleError
	}
	switch {
	case !a.Found && p.deleted.Load() < max(oldest, 1):
		return fmt.Errorf("absent, though it was not deleted since version %d", oldest)
	case !a.Found:
		return nil
	case a.Version < oldest:
		return fmt.Errorf("version %d, though version %d was purged before (stale-error: %t)", a.Version, oldest, a.StaleError)
	case a.Version > p.begun.Load():
		return fmt.Errorf("version %d, which was not written", a.Version)
	}
	return nil
}
