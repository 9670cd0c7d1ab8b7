//go:build !race

package httpapi_test

import (
	"net/http"
	"testing"
)

// The race detector allocates on its own, and empties pools at random.

func TestHitsStayWithinTheirAllocationBudget(t *testing.T) {
	s := open(t, func(set *settings) { set.api.Observe = nil })
	for _, h := range hits {
		t.Run(h.name, func(t *testing.T) {
			w, r := &sink{header: make(http.Header)}, newRequest(h.target, h.header)
			s.ServeHTTP(w, r)
			s.ServeHTTP(w, r)
			if w.status != h.status {
				t.Fatalf("status = %d, want %d", w.status, h.status)
			}
			if got := testing.AllocsPerRun(200, func() { s.ServeHTTP(w, r) }); got > h.budget {
				t.Errorf("%v allocations, want at most %v", got, h.budget)
			}
		})
	}
}
