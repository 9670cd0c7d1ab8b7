package cache

// table is an array that is indexed by hash and grows a little at a time: what
// is known moves on with each step, so that no caller pays for all of it.
type table[T any] struct {
	slots []T // a power of two of them
	old   []T // half as many, until all of slots are moved; nil: they are
	moved int // so many of slots are right; for the others that of old is
}

// stepLength is how many slots move in one step.
const stepLength = 8

// grow makes room for n slots, a power of two.
func (t *table[T]) grow(n int) {
	for t.old != nil {
		t.step()
	}
	t.old, t.slots, t.moved = t.slots, make([]T, n), 0
	if len(t.old) == 0 {
		t.old, t.moved = nil, n
	}
}

// step moves some slots, if any are to be moved. Since a longer index ends in the
// shorter one, the same old slot becomes several.
func (t *table[T]) step() {
	if t.old == nil {
		return
	}
	for range stepLength {
		t.slots[t.moved] = t.old[t.moved&(len(t.old)-1)]
		if t.moved++; t.moved == len(t.slots) {
			t.old = nil
			return
		}
	}
}

// at returns the slot of a hash.
func (t *table[T]) at(hash uint64) *T {
	if at := int(hash & uint64(len(t.slots)-1)); at < t.moved {
		return &t.slots[at]
	}
	return &t.old[hash&uint64(len(t.old)-1)]
}
