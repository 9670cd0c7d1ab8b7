package cache

import "testing"

// TestCensusGrows: what was known before is known all the while.
func TestCensusGrows(t *testing.T) {
	c := newCensus()
	c.fit(17)
	for range 200 {
		c.tick()
	}
	c.bury(1, 9, true)
	c.fit(33)
	if c.counts.old == nil || c.graves.old == nil {
		t.Fatal("all has moved at once")
	}
	for range 10 {
		if n := c.estimate(1); n != 9 {
			t.Errorf("with %d slots moved: counted %d, want 9", c.counts.moved, n)
		}
		c.counts.step()
	}
	if c.counts.old != nil {
		t.Error("the old counts are kept")
	}
	if !c.forgive(1) || c.forgive(1) || c.forgive(2) {
		t.Error("want 1 forgiven once and 2 not")
	}
}

// TestCountsAreHalvedByEra, in the census and in an entry alike.
func TestCountsAreHalvedByEra(t *testing.T) {
	c := newCensus()
	c.bury(1, 13, false)
	r := rank{count: 13}
	for _, want := range []uint8{13, 6, 3, 1, 0, 0} {
		if n := c.estimate(1); n != want {
			t.Errorf("era %d: counted %d, want %d", c.era, n, want)
		}
		if n := c.read(&r); n != want {
			t.Errorf("era %d: the entry's count is %d, want %d", c.era, n, want)
		}
		for range usesPerMember * c.members {
			c.tick()
		}
	}
}
