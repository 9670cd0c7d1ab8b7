package main

import (
	"fmt"
	"slices"
	"strings"

	"productcache/benchmarks/internal/machine"
)

// header says what was measured, where, and how.
func header(b *bench) string {
	sizes := make([]int, len(b.products))
	for i, p := range b.products {
		sizes[i] = len(p.Body())
	}
	slices.Sort(sizes)
	lines := append(machine.Lines(),
		"load before: "+b.loadBefore,
		"wrk: "+machine.Version("sh", "-c", "wrk -v; true"),
		"mariadb: "+machine.Version("sh", "-c", "PATH=$PATH:/usr/sbin mariadbd --version"))
	for _, s := range b.servers {
		if s.tcp != "" {
			lines = append(lines, s.name+": "+strings.TrimSpace(s.version))
		}
	}
	return strings.Join(append(lines,
		fmt.Sprintf("products: %d, bodies of %d to %d bytes, median %d, 99 %% at most %d", len(sizes), sizes[0], sizes[len(sizes)-1], sizes[len(sizes)/2], sizes[len(sizes)*99/100]),
		fmt.Sprintf("keys: Zipf %.1f, %d drawn; %d connections; fixed rate %.0f products/s", skew, singles, connections, b.rate),
		fmt.Sprintf("rounds: %d, each %v at the peak and %v at the fixed rate", b.rounds, b.duration, b.duration)), "\n")
}
