// Package model says what a fleet of nodes asks of MySQL and of the second tier: a simulation in virtual time, seeded, so that it says the
// same each time.
//
// Keys are asked for by a Zipf law, each at random times (a Poisson process) on each node. Every node's memory has room for all that
// it is asked for, so that a value leaves it only when its lifetime is over, when it is changed, or when the node starts anew. It is
// then asked for from the second tier, if there is one, and from MySQL where that has no younger value either.
//
// Keys do not act on one another, so that each is simulated alone: those of the same rank, or nearly so, by one of them.
package model

import (
	"container/heap"
	"math"
	"math/rand/v2"
)

// Fleet is what is simulated. All fields but those that say so are required. Rates are per second, times in seconds.
type Fleet struct {
	Nodes    int
	Keys     int
	Skew     float64 // of the Zipf law: 0 is all alike
	Requests float64 // of each node
	TTL      float64
	Jitter   float64 // lifetimes in memory are shorter by up to this share; in the second tier by all of it
	Changes  float64 // of all keys together, each told to all nodes; 0: none
	Restarts float64 // of each node, whose memory is empty then; 0: none
	Tier     bool
	Horizon  float64 // how long is looked at, after as long a time to warm up
	Seed     uint64
	Bins     int // ranks that are simulated; 0: 200
	Samples  int // keys of each; 0: so many that they are 100 on all nodes together, at least
}

// Result is rates a second, and a share.
type Result struct {
	Requests float64
	HitRatio float64 // of requests answered from a node's memory
	Tier     float64 // keys asked for in the second tier
	TierHits float64 // share of those that it had
	MySQL    float64 // keys read from MySQL
}

// Run simulates.
func (f Fleet) Run() (r Result) {
	bins := f.Bins
	if bins == 0 {
		bins = 200
	}
	samples := f.Samples
	if samples == 0 {
		samples = 1 + 99/f.Nodes
	}
	total := 0.0
	for rank := 1; rank <= f.Keys; rank++ {
		total += math.Pow(float64(rank), -f.Skew)
	}
	r.Requests = f.Requests * float64(f.Nodes)
	for first, bin := 1, 0; first <= f.Keys; bin++ {
		// Ranks of a bin differ by a factor that is the same for all bins.
		last := max(first, int(float64(first)*math.Pow(float64(f.Keys), 1/float64(bins))))
		last = min(last, f.Keys)
		share := 0.0
		for rank := first; rank <= last; rank++ {
			share += math.Pow(float64(rank), -f.Skew)
		}
		n := float64(last - first + 1)
		for sample := range samples {
			k := key{fleet: f, rate: f.Requests * share / total / n, random: rand.New(rand.NewPCG(f.Seed, uint64(bin*samples+sample)))}
			k.run()
			each := n / float64(samples) / f.Horizon
			r.Tier += each * k.asked
			r.TierHits += each * k.had
			r.MySQL += each * k.read
			r.HitRatio += each * k.missed
		}
		first = last + 1
	}
	r.HitRatio = 1 - r.HitRatio/r.Requests
	if r.Tier > 0 {
		r.TierHits /= r.Tier
	}
	return r
}

// key is one key on all nodes.
type key struct {
	fleet  Fleet
	rate   float64 // requests on one node
	random *rand.Rand
	loaded float64 // when what the second tier has was read; -Inf: it has nothing

	missed, asked, had, read float64
}

// event is a time at which something may be to be done for a node: it is asked for the key and has no value. Node -1 is a change.
type event struct {
	at   float64
	node int
	of   int // what of the node it is: an older one does not count any more
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

func (k *key) run() {
	f := k.fleet
	k.loaded = math.Inf(-1)
	queue := &events{}
	of := make([]int, f.Nodes)
	for node := range f.Nodes {
		heap.Push(queue, event{k.after(0, k.rate), node, 0})
	}
	changes, restarts := f.Changes/float64(f.Keys), f.Restarts*float64(f.Nodes)
	heap.Push(queue, event{k.after(0, changes), -1, 0})
	heap.Push(queue, event{k.after(0, restarts), -2, 0})
	for queue.Len() > 0 {
		e := heap.Pop(queue).(event)
		if e.at > 2*f.Horizon {
			return
		}
		switch {
		case e.node == -1: // all are told
			k.loaded = math.Inf(-1)
			for node := range f.Nodes {
				of[node]++
				heap.Push(queue, event{k.after(e.at, k.rate), node, of[node]})
			}
			heap.Push(queue, event{k.after(e.at, changes), -1, 0})
		case e.node == -2:
			node := k.random.IntN(f.Nodes)
			of[node]++
			heap.Push(queue, event{k.after(e.at, k.rate), node, of[node]})
			heap.Push(queue, event{k.after(e.at, restarts), -2, 0})
		case e.of == of[e.node]:
			expires := k.miss(e.at)
			heap.Push(queue, event{k.after(expires, k.rate), e.node, e.of})
		}
	}
}

// after is when something next happens that does so with a rate.
func (k *key) after(at, rate float64) float64 {
	if rate <= 0 {
		return math.Inf(1)
	}
	return at + k.random.ExpFloat64()/rate
}

// miss is a request that a node's memory cannot answer. It returns when what it gets is over.
func (k *key) miss(at float64) (expires float64) {
	f := k.fleet
	counts := 0.0
	if at > f.Horizon {
		counts = 1
	}
	k.missed += counts
	read := at
	if f.Tier {
		k.asked += counts
		if at-k.loaded < f.TTL*(1-f.Jitter) {
			k.had += counts
			read = k.loaded
		} else {
			k.read += counts
			k.loaded = at
		}
	} else {
		k.read += counts
	}
	return max(at, read+f.TTL*(1-f.Jitter*k.random.Float64()))
}
