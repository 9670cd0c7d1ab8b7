package ledger

import "testing"

func TestJudge(t *testing.T) {
	// Version 2 was purged, 3 removed, 4 deletes the row and was purged, 5 is being written.
	history := func() *Product {
		p := New(1).Product(1)
		p.Begin(2, false)
		p.Purge(2, false)
		p.Begin(3, false)
		p.Purge(3, true)
		p.Begin(4, true)
		p.Purge(4, false)
		p.Begin(5, false)
		return p
	}
	for _, c := range []struct {
		name string
		Answer
		wrong bool
	}{
		{"the version being written", Answer{Found: true, Version: 5}, false},
		{"a version never written", Answer{Found: true, Version: 6}, true},
		{"the deletion", Answer{}, false},
		{"a version purged before", Answer{Found: true, Version: 3}, true},
		{"the same, owned to be stale", Answer{Found: true, Version: 3, StaleError: true}, false},
		{"a version removed before, owned to be stale", Answer{Found: true, Version: 2, StaleError: true}, true},
		{"the deletion, owned to be stale", Answer{StaleError: true}, false},
	} {
		p := history()
		if err := p.Judge(p.Floor(), c.Answer); (err != nil) != c.wrong {
			t.Errorf("judge(%s): %v, want an error: %t", c.name, err, c.wrong)
		}
	}
	p := history()
	p.Purge(5, false)
	if p.Judge(p.Floor(), Answer{}) == nil {
		t.Error("judge(the deletion, after a later version was purged): nil, want an error")
	}
	if p := New(1).Product(1); p.Judge(p.Floor(), Answer{}) == nil {
		t.Error("judge(absent, though never deleted): nil, want an error")
	}
}

func TestPurgeKeepsTheHighestFloor(t *testing.T) {
	p := New(1).Product(1)
	p.Purge(7, true)
	p.Purge(5, true)
	if got, want := p.Floor(), (Floor{7, 7}); got != want {
		t.Errorf("floor() = %v, want %v", got, want)
	}
}
