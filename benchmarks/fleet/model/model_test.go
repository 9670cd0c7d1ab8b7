package model_test

import (
	"math"
	"testing"

	"productcache/benchmarks/fleet/model"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within*want {
		t.Errorf("%s: %.3f, want %.3f", what, got, want)
	}
}

// TestOneKey: what can be counted on paper.
func TestOneKey(t *testing.T) {
	f := model.Fleet{Nodes: 10, Keys: 1, Requests: 1000, TTL: 10, Horizon: 100_000, Seed: 1, Samples: 1}
	r := f.Run()
	near(t, "each node reads once a lifetime", r.MySQL, 10/(10+0.001), 0.01)
	near(t, "hits", r.HitRatio, 1-r.MySQL/10_000, 1e-9)
	f.Tier = true
	r = f.Run()
	near(t, "one node reads once a lifetime", r.MySQL, 1/(10+0.0001), 0.01)
	near(t, "all ask", r.Tier, 10*r.MySQL, 0.01)
	near(t, "and all others get it", r.TierHits, 0.9, 0.01)
	f.Changes = 1 // and lives a second, then: each change finds it loaded
	r = f.Run()
	near(t, "once a change, or a lifetime", r.MySQL, 1/(1-math.Exp(-10)), 0.02)
}

// TestRestarts: what a node that starts anew has lost, it has from the second tier.
func TestRestarts(t *testing.T) {
	f := model.Fleet{Nodes: 4, Keys: 1, Requests: 1000, TTL: 1e9, Horizon: 100_000, Restarts: 0.01, Seed: 1, Samples: 1}
	near(t, "each restart is a read", f.Run().MySQL, 0.04, 0.1)
	f.Tier = true
	if r := f.Run(); r.MySQL != 0 {
		t.Errorf("%v reads a second, want none", r.MySQL)
	}
}

// TestSame: the same seed says the same, and few bins nearly what many do.
func TestSame(t *testing.T) {
	f := model.Fleet{Nodes: 8, Keys: 20_000, Skew: 1, Requests: 500, TTL: 60, Jitter: 0.1, Changes: 5, Restarts: 1e-4, Tier: true, Horizon: 600, Seed: 3, Samples: 3}
	one, two := f.Run(), f.Run()
	if one != two {
		t.Errorf("%+v, and then %+v", one, two)
	}
	f.Bins = 1000
	many := f.Run()
	near(t, "MySQL", one.MySQL, many.MySQL, 0.05)
	near(t, "tier", one.Tier, many.Tier, 0.05)
}

// TestNothingIsLost: what memory misses is asked for, and what the tier misses is read.
func TestNothingIsLost(t *testing.T) {
	r := model.Fleet{Nodes: 5, Keys: 1000, Skew: 0.8, Requests: 100, TTL: 30, Jitter: 0.2, Changes: 1, Tier: true, Horizon: 300, Seed: 1}.Run()
	near(t, "misses", r.Tier, r.Requests*(1-r.HitRatio), 1e-9)
	near(t, "reads", r.MySQL, r.Tier*(1-r.TierHits), 1e-9)
}
