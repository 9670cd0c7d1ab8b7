package cache

import "time"

// mark is what befell an entry last, and when: nothing yet (0), that a refresh of
// it was begun, or, and from then on nothing else, that it was invalidated alone.
// Its instant is rounded up to 2 ms and wraps after 49 days: an entry that
// nobody asked for so long may wait for a refresh a little longer, or be taken
// for one invalidated of late.
type mark uint32

const (
	markStep    = 2 * time.Millisecond
	markInvalid = 1 // the lowest bit, else 0

	// unasked is an instant only in name: the entry was loaded by a refresh, and has
	// answered nobody.
	unasked mark = 2
)

func markedAt(at instant) mark { return mark((time.Duration(at)+markStep-1)/markStep) << 1 }

func triedAt(at instant) mark { return max(4, markedAt(at)) }

func invalidatedAt(at instant) mark { return markedAt(at) | markInvalid }

func (m mark) invalid() bool { return m&markInvalid != 0 }

// age is the time since, rounded down, and 0 where now is a little earlier.
func (m mark) age(now instant) time.Duration {
	steps := int64(uint32(time.Duration(now)/markStep<<1)-uint32(m&^markInvalid)) >> 1
	if steps > 1<<31-1<<20 {
		return 0
	}
	return time.Duration(steps) * markStep
}
