package catalog

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A Change says which entries of a lookup go stale when rows of a table change.
// A table that does so in several ways has one Change for each.
type Change struct {
	Schema string   // empty: the schema that the service is connected to
	Table  string   // as in the file
	All    bool     // every entry of the lookup; Key and Find are empty
	Key    string   // column of the table: holds the lookup's key or, with Find, what Find searches by
	Find   Query    // its result, one column, is the keys; empty Text: Key holds the lookup's key itself. Find.Key is unused
	Ignore []string // columns whose change alone makes nothing stale
}

// Finds reports whether the keys are found by the query Find. Otherwise the
// column Key holds them, or All is true.
func (c Change) Finds() bool { return c.Find.Text != "" }

func (r *reader) changes(n ast.Node) []Change {
	entries, _ := r.entries(n, "changed_by")
	var changes []Change
	for _, e := range entries {
		schema, table := r.table(e)
		for _, way := range r.ways(e) {
			c := r.change(way)
			c.Schema, c.Table = schema, table
			changes = append(changes, c)
		}
	}
	return changes
}

func (r *reader) table(e entry) (schema, table string) {
	schema, table, qualified := strings.Cut(e.name, ".")
	if !qualified {
		schema, table = "", e.name
	}
	if strings.Contains(table, ".") || table == "" || schema == "" && qualified {
		r.add(e.at, "%q is no table: write its name, or schema.table", e.name)
	}
	return schema, table
}

// ways returns what stands in the list of a table, or the only way that it has.
func (r *reader) ways(e entry) []entry {
	list, ok := e.value.(*ast.SequenceNode)
	if !ok {
		return []entry{e}
	}
	if len(list.Values) == 0 {
		r.add(r.position(list), "the list of %s is empty: write {key: COLUMN} into it, or remove the table", e.name)
	}
	var ways []entry
	for _, item := range list.Values {
		if _, nested := item.(*ast.SequenceNode); nested {
			r.add(r.position(item), "this is a list in the list of %s: write what is in it next to the others", e.name)
			continue
		}
		ways = append(ways, entry{e.name, r.position(item), item})
	}
	return ways
}

// change reads one way in which a table makes entries stale.
func (r *reader) change(e entry) (c Change) {
	if _, ok := e.value.(ast.ScalarNode); ok && scalarText(e.value) == "all" {
		c.All = true
		return c
	}
	if _, ok := e.value.(ast.MapNode); !ok {
		r.add(r.position(e.value), "%s must be {key: COLUMN}, the column that holds the key, or all, where it has no such column", e.name)
		return c
	}
	var key, find, all ast.Node
	r.fields(e, "a table in changed_by", []field{
		{"key", false, func(n ast.Node) { key, c.Key = n, r.column(n, "key") }},
		{"find", false, func(n ast.Node) { find, c.Find = n, r.find(n) }},
		{"all", false, func(n ast.Node) { all, c.All = n, r.yes(n, "all") }},
		{"ignore", false, func(n ast.Node) { c.Ignore = r.columns(n, "ignore", map[string]string{}) }},
	})
	switch {
	case c.All && (key != nil || find != nil):
		r.add(r.position(all), "all already makes every answer stale: remove it, or key and find")
	case find != nil && key == nil:
		r.add(r.position(find), "find needs the field key beside it: the column of %s whose values are its :keys", e.name)
	case all == nil && key == nil:
		r.add(e.at, "a table in changed_by needs the field key, or all: true")
	}
	if c.Key != "" && slices.Contains(c.Ignore, c.Key) {
		r.add(e.at, "%s ignores changes of its key %s: remove it from ignore", e.name, c.Key)
	}
	return c
}

func (r *reader) find(n ast.Node) (q Query) {
	q.Text, q.keysAt = r.query(n, "find")
	return q
}

// yes reads a field that is either true or left out.
func (r *reader) yes(n ast.Node, what string) bool {
	s, ok := r.text(n, what)
	if ok && s != "true" {
		r.add(r.position(n), "%s can only be true, not %s: leave it out otherwise", what, s)
	}
	return s == "true"
}
