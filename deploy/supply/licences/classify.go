package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// covered is the share of a licence file, in percent, that must be the text of
// licences: as much as pkg.go.dev wants. The rest is names and headings.
const covered = 75

// classify recognises the licences of a file that should be one.
func classify(text string) (ids []string, known bool) {
	c := licensecheck.Scan([]byte(text))
	return identifiers(c), len(c.Match) > 0 && c.Percent >= covered
}

func identifiers(c licensecheck.Coverage) []string {
	var ids []string
	for _, m := range c.Match {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

var (
	comment = regexp.MustCompile(`(?s)/\*.*?\*/|(?m:(?:^[ \t]*//[^\n]*(?:\n|\z))+)`)
	// grants begins every licence that is a few paragraphs in a comment.
	grants = regexp.MustCompile(`(?i)permission\W+(is\W+hereby\W+granted|to\W+use)|redistribution\W+and\W+use`)
	terms  = regexp.MustCompile(`(?i)licen[sc]e|permission|redistribut`)
	// byReference are licences of which a comment only says that they apply.
	byReference = []string{"Apache-2.0", "MPL-2.0"}
)

// inSource finds the licences in the comments of a source file. What only
// refers to one of those that apply to its folder is not one of its own.
func inSource(source string, apply []string) []notice {
	var found []notice
	for _, text := range comment.FindAllString(source, -1) {
		if !terms.MatchString(text) {
			continue
		}
		ids := identifiers(licensecheck.Scan([]byte(text)))
		ids = slices.DeleteFunc(ids, func(id string) bool {
			return slices.Contains(byReference, id) && slices.Contains(apply, id)
		})
		if granted := grants.MatchString(text); granted || len(ids) > 0 {
			found = append(found, notice{text: bare(text), licences: ids, unknown: len(ids) == 0})
		}
	}
	return found
}

// bare takes the comment's marks off.
func bare(comment string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(strings.TrimPrefix(comment, "/*"), "*/")) {
		b.WriteString(strings.TrimRight(strings.TrimPrefix(strings.TrimPrefix(strings.TrimLeft(line, " \t"), "//"), " "), " \n") + "\n")
	}
	return strings.Trim(b.String(), "\n") + "\n"
}
