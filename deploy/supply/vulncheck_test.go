package supply_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// vulnerability is one of every version of a module, in its symbol.
type vulnerability struct{ module, pkg, symbol string }

// database writes a database of vulnerabilities, GO-2099-0001 or none, into a
// folder, as https://go.dev/doc/security/vuln/database has it.
func database(t *testing.T, found ...vulnerability) string {
	t.Helper()
	const modified, id = "2099-01-01T00:00:00Z", "GO-2099-0001"
	folder, modules := t.TempDir(), []any{}
	for _, v := range found {
		modules = append(modules, map[string]any{"path": v.module, "vulns": []any{map[string]any{"id": id, "modified": modified}}})
		write(t, filepath.Join(folder, "ID", id+".json"), map[string]any{
			"schema_version": "1.3.1", "id": id, "modified": modified, "published": modified, "details": "Made up.",
			"database_specific": map[string]any{"url": "https://database.invalid/" + id},
			"affected": []any{map[string]any{
				"package":            map[string]any{"name": v.module, "ecosystem": "Go"},
				"ranges":             []any{map[string]any{"type": "SEMVER", "events": []any{map[string]any{"introduced": "0"}}}},
				"ecosystem_specific": map[string]any{"imports": []any{map[string]any{"path": v.pkg, "symbols": []string{v.symbol}}}},
			}},
		})
	}
	write(t, filepath.Join(folder, "index", "db.json"), map[string]any{"modified": modified})
	write(t, filepath.Join(folder, "index", "modules.json"), modules)
	return folder
}

// write writes a value as JSON, and compressed beside it.
func write(t *testing.T, file string, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	w.Write(text)
	w.Close()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{file: text, file + ".gz": compressed.Bytes()} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// served serves a folder and returns its address.
func served(t *testing.T, folder string) string {
	t.Helper()
	s := httptest.NewServer(http.FileServer(http.Dir(folder)))
	t.Cleanup(s.Close)
	return s.URL
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// vulncheck runs vulncheck.sh with a database and further variables, and
// returns its exit status and what it said.
func vulncheck(t *testing.T, db string, variables []string, args ...string) (int, string) {
	t.Helper()
	command := exec.Command("./vulncheck.sh", args...)
	command.Env = append(append(os.Environ(), "GOVULNDB="+db, "PRODUCTCACHE_REQUIRE_VULNDB=", "no_proxy=127.0.0.1"), variables...)
	out, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(out)
}

func TestVulncheck(t *testing.T) {
	called := vulnerability{"golang.org/x/mod", "golang.org/x/mod/semver", "IsValid"}
	cut := database(t, called)
	if err := os.RemoveAll(filepath.Join(cut, "ID")); err != nil {
		t.Fatal(err)
	}
	torn := database(t)
	if err := os.WriteFile(filepath.Join(torn, "index", "modules.json.gz"), []byte("<html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	required := []string{"PRODUCTCACHE_REQUIRE_VULNDB=1"}
	for _, test := range []struct {
		name      string
		db        string
		variables []string
		status    int
		said      []string
	}{
		{"none", served(t, database(t)), nil, 0, []string{"none known"}},
		{"called", served(t, database(t, called)), nil, 3, []string{"GO-2099-0001", "golang.org/x/mod", "FOUND"}},
		{"called, from files", "file://" + database(t, called), nil, 3, []string{"GO-2099-0001", "FOUND"}},
		{"linked, not called", served(t, database(t, vulnerability{called.module, called.pkg, "Sort"})), nil, 0, []string{"none known"}},
		{"of a module that is not linked", served(t, database(t, vulnerability{"example.com/other", "example.com/other", "F"})), nil, 0, []string{"none known"}},
		{"refused", nobody(t), nil, 0, []string{"SKIPPED, NOTHING WAS CHECKED", "cannot be reached"}},
		{"no such host", "http://database.invalid", nil, 0, []string{"SKIPPED, NOTHING WAS CHECKED", "cannot be reached"}},
		{"not a database", served(t, t.TempDir()), nil, 0, []string{"SKIPPED, NOTHING WAS CHECKED", "404"}},
		{"refused, but required", nobody(t), required, 1, []string{"SKIPPED, NOTHING WAS CHECKED"}},
		{"away in the middle", served(t, cut), nil, 1, []string{"the check FAILED"}},
		{"torn", served(t, torn), nil, 1, []string{"the check FAILED"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, said := vulncheck(t, test.db, test.variables, ".", "./testdata/program")
			if status != test.status {
				t.Errorf("vulncheck.sh with %s ended with status %d, want %d; it said:\n%s", test.db, status, test.status, said)
			}
			for _, want := range test.said {
				if !strings.Contains(said, want) {
					t.Errorf("vulncheck.sh with %s said:\n%s\nwant in it %q", test.db, said, want)
				}
			}
		})
	}
}

// TestVulncheckOfTheService is that what is checked by default is the service:
// what one of its modules is called for, deep inside, is found.
func TestVulncheckOfTheService(t *testing.T) {
	lru := vulnerability{"github.com/hashicorp/golang-lru/v2", "github.com/hashicorp/golang-lru/v2/simplelru", "LRU.Add"}
	status, said := vulncheck(t, served(t, database(t, lru)), nil)
	if status != 3 || !strings.Contains(said, lru.module) {
		t.Errorf("vulncheck.sh with a vulnerability of %s ended with status %d, want 3; it said:\n%s", lru.module, status, said)
	}
}
