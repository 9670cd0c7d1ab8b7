package binlog

import (
	"testing"
	"time"
)

// TestBookmarkWaitsForWhatIsUnsettled: a place is none while something before it
// is to be invalidated once more.
func TestBookmarkWaitsForWhatIsUnsettled(t *testing.T) {
	f, err := New(Options{Endpoint: Endpoint{Network: "unix", Address: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	of := &server{}
	at := func(offset uint64) position { return position{identity: "1", file: "binlog.000001", offset: offset} }
	read := func(offset uint64, changes bool) {
		f.status.read(at(offset), time.Time{}, of, changes)
		if changes {
			f.apply(unsettled{effects: effects{}, upTo: at(offset)})
		}
	}
	settle := func() { f.status.applied(f.pending.take()) }
	expect := func(after string, offset uint64) {
		t.Helper()
		if got := f.status.settled; got.offset != offset {
			t.Errorf("after %s the bookmark is at %d, want %d", after, got.offset, offset)
		}
	}
	if got := f.Bookmark(); got != "" {
		t.Errorf("Bookmark() before anything = %q, want none", got)
	}
	read(10, false)
	expect("a transaction without changes", 10)
	read(20, true)
	read(30, false)
	expect("one with changes, and one without", 10)
	taken := f.pending.take()
	read(40, true)
	f.status.applied(taken)
	expect("the first of two was settled", 20)
	read(50, true)
	read(60, false)
	settle()
	expect("all were settled", 60)
	f.status.moved(at(70))
	expect("another file", 70)

	read(80, true)
	taken = f.pending.take()
	f.status.anew(at(5))
	f.apply(unsettled{effects: effects{}, upTo: at(5)})
	f.status.applied(taken)
	expect("a new beginning, what was before settled", 0)
	settle()
	expect("the new beginning settled", 5)
}
