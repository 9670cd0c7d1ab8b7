package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestListIsCurrent is that docs/licences.md is what make licences would write,
// and that all of it is allowed.
func TestListIsCurrent(t *testing.T) {
	p := service
	p.root = "../../.."
	parts, err := p.parts()
	if err != nil {
		t.Fatal(err)
	}
	if err := check(parts); err != nil {
		t.Error(err)
	}
	got, err := os.ReadFile("../../../docs/licences.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := list(parts); string(got) != want {
		t.Errorf("docs/licences.md is not current: run make licences; it should be\n%s", want)
	}
}

// text returns a licence or a header in testdata.
func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// linking is a program that links the package example.com/dep/inner of a
// module with the files given, and embeds the files of its folder static.
func linking(t *testing.T, files map[string]string) program {
	t.Helper()
	root := t.TempDir()
	all := map[string]string{
		"go.mod":             "module example.com/program\n\ngo 1.26\n\nrequire example.com/dep v1.2.3\n\nreplace example.com/dep => ./dep\n",
		"main.go":            "package main\n\nimport (\n\t\"embed\"\n\n\t\"example.com/dep/inner\"\n)\n\n//go:embed static\nvar static embed.FS\n\nfunc main() { inner.F(); _ = static }\n",
		"static/own.js":      "let own",
		"dep/go.mod":         "module example.com/dep\n\ngo 1.26\n",
		"dep/inner/inner.go": "package inner\n\nfunc F() {}\n",
	}
	for name, content := range files {
		all[name] = content
	}
	for name, content := range all {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return program{root: root, pkg: ".", platforms: []string{"linux/amd64", "linux/arm64"}}
}

func TestCheck(t *testing.T) {
	mit, gpl, own := text(t, "MIT"), text(t, "GPL-3.0-header"), "You may use this on Sundays, if you ask us first.\n"
	inComment := func(text string) string {
		return "package inner\n\n/*\n" + text + "*/\n\nfunc F() {}\n"
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		wrong string // in the error; empty: it passes
	}{
		{"permissive", map[string]string{"dep/LICENSE": mit}, ""},
		{"none", nil, "example.com/dep/inner has no licence"},
		{"only a notice", map[string]string{"dep/NOTICE": "Made by us.\n"}, "example.com/dep/inner has no licence"},
		{"of another folder", map[string]string{"dep/other/LICENSE": mit}, "example.com/dep/inner has no licence"},
		{"unknown", map[string]string{"dep/LICENSE": own}, "LICENSE: the licence is not recognised"},
		{"with further terms", map[string]string{"dep/LICENSE": mit + strings.Repeat(own, 20)}, "LICENSE: the licence is not recognised"},
		{"not allowed", map[string]string{"dep/COPYING": gpl}, "COPYING: GPL-3.0"},
		{"not allowed for the package", map[string]string{"dep/LICENSE": mit, "dep/inner/LICENSE": gpl}, "inner/LICENSE: GPL-3.0"},
		{"not allowed, of another folder", map[string]string{"dep/LICENSE": mit, "dep/other/LICENSE": gpl}, ""},
		{"not allowed for a file", map[string]string{"dep/LICENSE": mit, "dep/inner/inner.go": inComment(gpl)}, "inner/inner.go: GPL-3.0"},
		{"not allowed for a file of one platform", map[string]string{"dep/LICENSE": mit, "dep/inner/f_arm64.go": inComment(gpl)[:len(inComment(gpl))-len("func F() {}\n")]}, "inner/f_arm64.go: GPL-3.0"},
		{"not allowed for a test", map[string]string{"dep/LICENSE": mit, "dep/inner/inner_test.go": inComment(gpl)}, ""},
		{"unknown in a file", map[string]string{"dep/LICENSE": mit, "dep/inner/inner.go": inComment("Permission is hereby granted to use this on Sundays.\n")}, "inner/inner.go: the licence is not recognised"},
		{"embedded with licence", map[string]string{"dep/LICENSE": mit, "static/plot.min.js": "let plot", "static/plot.LICENSE": mit}, ""},
		{"embedded without", map[string]string{"dep/LICENSE": mit, "static/plot.min.js": "let plot"}, "static/plot.min.js has no licence"},
		{"embedded of an author, without", map[string]string{"dep/LICENSE": mit, "static/plot.js": "/* Copyright 2020 A. Body */"}, "static/plot.js has no licence"},
		{"embedded, not allowed", map[string]string{"dep/LICENSE": mit, "static/plot.min.js": "let plot", "static/plot.LICENSE": gpl}, "plot.LICENSE: GPL-3.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			parts, err := linking(t, test.files).parts()
			if err != nil {
				t.Fatal(err)
			}
			err = check(parts)
			if (err != nil) != (test.wrong != "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("check = %v, want an error with %q", err, test.wrong)
			}
		})
	}
}

// TestNotices is that what lies apart is shipped, and what is not linked is not.
func TestNotices(t *testing.T) {
	mit, isc := text(t, "MIT"), text(t, "ISC")
	commented := "// " + strings.ReplaceAll(strings.TrimSpace(isc), "\n", "\n// ") + "\n"
	parts, err := linking(t, map[string]string{
		"dep/LICENSE":         mit,
		"dep/NOTICE.txt":      "Thanks to many.\n",
		"dep/PATENTS":         "We have none.\n",
		"dep/inner/inner.go":  commented + "\npackage inner\n\nfunc F() {}\n",
		"dep/inner/other.go":  commented + "\npackage inner\n",
		"dep/other/LICENSE":   "Not linked.\n",
		"static/plot.min.js":  "/*! (v4.5.6) */",
		"static/plot.LICENSE": mit,
	}).parts()
	if err != nil {
		t.Fatal(err)
	}
	got := notices(parts)
	for want, count := range map[string]int{
		"==== Go standard library":                         1,
		"==== example.com/dep v1.2.3\n\n---- LICENSE\n":    1,
		"---- NOTICE.txt\n\nThanks to many.\n":             1,
		"---- PATENTS\n\nWe have none.\n":                  1,
		"---- inner/inner.go\n\n" + strings.TrimSpace(isc): 1,
		strings.TrimSpace(isc):                             1,
		"==== plot v4.5.6\n\n---- plot.LICENSE\n\n" + mit:  1,
		"Not linked": 0,
	} {
		if n := strings.Count(got, want); n != count {
			t.Errorf("notices contain %q %d times, want %d:\n%s", want, n, count, got)
		}
	}
	if got := list(parts); !strings.Contains(got, "| example.com/dep | v1.2.3 | ISC, MIT |\n") || !strings.Contains(got, "- example.com/dep, `inner/inner.go`: ISC\n") {
		t.Errorf("list = %s, want MIT and ISC for example.com/dep", got)
	}
}

// TestReference is that a comment which only says that the folder's licence
// applies is none of its own, and that one of another licence is.
func TestReference(t *testing.T) {
	header := "// " + strings.ReplaceAll(strings.TrimSpace(text(t, "Apache-2.0-header")), "\n", "\n// ") + "\n\npackage p\n"
	if got := inSource(header, []string{"Apache-2.0"}); len(got) != 0 {
		t.Errorf("inSource, where Apache-2.0 applies, = %v, want none", got)
	}
	got := inSource(header, []string{"MIT"})
	if len(got) != 1 || !slices.Equal(got[0].licences, []string{"Apache-2.0"}) {
		t.Errorf("inSource, where MIT applies, = %v, want Apache-2.0", got)
	}
}
