package soak

import "testing"

func TestJudge(t *testing.T) {
	// Version 2 was purged, 3 removed, 4 deletes the row and was purged, 5 is being written.
	history := func() *product {
		p := newLedger(1).product(1)
		p.begin(2, false)
		p.purge(2, false)
		p.begin(3, false)
		p.purge(3, true)
		p.begin(4, true)
		p.purge(4, false)
		p.begin(5, false)
		return p
	}
	for _, c := range []struct {
		name string
		answer
		wrong bool
	}{
		{"the version being written", answer{found: true, version: 5}, false},
		{"a version never written", answer{found: true, version: 6}, true},
		{"the deletion", answer{}, false},
		{"a version purged before", answer{found: true, version: 3}, true},
		{"the same, owned to be stale", answer{found: true, version: 3, staleError: true}, false},
		{"a version removed before, owned to be stale", answer{found: true, version: 2, staleError: true}, true},
		{"the deletion, owned to be stale", answer{staleError: true}, false},
	} {
		p := history()
		if err := p.judge(p.floor(), c.answer); (err != nil) != c.wrong {
			t.Errorf("judge(%s): %v, want an error: %t", c.name, err, c.wrong)
		}
	}
	p := history()
	p.purge(5, false)
	if p.judge(p.floor(), answer{}) == nil {
		t.Error("judge(the deletion, after a later version was purged): nil, want an error")
	}
	if p := newLedger(1).product(1); p.judge(p.floor(), answer{}) == nil {
		t.Error("judge(absent, though never deleted): nil, want an error")
	}
}

func TestPurgeKeepsTheHighestFloor(t *testing.T) {
	p := newLedger(1).product(1)
	p.purge(7, true)
	p.purge(5, true)
	if got, want := p.floor(), (floor{7, 7}); got != want {
		t.Errorf("floor() = %v, want %v", got, want)
	}
}
