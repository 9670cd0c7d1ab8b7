package php_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A block is a fenced block of a page: its language, the rest of its info string, and its text.
type block struct {
	page string
	line int
	lang string
	name string
	text string
}

var fence = regexp.MustCompile("(?ms)^```([a-z]*)(?: ([^\n]*))?\n(.*?)^```$")

// blocksOf returns a page's blocks.
func blocksOf(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	for _, at := range fence.FindAllSubmatchIndex(text, -1) {
		part := func(i int) string {
			if at[2*i] < 0 {
				return ""
			}
			return string(text[at[2*i]:at[2*i+1]])
		}
		line := 1 + strings.Count(string(text[:at[0]]), "\n")
		all = append(all, block{page, line, part(1), part(2), part(3)})
	}
	if fences := strings.Count("\n"+string(text), "\n```"); fences != 2*len(all) {
		t.Fatalf("%s has %d lines that open or close a block, but %d blocks", page, fences, len(all))
	}
	return all
}

// shown returns what a block of PHP says that it prints.
func (b block) shown() string {
	var lines []string
	for _, match := range regexp.MustCompile(`// → (.*)`).FindAllStringSubmatch(b.text, -1) {
		lines = append(lines, match[1])
	}
	return strings.Join(lines, "\n")
}

// expect compares what was printed with what the page shows, but for white space; … stands for anything.
func (b block) expect(t *testing.T, got, want string) {
	t.Helper()
	pattern := strings.Join(strings.Fields(want), " ")
	pattern = strings.ReplaceAll(regexp.QuoteMeta(pattern), "…", ".*")
	if !regexp.MustCompile("(?s)^" + pattern + "$").MatchString(strings.Join(strings.Fields(got), " ")) {
		t.Errorf("%s:%d: printed\n%s\nbut the page shows\n%s", b.page, b.line, got, want)
	}
}

// TestLinks: what the pages link to is there.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil || len(pages) != 4 {
		t.Fatalf("Glob = %q, %v; want four pages", pages, err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`).FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(link[1]); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
