package httpapi

import "time"

// work is what all loops have done.
type work struct {
	busy   time.Duration
	served uint64 // requests
}

const (
	paceInterval = 50 * time.Millisecond // between two decisions
	fullyBusy    = 0.9                   // share of the time, from which one loop more may pay
	hardlyBusy   = 0.7                   // share of the time, below which one loop less will do
	leastGain    = 1.15                  // requests with one loop more against those before
	shortestRest = time.Second           // between two trials of one more, doubled while they fail
	longestRest  = time.Minute
)

// pace decides how many loops serve. Fewer find more requests at each look, and wake
// up less often; so one more stays only if clearly more requests are answered with it.
type pace struct {
	loops, most int
	since       time.Duration // when the interval under way began
	then        work          // what had been done then
	before      float64       // requests a second before the trial under way, 0 if none is
	settling    bool          // it began with this interval, in which connections move
	notBefore   time.Duration // when the next trial may begin
	rest        time.Duration // to be taken if it fails
}

func newPace(most int) pace { return pace{loops: 1, most: most, rest: shortestRest} }

// judge ends an interval and returns how many loops are to serve from now on.
func (p *pace) judge(now time.Duration, done work) int {
	took := (now - p.since).Seconds()
	rate, busy := float64(done.served-p.then.served)/took, (done.busy-p.then.busy).Seconds()/took
	p.since, p.then = now, done
	switch {
	case p.settling:
		p.settling = false
	case p.before > 0:
		p.judgeTrial(now, rate)
	case p.loops > 1 && busy < hardlyBusy*float64(p.loops-1):
		p.loops--
	case p.loops < p.most && busy >= fullyBusy*float64(p.loops) && now >= p.notBefore:
		p.loops++
		p.before, p.settling = rate, true
	}
	return p.loops
}

func (p *pace) judgeTrial(now time.Duration, rate float64) {
	if rate >= leastGain*p.before {
		p.rest = shortestRest
	} else {
		p.loops--
		p.notBefore = now + p.rest
		p.rest = min(2*p.rest, longestRest)
	}
	p.before = 0
}
