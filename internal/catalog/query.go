package catalog

// A Query is a checked SELECT. It comes from [Parse] or [SingleTable]; one
// made by hand cannot be rendered.
type Query struct {
	Text string   // the SQL as written, up to its last word: no semicolon or comment follows
	Key  string   // result column that holds the lookup's key
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
