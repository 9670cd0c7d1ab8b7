// Package racetest is about tests that run without the race detector.
package racetest

import "testing"

// Skip skips a test under the race detector. It is for tests in which nothing runs at the same time, and which the detector makes five
// times as slow, or which measure memory, of which it takes its own: `make test` runs them by themselves (WITHOUT_RACE).
func Skip(t *testing.T) {
	t.Helper()
	if detects {
		t.Skip("nothing runs at the same time in it: make test runs it without the race detector")
	}
}
