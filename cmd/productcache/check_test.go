package main

import (
	"errors"
	"strings"
	"testing"

	"productcache/internal/store"
)

func TestReport(t *testing.T) {
	warning := func(lookup string) store.Finding { return store.Finding{Lookup: lookup, Warning: true, Text: "odd"} }
	for _, tt := range []struct {
		lookups  int
		findings []store.Finding
		want     string
		err      error
	}{
		{1, nil, "1 lookup is fine\n", nil},
		{3, nil, "3 lookups are fine\n", nil},
		{3, []store.Finding{warning("a"), warning("a")}, "a: warning: odd\na: warning: odd\n2 lookups are fine\n1 lookup works, with warnings\n", nil},
		{2, []store.Finding{warning("a"), warning("b")}, "a: warning: odd\nb: warning: odd\n2 lookups work, with warnings\n", nil},
		{2, []store.Finding{warning("a"), {Lookup: "b", Text: "wrong"}}, "a: warning: odd\nb: error: wrong\n", errFindings},
	} {
		var out strings.Builder
		if err := report(&out, tt.lookups, tt.findings); !errors.Is(err, tt.err) || out.String() != tt.want {
			t.Errorf("report(%d, %v) = %v and\n%swant %v and\n%s", tt.lookups, tt.findings, err, &out, tt.err, tt.want)
		}
	}
}
