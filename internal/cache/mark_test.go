package cache

import (
	"testing"
	"time"
)

// TestMarkAge: rounded down, never negative, and right though the clock has
// wrapped in between.
func TestMarkAge(t *testing.T) {
	const wrap = instant(1<<30) * instant(markStep)
	for _, c := range []struct {
		at, now instant
		want    time.Duration
	}{
		{0, 0, 0},
		{0, instant(10 * time.Second), 10 * time.Second},
		{instant(time.Second), instant(73 * time.Second), 72 * time.Second},
		{1, instant(7 * time.Millisecond), 0},
		{instant(-time.Second), 0, time.Second}, // restored
		{instant(-time.Second) + 1, 0, time.Second - 4*time.Millisecond},
		{1, instant(8 * time.Millisecond), 4 * time.Millisecond},
		{instant(time.Second), instant(time.Second - time.Millisecond), 0},
		{0, instant(40 * 24 * time.Hour), 40 * 24 * time.Hour},
		{wrap - instant(time.Second), wrap + instant(time.Second), 2 * time.Second},
	} {
		if m := invalidatedAt(c.at); m.age(c.now) != c.want || !m.invalid() {
			t.Errorf("invalidated at %d: age at %d = %v, want %v", c.at, c.now, m.age(c.now), c.want)
		}
	}
	for _, at := range []instant{0, 1, wrap, instant(time.Hour)} {
		if m := triedAt(at); m == 0 || m.invalid() || m.age(at+instant(time.Minute)) < time.Minute-2*markStep {
			t.Errorf("tried at %d: mark %d, age a minute later %v", at, m, m.age(at+instant(time.Minute)))
		}
		f := failedAt(at)
		if f.invalid() || f == unasked || !f.failedSince(at+instant(time.Second/2), time.Second) || f.failedSince(at+instant(2*time.Second), time.Second) || triedAt(at).failedSince(at, time.Second) {
			t.Errorf("failed at %d: mark %d does not tell it for a second", at, f)
		}
	}
}
