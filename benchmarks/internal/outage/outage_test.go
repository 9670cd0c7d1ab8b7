package outage_test

import (
	"testing"
	"testing/synctest"
	"time"

	"productcache/benchmarks/internal/outage"
)

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l outage.Log
		expect := func(what string, away, excuses bool, count int) {
			t.Helper()
			if l.Away() != away || l.Excuses(time.Now()) != excuses || l.Count() != count {
				t.Errorf("%s: away %t, excuses %t, count %d; want %t, %t, %d", what, l.Away(), l.Excuses(time.Now()), l.Count(), away, excuses, count)
			}
		}
		first := time.Now()
		expect("at first", false, false, 0)
		if l.Overlaps(first) {
			t.Error("Overlaps() before an outage: true")
		}
		l.Begin()
		if !l.Overlaps(time.Now()) {
			t.Error("Overlaps(now) in an outage: false")
		}
		expect("in an outage", true, true, 1)
		time.Sleep(time.Second)
		l.End()
		expect("just after", false, true, 1)
		if !l.Overlaps(first) || l.Overlaps(time.Now()) {
			t.Errorf("just after, Overlaps(): %t for what began before, %t for what begins; want true, false", l.Overlaps(first), l.Overlaps(time.Now()))
		}
		time.Sleep(outage.Recovery)
		expect("when all has recovered", false, false, 1)
		l.Begin()
		l.End()
		expect("the second time", false, true, 2)
	})
}
