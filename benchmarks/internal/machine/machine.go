// Package machine says on what a benchmark was run: the machine, the programs and the commit.
package machine

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// Lines returns what every report begins with.
func Lines() []string {
	return []string{
		"commit: " + Commit(),
		"go: " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		"kernel: " + output("uname", "-sr"),
		fmt.Sprintf("processors: %d × %s", runtime.NumCPU(), field("/proc/cpuinfo", "model name")),
		"memory: " + field("/proc/meminfo", "MemTotal"),
	}
}

// Commit is the measured commit; results do not make it dirty.
func Commit() string {
	c := output("git", "rev-parse", "--short=12", "HEAD")
	if exec.Command("git", "diff", "--quiet", "HEAD", "--", ".", ":!benchmarks/results").Run() != nil {
		c += "-dirty"
	}
	return c
}

// Version returns what a program says of its version, shortened to the number where it has one.
func Version(program string, args ...string) string {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		return "unknown: " + err.Error()
	}
	if number := regexp.MustCompile(`[0-9]+\.[0-9]+[-.+~0-9a-z]*`).FindString(string(out)); number != "" {
		return number
	}
	return strings.TrimSpace(string(out))
}

// Load returns the load averages of the last 1, 5 and 15 minutes.
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// MemoryFolder is where temporary files cost no disk.
func MemoryFolder() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return os.TempDir()
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
