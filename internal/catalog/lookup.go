package catalog

import (
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

func (r *reader) catalog(root ast.Node) *Catalog {
	c := &Catalog{}
	if text, ok := root.(ast.ScalarNode); ok && root.Type() != ast.NullType {
		// It is another file, which may be one with a secret: it is not quoted.
		r.add(position{1, 1}, "the catalog must begin with \"lookups:\", but is one text of %d bytes: is it another file?", len(scalarText(text)))
		return c
	}
	r.fields(entry{"the catalog", position{1, 1}, root}, "a catalog", []field{
		{"lookups", true, func(n ast.Node) { c.Lookups = r.lookups(n) }},
	})
	return c
}

func (r *reader) lookups(n ast.Node) []*Lookup {
	entries, ok := r.entries(n, "lookups")
	if ok && len(entries) == 0 {
		r.add(r.position(n), "lookups is empty: a catalog has one lookup or more")
	}
	var lookups []*Lookup
	for _, e := range entries {
		lookups = append(lookups, r.lookup(e))
	}
	return lookups
}

func (r *reader) lookup(e entry) *Lookup {
	if !isLookupName(e.name) {
		r.add(e.at, "the lookup %q stands in URLs: begin its name with a letter from a to z, and go on with a-z, 0-9, _ and -", e.name)
	}
	l := &Lookup{Name: e.name}
	fields := append(r.queryFields(&l.Query),
		field{"key_type", true, func(n ast.Node) { l.KeyType = r.keyType(n) }},
		field{"rows", false, func(n ast.Node) { l.Many = r.rows(n) }},
		field{"with", false, func(n ast.Node) { l.With = r.children(n, r.child) }},
		field{"changed_by", false, func(n ast.Node) { l.ChangedBy = r.changes(n) }},
	)
	fields = append(fields, r.lifetimeFields(&l.Lifetimes)...)
	r.fields(e, "a lookup", fields)
	return l
}

func (r *reader) keyType(n ast.Node) KeyType {
	s, ok := r.text(n, "key_type")
	for _, t := range []KeyType{Integer, String, StringCI} {
		if s == t.String() {
			return t
		}
	}
	if ok {
		r.add(r.position(n), "there is no key_type %s: it is integer, string or string_ci", s)
	}
	return Integer
}

func (r *reader) rows(n ast.Node) (many bool) {
	s, ok := r.text(n, "rows")
	if ok && s != "one" && s != "many" {
		r.add(r.position(n), "rows cannot be %s: it is one (a key has one row) or many (a key has a list of rows)", s)
	}
	return s == "many"
}

func (r *reader) children(n ast.Node, read func(entry) Child) []Child {
	entries, _ := r.entries(n, "with")
	var children []Child
	for _, e := range entries {
		if !isChildName(e.name) {
			r.add(e.at, "the child %q becomes a field of JSON: begin its name with a letter, and go on with letters, digits, _ and -", e.name)
		}
		children = append(children, read(e))
	}
	return children
}

// child reads a child of a lookup.
func (r *reader) child(e entry) Child {
	c := Child{Name: e.name}
	r.fields(e, "a child of a lookup", r.childFields(&c))
	return c
}

// grandchild reads a child of a child, at any depth.
func (r *reader) grandchild(e entry) Child {
	c := Child{Name: e.name}
	at := e.at
	fields := append(r.childFields(&c), field{"match", true, func(n ast.Node) {
		c.Match, at = r.column(n, "match"), r.position(n)
	}})
	r.fields(e, "a child of a child", fields)
	if c.Match != "" && c.Match == c.Query.Key {
		r.add(at, "match cannot be the key, which all rows have in common: name the column by which these rows find their parent's row")
	}
	return c
}

func (r *reader) childFields(c *Child) []field {
	return append(r.queryFields(&c.Query),
		field{"with", false, func(n ast.Node) { c.With = r.children(n, r.grandchild) }})
}

func isLookupName(s string) bool {
	return isChildName(s) && s == strings.ToLower(s)
}

func isChildName(s string) bool {
	for i := range len(s) {
		letter := isWord(s[i]) && s[i] < utf8.RuneSelf && s[i] != '$'
		if i == 0 && (!letter || s[i] == '_' || s[i] <= '9') || !letter && s[i] != '-' {
			return false
		}
	}
	return s != ""
}
