package main

import "testing"

func TestProcessors(t *testing.T) {
	for _, c := range []struct{ real, loads, want int }{{1, 8, 2}, {2, 1, 3}, {2, 8, 4}, {8, 8, 16}, {32, 8, 40}} {
		if got := processors(c.real, c.loads); got != c.want {
			t.Errorf("processors(%d, %d) = %d, want %d", c.real, c.loads, got, c.want)
		}
	}
}
