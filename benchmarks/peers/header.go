package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// header says what was measured, where, and how.
func header(b *bench) string {
	sizes := make([]int, len(b.products))
	for i, p := range b.products {
		sizes[i] = len(p.Body())
	}
	slices.Sort(sizes)
	lines := []string{
		"commit: " + commit(),
		"go: " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		"kernel: " + output("uname", "-sr"),
		fmt.Sprintf("processors: %d × %s", runtime.NumCPU(), field("/proc/cpuinfo", "model name")),
		"memory: " + field("/proc/meminfo", "MemTotal"),
		"load before: " + b.loadBefore,
		"wrk: " + version("sh", "-c", "wrk -v; true"),
		"mariadb: " + version("sh", "-c", "PATH=$PATH:/usr/sbin mariadbd --version"),
	}
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

// commit is the measured commit; results do not make it dirty.
func commit() string {
	c := output("git", "rev-parse", "--short=12", "HEAD")
	if exec.Command("git", "diff", "--quiet", "HEAD", "--", ".", ":!benchmarks/results").Run() != nil {
		c += "-dirty"
	}
	return c
}

func output(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return "unknown: " + err.Error()
	}
	return strings.TrimSpace(string(out))
}

// field returns the first value of a name in a file of /proc.
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if n, value, ok := strings.Cut(in.Text(), ":"); ok && strings.TrimSpace(n) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
