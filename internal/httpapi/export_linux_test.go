package httpapi

import "math"

// ParkedForTest returns how many connections the loops have.
func (l *Listener) ParkedForTest() (n int) {
	l.loops.mu.Lock()
	defer l.loops.mu.Unlock()
	for _, o := range l.loops.all {
		o.mu.Lock()
		n += len(o.queue)
		o.mu.Unlock()
	}
	return n
}

// ParkingsForTest returns how often a connection was parked.
func (l *Listener) ParkingsForTest() int { return int(l.loops.numbers.Load()) }

// LoopAnswersForTest returns how many requests each loop has answered.
func (l *Listener) LoopAnswersForTest() (all []int) {
	l.loops.mu.Lock()
	defer l.loops.mu.Unlock()
	for _, o := range l.loops.all {
		all = append(all, int(o.load.served.Load()))
	}
	return all
}

// FixLoopsForTest has so many loops serve, whatever would pay.
func (l *Listener) FixLoopsForTest(n int) {
	l.loops.judging.Store(math.MaxInt64)
	l.loops.active.Store(uint32(n))
}
