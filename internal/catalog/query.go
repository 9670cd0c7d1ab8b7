package catalog

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A Query is a checked SELECT. It comes from [Parse] or [SingleTable]; one
// made by hand cannot be rendered.
type Query struct {
	Text string   // the SQL as written, up to its last word: no semicolon or comment follows
	Key  string   // result column that holds the lookup's key; unused in Change.Find
	Omit []string // result columns left out of the answer
	JSON []string // result columns whose text is JSON already
	Bool []string // integer result columns to show as true or false

	keysAt int // offset in Text of keysMark; never 0, since a SELECT stands before it
}

const keysMark = ":keys"

// Render returns the SQL text for a list of keys, which must be quoted already
// and separated by commas.
func (q Query) Render(list string) string {
	return q.Text[:q.keysAt] + list + q.Text[q.keysAt+len(keysMark):]
}

// queryFields are those that a lookup and a child have for their query.
func (r *reader) queryFields(q *Query) []field {
	listed := map[string]string{}
	return []field{
		{"key", true, func(n ast.Node) { q.Key = r.column(n, "key") }},
		{"query", true, func(n ast.Node) { q.Text, q.keysAt = r.query(n, "query") }},
		{"omit", false, func(n ast.Node) { q.Omit = r.columns(n, "omit", listed) }},
		{"json", false, func(n ast.Node) { q.JSON = r.columns(n, "json", listed) }},
		{"bool", false, func(n ast.Node) { q.Bool = r.columns(n, "bool", listed) }},
	}
}

// query returns the SQL text of the field that what names.
func (r *reader) query(n ast.Node, what string) (text string, keysAt int) {
	sql, ok := r.text(n, what)
	if !ok {
		return "", 0
	}
	if strings.TrimSpace(sql) == "" {
		r.add(r.position(n), "%s is empty: write a SELECT with WHERE … IN (:keys)", what)
		return "", 0
	}
	q, faults := checkQuery(sql)
	if hidden := checkJoinedLines(sql); hidden != nil && !keepsLines(n) {
		faults = hidden
	}
	for _, f := range faults {
		r.add(r.positionIn(n, sql[:f.at]), "%s", f.text)
	}
	return q.Text, q.keysAt
}

// keepsLines reports whether the text of n has the lines that it has in the file.
func keepsLines(n ast.Node) bool {
	return n.GetToken().Type == token.LiteralType
}
