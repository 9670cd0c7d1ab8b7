package catalog_test

import (
	"os"
	"strings"
	"testing"

	"productcache/internal/catalog"
)

// Every catalog in the reference is one, and the reference names every field.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/catalogs.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for block := range strings.SplitSeq(string(text), "```yaml\n") {
		src, _, closed := strings.Cut(block, "```")
		if !closed || !strings.HasPrefix(src, "lookups:\n") {
			continue
		}
		examples++
		if _, err := catalog.Parse([]byte(src)); err != nil {
			t.Errorf("example %d:\n%v\nof\n%s", examples, err, src)
		}
	}
	if examples < 3 {
		t.Errorf("%d examples begin with lookups:, want 3 or more", examples)
	}
	for name := range strings.SplitSeq(lookupFields+", match, ignore, find, all, lookups", ", ") {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("the reference does not name the field %s", name)
		}
	}
}
