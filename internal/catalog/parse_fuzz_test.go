package catalog_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"productcache/internal/catalog"
)

var problemLine = regexp.MustCompile(`^(\d+):(\d+): .`)

// Whatever the file, each error has a place inside it, in order; and what is
// accepted is complete.
func FuzzParse(f *testing.F) {
	f.Add([]byte(fullFile))
	for _, tt := range parseErrors {
		f.Add([]byte(tt.src[:min(len(tt.src), 500)]))
	}
	for _, way := range []string{"all", "{all: true, ignore: [b]}", "{key: c, ignore: [], find: SELECT a FROM t WHERE c IN (:keys)}",
		"[{key: a}, {key: b}, all]", "\n      - key: c\n        find: |\n          SELECT a -- of\n          FROM t WHERE c IN (:keys);\n      - all"} {
		f.Add([]byte(lookupHead + "    changed_by:\n      t: " + way + "\n      s.t: " + way + "\n"))
	}
	for _, tt := range goodQueries {
		f.Add([]byte(blockFile(tt.sql)))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := catalog.Parse(src)
		if (c == nil) != (err != nil) {
			t.Fatalf("Parse(%q) = %v, %v", src, c, err)
		}
		if err != nil {
			checkProblems(t, string(src), err.(interface{ Unwrap() []error }).Unwrap())
			return
		}
		if len(c.Lookups) == 0 {
			t.Fatalf("Parse(%q) has no lookups", src)
		}
		for _, l := range c.Lookups {
			if got, found := c.Lookup(l.Name); !found || got != l {
				t.Fatalf("Lookup(%q) = %v, %v; want %v", l.Name, got, found, l)
			}
			checkQueries(t, l.Query, l.With)
			checkChanges(t, l.ChangedBy)
		}
	})
}

func checkProblems(t *testing.T, src string, problems []error) {
	src = strings.TrimPrefix(src, "\ufeff")
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(src), "\n")
	lastLine, lastColumn := 0, 0
	for _, p := range problems {
		at := problemLine.FindStringSubmatch(p.Error())
		if at == nil {
			t.Fatalf("Parse(%q): %v, which has no place", src, p)
		}
		line, _ := strconv.Atoi(at[1])
		column, _ := strconv.Atoi(at[2])
		if line < 1 || column < 1 || line > len(lines) || column > utf8.RuneCountInString(lines[line-1])+1 {
			t.Fatalf("Parse(%q): %v, which lies outside", src, p)
		}
		if line < lastLine || line == lastLine && column < lastColumn {
			t.Fatalf("Parse(%q): %v comes after %d:%d", src, p, lastLine, lastColumn)
		}
		lastLine, lastColumn = line, column
	}
}

func checkQueries(t *testing.T, q catalog.Query, children []catalog.Child) {
	if q.Key == "" || q.Render(":keys") != q.Text || !strings.Contains(q.Text, ":keys") {
		t.Fatalf("query %+v", q)
	}
	for _, c := range children {
		if c.Name == "" {
			t.Fatalf("child %+v has no name", c)
		}
		checkQueries(t, c.Query, c.With)
	}
}

func checkChanges(t *testing.T, changes []catalog.Change) {
	for _, c := range changes {
		if c.Table == "" || c.All == (c.Key != "") || c.Finds() && c.All {
			t.Fatalf("change %+v", c)
		}
		if q := c.Find; c.Finds() && (q.Render(":keys") != q.Text || !strings.Contains(q.Text, ":keys")) {
			t.Fatalf("query of change %+v", c)
		}
	}
}
