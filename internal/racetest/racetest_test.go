package racetest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// skipping matches the head of a test that is skipped under the race detector.
var skipping = regexp.MustCompile(`(?m)^func Test(\w+)\(t \*testing\.T\) \{\n\tracetest\.Skip\(t\)$`)

// TestWhatIsSkippedRuns: make test runs without the race detector all that is skipped with it.
func TestWhatIsSkippedRuns(t *testing.T) {
	files, err := filepath.Glob("../*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests, packages []string
	calls := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := skipping.FindAllStringSubmatch(string(text), -1)
		for _, m := range found {
			tests = append(tests, m[1])
		}
		if len(found) > 0 {
			packages = append(packages, "./internal/"+filepath.Base(filepath.Dir(name)))
		}
		if filepath.Base(name) != "racetest_test.go" {
			calls += strings.Count(string(text), "racetest.Skip(")
		}
	}
	if calls != len(tests) {
		t.Errorf("%d tests call Skip, %d as their first statement", calls, len(tests))
	}
	slices.Sort(packages)
	expect(t, "WITHOUT_RACE", "|", tests)
	expect(t, "WITHOUT_RACE_IN", " ", slices.Compact(packages))
}

// expect compares a list of the Makefile.
func expect(t *testing.T, variable, separator string, want []string) {
	t.Helper()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(makefile), "\n"+variable+" = ")
	list, _, _ = strings.Cut(list, "\n")
	got := strings.Split(list, separator)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s has %q, want %q", variable, got, want)
	}
}
