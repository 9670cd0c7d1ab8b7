package cache

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// SkipUnderRace skips a test in which nothing runs at the same time, and which the race detector makes five times as slow, or which measures
// memory, of which it takes its own: `make test` runs it by itself.
func SkipUnderRace(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("nothing runs at the same time in it: make test runs it without the race detector")
	}
}

// TestWhatIsSkippedRuns: make test runs all tests without the race detector that are skipped with it.
func TestWhatIsSkippedRuns(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(makefile), "\nWITHOUT_RACE = ")
	list, _, _ = strings.Cut(list, "\n")
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var skipped []string
	body := regexp.MustCompile(`(?m)^func Test(\w+)\(t \*testing\.T\) \{\n\t(?:cache\.)?SkipUnderRace\(t\)$`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range body.FindAllStringSubmatch(string(text), -1) {
			skipped = append(skipped, m[1])
		}
	}
	listed := strings.Split(list, "|")
	slices.Sort(listed)
	slices.Sort(skipped)
	if !slices.Equal(listed, skipped) {
		t.Errorf("WITHOUT_RACE has %q, but %q are skipped", listed, skipped)
	}
}
