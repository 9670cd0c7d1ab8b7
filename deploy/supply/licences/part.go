package main

import (
	"slices"
	"strings"
)

// part is a module, or something else of others, that the program contains.
type part struct {
	name       string
	version    string // empty where it depends on who builds
	notices    []notice
	unlicensed []string // packages and files of it to which no licence applies
}

// notice is a text that is shipped with the program.
type notice struct {
	file     string   // relative to the part
	text     string   // all of it, or the comment that is the licence
	licences []string // SPDX identifiers; none in NOTICE and PATENTS files
	unknown  bool     // it should be a licence, and is not recognised
}

// add adds a notice, once.
func (p *part) add(n notice) {
	if !slices.ContainsFunc(p.notices, func(o notice) bool { return o.text == n.text }) {
		p.notices = append(p.notices, n)
	}
}

// licences returns the identifiers of all its licences, in order.
func (p *part) licences() []string {
	var ids []string
	for _, n := range p.notices {
		ids = append(ids, n.licences...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// sort orders notices: those of the whole part first, then by folder.
func (p *part) sort() {
	slices.SortStableFunc(p.notices, func(a, b notice) int {
		if d := strings.Count(a.file, "/") - strings.Count(b.file, "/"); d != 0 {
			return d
		}
		return strings.Compare(a.file, b.file)
	})
}
