// Package benchmarks answers the questions of its README.md with measurements: against the
// database without a cache, a map with a mutex, and a bound that leaves the work out.
package benchmarks

import (
	"fmt"
	"os"
	"testing"

	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) {
	// As a child, the test binary is one of the yardsticks behind HTTP.
	if name := os.Getenv(yardstickVariable); name != "" {
		if err := serveYardstick(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if size := os.Getenv(heapVariable); size != "" {
		if err := serveHeap(size); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(mysqltest.Main(m))
}
