package catalog

import (
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// A field is one that a mapping may have. Read gets its value.
type field struct {
	name     string
	required bool
	read     func(ast.Node)
}

// An entry is a name in a mapping, with its value.
type entry struct {
	name  string
	at    position
	value ast.Node
}

// fields reads the mapping of e, which what describes: "a lookup".
func (r *reader) fields(e entry, what string, fields []field) {
	entries, ok := r.entries(e.value, e.name)
	if !ok {
		return
	}
	seen := map[string]bool{}
	for _, f := range entries {
		seen[f.name] = true
		i := slices.IndexFunc(fields, func(known field) bool { return known.name == f.name })
		if i < 0 {
			r.add(f.at, "%s has no field %s: its fields are %s", what, f.name, fieldNames(fields))
			continue
		}
		fields[i].read(f.value)
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			r.add(e.at, "%s needs the field %s", what, f.name)
		}
	}
}

func fieldNames(fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

// entries returns those of a mapping, each name once, in the order of the file.
func (r *reader) entries(n ast.Node, what string) (entries []entry, ok bool) {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.wrongKind(n, what, "names with values, as in \"name: value\"")
		return nil, false
	}
	lines := map[string]int{}
	for it := m.MapRange(); it.Next(); {
		e := entry{scalarText(it.Key()), r.position(it.Key()), it.Value()}
		if first, twice := lines[e.name]; twice {
			r.add(e.at, "%s stands twice: keep this one or that of line %d", e.name, first)
			continue
		}
		lines[e.name] = e.at.line
		entries = append(entries, e)
	}
	return entries, true
}

// text returns the text of a scalar.
func (r *reader) text(n ast.Node, what string) (string, bool) {
	scalar, ok := n.(ast.ScalarNode)
	if !ok || n.Type() == ast.NullType {
		r.wrongKind(n, what, "text")
		return "", false
	}
	return scalarText(scalar), true
}

// column returns the name of a column.
func (r *reader) column(n ast.Node, what string) string {
	s, ok := r.text(n, what)
	switch {
	case !ok:
		return ""
	case s == "":
		r.add(r.position(n), "%s is empty: write the name of a column", what)
	case s != strings.TrimSpace(s) || strings.ContainsFunc(s, unicode.IsControl):
		r.add(r.position(n), "%s %q has a blank around it or a control character: write the name of a column", what, s)
	}
	return s
}

// columns returns a list of names of columns. Listed tells of each column in
// which list it stands, since it may be in one only, and there once.
func (r *reader) columns(n ast.Node, what string, listed map[string]string) []string {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.wrongKind(n, what, "a list, as in [a, b]")
		return nil
	}
	var names []string
	for _, item := range list.Values {
		name := r.column(item, "a column in "+what)
		switch listed[name] {
		case "":
			listed[name] = what
			names = append(names, name)
		case what:
			r.add(r.position(item), "%s names the column %s twice: remove one", what, name)
		default:
			r.add(r.position(item), "the column %s stands in %s and in %s: remove one", name, listed[name], what)
		}
	}
	return names
}

func (r *reader) wrongKind(n ast.Node, what, want string) {
	switch n.(type) {
	case *ast.NullNode:
		r.add(r.position(n), "%s is empty: it needs %s", what, want)
	case ast.MapNode:
		r.add(r.position(n), "%s must be %s, not names with values", what, want)
	case *ast.SequenceNode:
		r.add(r.position(n), "%s must be %s, not a list", what, want)
	default:
		r.add(r.position(n), "%s must be %s, not the text %s", what, want, n.GetToken().Value)
	}
}

// scalarText returns a scalar as it is written, not as YAML understands it: a
// column may be called 007, 1e3 or true.
func scalarText(n ast.Node) string {
	if block, ok := n.(*ast.LiteralNode); ok {
		return block.Value.Value
	}
	return n.GetToken().Value
}
