package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestReadmeListsEveryFlag: the table of flags is what -help says. To renew it,
// paste what the failing test prints.
func TestReadmeListsEveryFlag(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	new(Config).flags(fs)
	fs.VisitAll(func(f *flag.Flag) {
		_, text := flag.UnquoteUsage(f)
		fmt.Fprintf(&rows, "| `-%s` | %s | %s |\n", f.Name, f.DefValue, text)
	})
	if !strings.Contains(string(readme), "|---|---|---|\n"+rows.String()) {
		t.Errorf("README.md does not list the flags as they are:\n%s", &rows)
	}
}
