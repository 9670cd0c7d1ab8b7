package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"productcache/internal/demoshop"
	"productcache/internal/mysqltest"
)

const root = "../.."

// pages returns the project's documentation: file names and texts.
func pages(t *testing.T) map[string]string {
	t.Helper()
	return read(t, func(path string) bool { return strings.HasSuffix(path, ".md") })
}

// read returns the files of the project that are chosen, by their paths in it.
func read(t *testing.T, chosen func(path string) bool) map[string]string {
	t.Helper()
	files := map[string]string{}
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir() || !chosen(path):
			return nil
		}
		text, err := fs.ReadFile(tree, path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// words returns what the first group of a pattern finds in texts.
func words(texts map[string]string, pattern string) map[string]bool {
	found := map[string]bool{}
	for _, text := range texts {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			found[m[1]] = true
		}
	}
	return found
}

// expectKnown fails for each word that a pattern finds in the documentation and
// that is not known.
func expectKnown(t *testing.T, what, pattern string, known map[string]bool) {
	t.Helper()
	n := 0
	for path, text := range pages(t) {
		for word := range words(map[string]string{path: text}, pattern) {
			n++
			if !known[word] {
				t.Errorf("%s names %s %s, which there is not", path, what, word)
			}
		}
	}
	if n == 0 {
		t.Errorf("the documentation names no %s: is the pattern wrong?", what)
	}
}

func TestDocsNameMetrics(t *testing.T) {
	code := read(t, func(path string) bool {
		return strings.HasPrefix(path, "internal/admin/") && !strings.HasSuffix(path, "_test.go")
	})
	expectKnown(t, "metric", `\b(productcache_[a-z_]+)`, words(code, `"(productcache_[a-z_]+)"`))
}

func TestDocsNameFlags(t *testing.T) {
	known := map[string]bool{}
	declared := flag.NewFlagSet("", flag.ContinueOnError)
	new(Config).flags(declared)
	declared.VisitAll(func(f *flag.Flag) { known["-"+f.Name] = true })
	expectKnown(t, "flag", "`(-[a-z][a-z-]+)[` ]", known)
	variables := map[string]bool{}
	declared.VisitAll(func(f *flag.Flag) { variables[envName(f.Name)] = true })
	variables["PRODUCTCACHE_BENCH_TRACE"] = true // of the benchmarks, which no package can import
	variables["PRODUCTCACHE_BENCH_ENTRIES"] = true
	variables["PRODUCTCACHE_FLEET_HAMMER"] = true
	for _, of := range []string{mysqltest.MySQLFolderVariable, mysqltest.RequireMySQLVariable, mysqltest.OpenCartVariable} {
		variables[of] = true
	}
	expectKnown(t, "variable", `\b(PRODUCTCACHE_[A-Z0-9_]+)`, variables)
}

func TestDocsNameTests(t *testing.T) {
	code := read(t, func(path string) bool { return strings.HasSuffix(path, "_test.go") })
	expectKnown(t, "test", "`((?:Test|Benchmark|Fuzz)[A-Z]\\w*)", words(code, `(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`))
}

// TestPromisesHaveTheirTests looks for each test of design.md's table in the
// package that the table names.
func TestPromisesHaveTheirTests(t *testing.T) {
	_, table, _ := strings.Cut(pages(t)["docs/design.md"], "| promise | tests |")
	n := 0
	for _, part := range regexp.MustCompile("([a-z/]+): (`Test\\w+`(?:, `Test\\w+`)*)").FindAllStringSubmatch(table, -1) {
		in := part[1]
		if !strings.Contains(in, "/") {
			in = "internal/" + in
		}
		code := read(t, func(path string) bool { return filepath.Dir(path) == in && strings.HasSuffix(path, "_test.go") })
		there := words(code, `(?m)^func (Test\w+)\(`)
		for test := range words(map[string]string{"": part[2]}, "`(Test\\w+)`") {
			n++
			if !there[test] {
				t.Errorf("design.md has %s in %s, which there is not", test, in)
			}
		}
	}
	if n < 20 {
		t.Errorf("%d tests in design.md's table: is it read whole?", n)
	}
}

// TestReadmeCurl runs the README's examples as they are written, but for the
// addresses, against the demo's shop.
func TestReadmeCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatalf("%v: `make deps-curl` installs it", err)
	}
	s := mysqltest.MariaDB(t)
	db := s.Database(t)
	if err := demoshop.Load(t.Context(), s.Open(t, db), 100); err != nil {
		t.Fatal(err)
	}
	r := start(t, append(catalogFile(t, string(demoshop.Catalog())), "-mysql-dsn", s.DSN(db))...)
	r.await("ready", r.isReady)
	_, section, _ := strings.Cut(pages(t)["README.md"], "## The API, by curl\n")
	section, _, _ = strings.Cut(section, "\n## ")
	script := "set -e\n"
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "    ") {
			script += line
		}
	}
	script = strings.NewReplacer("http://127.0.0.1:8080", r.public, "http://127.0.0.1:8081", r.admin).Replace(script)
	out, err := exec.CommandContext(t.Context(), "bash", "-c", script).Output()
	if err != nil {
		t.Fatalf("%v in\n%s", err, script)
	}
	var statuses []string
	for _, m := range regexp.MustCompile(`HTTP/1\.1 (\d+)`).FindAllStringSubmatch(string(out), -1) {
		statuses = append(statuses, m[1])
	}
	if got := fmt.Sprint(statuses); got != "[200 200 200 304]" {
		t.Errorf("the examples get %s, want 200 three times, and 304 for what is known:\n%s", got, script)
	}
	for _, want := range []string{`"missing":["99999"]`, `{"status":"ready"}`, "productcache_mysql_up 1", `{"lookup":"products","mode":"stale","keys":1}`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the examples print no %s", want)
		}
	}
}
