package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"
)

// TestCrowding: a lookup whose queries MySQL does not end leaves half of the slots to others.
func TestCrowding(t *testing.T) {
	for _, tt := range []struct {
		slots   int
		orphans []string
		lookup  string
		refused bool
	}{
		{8, []string{"slow", "slow", "slow"}, "slow", false},
		{8, []string{"slow", "slow", "slow", "slow"}, "slow", true},
		{8, []string{"slow", "slow", "slow", "slow"}, "quick", false},
		{8, []string{"slow", "other", "other", ours}, "slow", true},
		{8, []string{"other", "other", ours, ours}, ours, false},
		{4, []string{"slow", "slow"}, "slow", true},
		{3, []string{"slow", "slow"}, "slow", false},
	} {
		s := &Store{slots: make(chan struct{}, tt.slots)}
		s.abandoned = newAbandoned(s)
		for _, lookup := range tt.orphans {
			s.abandoned.queries[&orphan{lookup: lookup}] = struct{}{}
		}
		// One that is let through meets a context that is done.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range tt.slots {
			s.slots <- struct{}{}
		}
		s.gate = newGate(nil, func(movement) {})
		err := s.attempt(ctx, tt.lookup, func(*sql.Conn) error { t.Error("a query was sent"); return nil })
		if want := map[bool]error{true: errCrowding, false: context.Canceled}[tt.refused]; !errors.Is(err, want) {
			t.Errorf("%d slots, abandoned %q: a load of %q = %v, want %v", tt.slots, tt.orphans, tt.lookup, err, want)
		}
	}
}
