package cache

import "time"

// mark is what befell an entry last, and when: nothing yet (0), that a refresh of
// it was begun, that a load of it failed, or, and from then on nothing else, that it was
// invalidated alone. Its instant is rounded up to 4 ms and wraps after 49 days: an entry that
// nobody asked for so long may wait for a refresh a little longer, or be taken
// for one invalidated of late.
type mark uint32

const (
	markStep = 4 * time.Millisecond

	// The lowest two bits say what it was; 0 is a refresh.
	markKind    = 3
	markInvalid = 1
	markFailed  = 2

	// unasked is an instant only in name: the entry was loaded by a refresh, and has
	// answered nobody.
	unasked mark = 4
)

// markedAt rounds up what is restored, before 0, too: a division rounds it up already.
func markedAt(at instant) mark {
	steps := at / instant(markStep)
	if at%instant(markStep) > 0 {
		steps++
	}
	return mark(steps) << 2
}

func triedAt(at instant) mark { return max(8, markedAt(at)) }

func failedAt(at instant) mark { return triedAt(at) | markFailed }

func invalidatedAt(at instant) mark { return markedAt(at) | markInvalid }

// tried reports whether anything befell the entry, of which its mark is the instant.
func (m mark) tried() bool { return m != 0 && m != unasked }

func (m mark) invalid() bool { return m&markKind == markInvalid }

// failedSince reports whether a load of the entry has failed, or one after that was begun, less than a time ago.
func (m mark) failedSince(now instant, d time.Duration) bool {
	return m&markKind == markFailed && m.age(now) < d
}

// age is the time since, rounded down, and 0 where now is a little earlier.
func (m mark) age(now instant) time.Duration {
	steps := int64(uint32(time.Duration(now)/markStep<<2)-uint32(m&^markKind)) >> 2
	if steps > 1<<30-1<<20 {
		return 0
	}
	return time.Duration(steps) * markStep
}
