package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"productcache/internal/mysqltest"
)

func TestProcessors(t *testing.T) {
	for _, c := range []struct{ real, loads, want int }{{1, 8, 2}, {2, 1, 3}, {2, 8, 4}, {8, 8, 16}, {32, 8, 40}} {
		if got := processors(c.real, c.loads); got != c.want {
			t.Errorf("processors(%d, %d) = %d, want %d", c.real, c.loads, got, c.want)
		}
	}
}

// TestServiceIsTuned: the scheduler and the collector are, once the service runs.
func TestServiceIsTuned(t *testing.T) {
	for _, name := range []string{"GOMAXPROCS", "GOGC"} {
		if _, ok := os.LookupEnv(name); ok {
			t.Skip(name + " is in the environment, which goes before")
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	runtime.SetDefaultGOMAXPROCS()
	want := processors(runtime.GOMAXPROCS(0), 8)
	_, flags := shop(t, mysqltest.MariaDB(t))
	start(t, append(flags, "-table", "products", "-mysql-max-conns", "8")...)
	if got := runtime.GOMAXPROCS(0); got != want {
		t.Errorf("GOMAXPROCS is %d, want %d", got, want)
	}
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	if metrics.Read(s); s[0].Value.Uint64() == 100 {
		t.Error("GOGC is 100, Go's own")
	}
}
