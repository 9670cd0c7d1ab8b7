package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	foreign  = regexp.MustCompile(`(?i)copyright|@licen[sc]e|@author|^/\*!`)
	minified = regexp.MustCompile(`\.min\.`)
	release  = regexp.MustCompile(`\(v([0-9.]+)\)`)
)

// embedded adds what a package of ours embeds of others: files NAME.* with
// their licence beside them, in NAME.LICENSE. A minified file, or one that
// names an author, must have one.
func embedded(byName map[string]*part, pkg listed) error {
	for _, name := range pkg.EmbedFiles {
		file := filepath.Join(pkg.Dir, name)
		stem, _, _ := strings.Cut(filepath.Base(name), ".")
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		licence := filepath.Join(filepath.Dir(file), stem+".LICENSE")
		if _, err := os.Stat(licence); err != nil && !foreign.Match(text) && !minified.MatchString(name) {
			continue
		}
		p, ok := byName[stem]
		if !ok {
			p = &part{name: stem}
			byName[stem] = p
		}
		if v := release.FindSubmatch(text); v != nil && p.version == "" {
			p.version = "v" + string(v[1])
		}
		if err := p.beside(filepath.Dir(file), licence, name); err != nil {
			return err
		}
	}
	return nil
}

// beside adds the licence that lies beside a file, or notes that there is none.
func (p *part) beside(folder, licence, name string) error {
	n, err := read(folder, licence, true)
	if os.IsNotExist(err) {
		if !slices.Contains(p.unlicensed, name) {
			p.unlicensed = append(p.unlicensed, name)
		}
		return nil
	}
	if err != nil {
		return err
	}
	p.add(n)
	return nil
}
