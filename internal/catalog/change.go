package catalog

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A Change says which entries go stale when rows of a table change.
type Change struct {
	Schema string // empty: the schema that the service is connected to
	Table  string
	All    bool     // every entry of the lookup; Key and Ignore are empty
	Key    string   // column of the table that holds the lookup's key
	Ignore []string // columns whose change alone makes nothing stale
}

func (r *reader) changes(n ast.Node) []Change {
	entries, _ := r.entries(n, "changed_by")
	var changes []Change
	for _, e := range entries {
		changes = append(changes, r.change(e))
	}
	return changes
}

func (r *reader) change(e entry) Change {
	c := Change{Table: e.name}
	if schema, table, ok := strings.Cut(e.name, "."); ok {
		c.Schema, c.Table = schema, table
	}
	if strings.Contains(c.Table, ".") || c.Table == "" || c.Schema == "" && c.Table != e.name {
		r.add(e.at, "%q is no table: write its name, or schema.table", e.name)
	}
	if _, ok := e.value.(ast.ScalarNode); ok && scalarText(e.value) == "all" {
		c.All = true
		return c
	}
	if _, ok := e.value.(ast.MapNode); !ok {
		r.add(r.position(e.value), "%s must be {key: COLUMN}, the column that holds the key, or all, where it has no such column", e.name)
		return c
	}
	r.fields(e, "a table in changed_by", []field{
		{"key", true, func(n ast.Node) { c.Key = r.column(n, "key") }},
		{"ignore", false, func(n ast.Node) { c.Ignore = r.columns(n, "ignore", map[string]string{}) }},
	})
	if c.Key != "" && slices.Contains(c.Ignore, c.Key) {
		r.add(e.at, "%s ignores changes of its key %s: remove it from ignore", e.name, c.Key)
	}
	return c
}
