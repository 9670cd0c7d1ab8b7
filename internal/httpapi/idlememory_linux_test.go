//go:build !race

package httpapi_test

import (
	"runtime"
	"testing"
)

// TestIdleConnectionsTakeLittle: 5,000 connections, or as many as the limit of descriptors lets a client and a
// server have.
func TestIdleConnectionsTakeLittle(t *testing.T) {
	l := openLooped(t, "unix", nil)
	n := min(5000, (fileLimit(t)-500)/2)
	grown := func() (bytes int64) {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapInuse + m.StackInuse)
	}
	l.dial(t)
	goroutines, before := runtime.NumGoroutine(), grown()
	for range n {
		l.dial(t)
	}
	// What the client takes is in it.
	if each := (grown() - before) / int64(n); each > 2500 || runtime.NumGoroutine() > goroutines+10 {
		t.Errorf("each of %d takes %d bytes, %d more goroutines", n, each, runtime.NumGoroutine()-goroutines)
	} else {
		t.Logf("each of %d takes %d bytes with its client", n, each)
	}
}
