package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"productcache/benchmarks/internal/child"
)

// requireVariable names the environment variable that forbids to skip where PHP, memcached or Redis is missing.
const requireVariable = "PRODUCTCACHE_TEST_REQUIRE_PHP"

// missing says what this machine lacks for a run; "" if nothing.
func missing(t *testing.T) string {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	for _, program := range []string{"php", "memcached", "redis-server"} {
		if _, err := exec.LookPath(program); err != nil {
			return err.Error()
		}
	}
	if _, err := fpmProgram(); err != nil {
		return err.Error()
	}
	modules, err := exec.Command("php", "-m").Output()
	if err != nil {
		return err.Error()
	}
	for _, extension := range []string{"mysqli", "memcached", "redis", "apcu", "curl", "Zend OPcache"} {
		if !strings.Contains(string(modules), "\n"+extension+"\n") {
			return "PHP has no extension " + extension
		}
	}
	return ""
}

// TestSmoke is a whole run in short: every way gets its products, all alike, and the reports are written. It
// judges no time.
func TestSmoke(t *testing.T) {
	if lack := missing(t); lack != "" {
		if os.Getenv(requireVariable) != "" {
			t.Fatalf("%s: `make deps-bench-php` installs it", lack)
		}
		t.Skipf("SKIPPED, the benchmarks of PHP are not tested: %s: `make deps-bench-php` installs it", lack)
	}
	runtime.LockOSThread() // see main
	defer runtime.UnlockOSThread()
	folder := t.TempDir()
	program, err := child.Build(folder)
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	o := &options{rounds: 1, duration: 20 * time.Millisecond, calls: 4 * pageSize, products: 50, results: folder, program: program, root: root, retry: 20 * time.Millisecond, progress: io.Discard}
	if err := run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	raw, md := read(t, folder, "php.txt"), read(t, folder, "php.md")
	for _, s := range callStores {
		if !strings.Contains(raw, "part=calls store="+s.name+" products=24 round=4 ") {
			t.Errorf("php.txt has no calls of %s", s.name)
		}
	}
	for _, s := range pageStores {
		if !strings.Contains(raw, "part=pages workers=16 products=24 way="+s.name+" round=1 ") {
			t.Errorf("php.txt has no pages of %s", s.name)
		}
	}
	for _, part := range []string{"## Wanted", "## Calls", "## Pages", "## OpenCart's product page", "## With the service dead"} {
		if !strings.Contains(md, "\n"+part+"\n") {
			t.Errorf("php.md has no part %q", part)
		}
	}
	for line := range strings.Lines(raw) {
		hit := strings.HasPrefix(line, "part=pages") && strings.Contains(line, "way=client-")
		if hit && !strings.Contains(line, " mysql-selects=0.00 ") {
			t.Errorf("a hit that asked MySQL: %s", line)
		}
		// Pages find the connections of the pages before: where streams are used there are no new ones.
		if hit && strings.Contains(line, "way=client-stream") && !strings.Contains(line, " new=0\n") {
			t.Errorf("connections did not live: %s", line)
		}
	}
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
