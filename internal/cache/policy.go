package cache

import "fmt"

// Eviction names a rule by which values are evicted.
type Eviction string

// The rules. A value that has just been stored stands in a window; which share
// of a shard that is, and what it takes to stay beyond it, makes the rule.
const (
	EvictAdaptive Eviction = "adaptive" // the one of several, these and others, that would hit most often now
	EvictLRU      Eviction = "lru"      // least recently used
	Evict2Q       Eviction = "2q"       // stays what was asked for twice
	EvictTinyLFU  Eviction = "tinylfu"  // tiny window; stays what is asked for most often
)

// Validate reports a name that is none.
func (e Eviction) Validate() error {
	if _, ok := plans[e]; !ok && e != EvictAdaptive {
		return fmt.Errorf("eviction must be adaptive, lru, 2q or tinylfu, not %q", string(e))
	}
	return nil
}

// plan is what the rules differ in. Three queues stand behind one another. What has
// just been stored is in the window. What leaves the window goes on probation if
// its count is higher than that of the oldest there, which leaves the cache for it;
// else it leaves itself. What is used on probation may become protected.
type plan struct {
	window  float64 // share of the entries that stand in the window
	promote bool    // a second hit, or one soon after eviction, leads out of the window
	protect bool    // what is hit in probation is protected from those that come after
	margin  uint8   // so much higher must the count be: a loop does not flush itself
}

var (
	recent   = &plan{window: 1}
	twice    = &plan{window: 0.1, promote: true}
	frequent = &plan{window: 0.01, promote: true, protect: true, margin: 1}
	balanced = &plan{window: 0.1, promote: true, protect: true, margin: 1}
	wide     = &plan{window: 0.25, promote: true, protect: true, margin: 1}
	steady   = &plan{window: 0.01, margin: 3} // gains where nearly everything else is lost: in a loop
)

// plans are the fixed rules.
var plans = map[Eviction]*plan{EvictLRU: recent, Evict2Q: twice, EvictTinyLFU: frequent}

// contenders are what EvictAdaptive chooses from; it begins with the first.
var contenders = [...]*plan{balanced, frequent, twice, wide, recent, steady}

// protectedShare is how much of what is outside the window may be protected.
const protectedShare = 0.8
