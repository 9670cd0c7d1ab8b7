package cache

import "math"

// judge remembers for some time how often each shadow has hit.
type judge struct {
	fading float64 // weight of a round against the one after it
	hits   [follower + 1]float64
	uses   float64
	leader int // a contender
}

const (
	quickFading  = 0.8
	slowFading   = 0.98
	leadRequired = 0.003 // hits more a use, before another plan is taken
	chance       = 0.5   // times the root of the uses: what hits differ by without a reason
)

// judge takes note of a round and returns the contender that leads.
func (j *judge) judge(shadows []*shadow, uses int) int {
	j.uses = j.uses*j.fading + float64(uses)
	for i, s := range shadows {
		j.hits[i] = j.hits[i]*j.fading + float64(s.hits)
	}
	best := 0
	for i := range contenders {
		if j.hits[i] > j.hits[best] {
			best = i
		}
	}
	if j.leads(best, j.leader) {
		j.leader = best
	}
	return j.leader
}

// leads reports whether one shadow has hit so much more often than another that
// it counts, and is unlikely to be chance.
func (j *judge) leads(one, other int) bool {
	return j.hits[one] > j.hits[other]+max(leadRequired*j.uses, chance*math.Sqrt(j.uses))
}
