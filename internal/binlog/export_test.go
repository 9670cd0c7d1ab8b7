package binlog

import "time"

// LimitsForTest changes how long a follower waits for signs of life, and at most
// before another attempt. It must be called before Run.
func (f *Follower) LimitsForTest(silence, maxPause time.Duration) {
	f.limits = limits{silence, maxPause}
}
