package cache

// judge remembers for some time how often each shadow has hit.
type judge struct {
	fading float64 // weight of a round against the one after it
	hits   [len(contenders) + 1]float64
	total  float64 // uses
	leader int
}

// judge takes note of a round and returns the contender that leads.
func (j *judge) judge(shadows []*shadow, uses float64) int {
	j.total = j.total*j.fading + uses
	best := 0
	for i, s := range shadows {
		j.hits[i] = j.hits[i]*j.fading + float64(s.hits)
		if i < len(contenders) && j.hits[i] > j.hits[best] {
			best = i
		}
	}
	if j.hits[best] > j.hits[j.leader]+leadRequired*j.total {
		j.leader = best
	}
	return j.leader
}
