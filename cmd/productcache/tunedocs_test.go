package main

import (
	"os/exec"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// TestTuneCurl runs the commands of operations.md on tuning as they are written,
// but for the address.
func TestTuneCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatalf("%v: `make deps-curl` installs it", err)
	}
	_, flags := shop(t, mysqltest.MariaDB(t))
	r := start(t, append(flags, "-table", "products")...)
	r.await("ready", r.isReady)
	r.get("/v1/products/1")
	_, section, _ := strings.Cut(pages(t)["docs/operations.md"], "## Tune\n")
	section, _, _ = strings.Cut(section, "\n## ")
	script := "set -e\n"
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "    ") {
			script += line
		}
	}
	script = strings.ReplaceAll(script, "http://127.0.0.1:8081", r.admin)
	out, err := exec.CommandContext(t.Context(), "bash", "-c", script).Output()
	if err != nil {
		t.Fatalf("%v in\n%s", err, script)
	}
	for _, want := range []string{
		`{"name":"cache-bytes","value":"256MiB","default":"256MiB","source":"default","runtime":true,`,
		`{"changed":[{"name":"cache-bytes","old":"256MiB","new":"64MiB"},{"name":"ttl","old":"5m0s","new":"10m0s"}]}`,
		"-cache-bytes=64MiB\n", "-ttl=10m0s\n", `productcache_sizing_hit_ratio{size="double"} `,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the commands print no %s:\n%s", want, out)
		}
	}
}
