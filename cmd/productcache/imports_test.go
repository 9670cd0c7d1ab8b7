package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says which packages of ours a package may import; those not named
// may import none.
var mayImport = map[string][]string{
	"cmd/productcache":            {"internal/admin", "internal/binlog", "internal/cache", "internal/catalog", "internal/document", "internal/httpapi", "internal/problem", "internal/snapshot", "internal/store", "internal/tier"},
	"cmd/demo":                    {"internal/demoshop", "internal/mysqltest", "internal/phpserver"},
	"internal/admin":              {"internal/cache", "internal/problem"},
	"internal/httpapi":            {"internal/cache", "internal/document", "internal/problem"},
	"internal/store":              {"internal/catalog", "internal/document"},
	"internal/binlog":             {"internal/catalog"},
	"benchmarks/hammer":           {"benchmarks/internal/outage", "internal/binlog", "internal/cache", "internal/catalog", "internal/document", "internal/mysqltest", "internal/store"},
	"benchmarks/peers":            {"benchmarks/internal/child", "benchmarks/internal/machine", "benchmarks/peers/load", "internal/document", "internal/mysqltest"},
	"benchmarks/php":              {"benchmarks/internal/child", "benchmarks/internal/machine", "benchmarks/peers/load", "internal/demoshop", "internal/mysqltest"},
	"internal/faults":             {},
	"internal/redistest":          {},
	"internal/tier":               {},
	"benchmarks/internal/ledger":  {},
	"benchmarks/fleet":            {},
	"benchmarks/fleet/model":      {},
	"benchmarks/faults":           {"benchmarks/internal/child", "benchmarks/internal/ledger", "benchmarks/internal/machine", "benchmarks/internal/outage", "benchmarks/peers/load", "internal/faults", "internal/mysqltest"},
	"benchmarks/peers/load":       {},
	"internal/alloc":              {},
	"internal/cache":              {"internal/alloc"},
	"internal/catalog":            {},
	"internal/document":           {"internal/alloc"},
	"internal/problem":            {},
	"internal/snapshot":           {},
	"internal/demoshop":           {},
	"internal/mysqltest":          {},
	"internal/racetest":           {},
	"internal/chromium":           {},
	"internal/phpserver":          {},
	"benchmarks":                  {},
	"benchmarks/internal/child":   {},
	"benchmarks/internal/machine": {},
	"benchmarks/internal/outage":  {},
	"deploy/backup":               {},
	"docs/catalogs":               {},
	"docs/php":                    {},
	"deploy/systemd":              {},
	"clients/php":                 {},
	"clients/php/storefront":      {},
}

// onlyIn says who may import what is not ours, tests aside.
var onlyIn = map[string][]string{
	"github.com/go-sql-driver/mysql":               {"internal/store", "internal/mysqltest", "internal/demoshop", "cmd/demo", "benchmarks/faults"},
	"net/http":                                     {"cmd/productcache", "cmd/demo", "internal/admin", "internal/httpapi", "internal/problem", "benchmarks/internal/child", "benchmarks/peers", "benchmarks/php", "benchmarks/faults"},
	"github.com/redis/rueidis":                     {"internal/tier"},
	"github.com/hashicorp/golang-lru/v2/simplelru": {"internal/cache"},
	"golang.org/x/sync/singleflight":               {"internal/cache"},
	"github.com/goccy/go-yaml":                     {"internal/catalog"},
	"github.com/coreos/go-systemd/v22/activation":  {"cmd/productcache"},
	"github.com/coreos/go-systemd/v22/daemon":      {"cmd/productcache"},
	"github.com/dolthub/vitess/go/mysql":           {"internal/binlog"},
	"golang.org/x/sys/unix":                        {"cmd/productcache", "internal/httpapi"},
}

// TestImports holds the architecture: the tree is the diagram.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "productcache/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		from := strings.TrimPrefix(fields[0], "productcache/")
		allowed, known := mayImport[from]
		if !known {
			t.Errorf("package %s has no place in mayImport", from)
		}
		for _, path := range fields[1:] {
			if to, ours := strings.CutPrefix(path, "productcache/"); ours && !slices.Contains(allowed, to) {
				t.Errorf("%s must not import %s", from, to)
			}
			if users, ruled := onlyIn[path]; ruled && !slices.Contains(users, from) {
				t.Errorf("%s must not import %s", from, path)
			}
		}
	}
}
