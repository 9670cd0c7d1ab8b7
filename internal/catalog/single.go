package catalog

import "strings"

// SingleTable returns a catalog without a file: one lookup that serves all
// columns of one table, "table" or "schema.table", by one of its columns. The
// lookup has the table's name.
func SingleTable(table, keyColumn string, t KeyType) *Catalog {
	schema, name, qualified := strings.Cut(table, ".")
	from := quoteName(schema)
	if qualified {
		from += "." + quoteName(name)
	} else {
		schema, name = "", table
	}
	head := "SELECT * FROM " + from + " WHERE " + quoteName(keyColumn) + " IN ("
	return &Catalog{Lookups: []*Lookup{{
		Name:      name,
		KeyType:   t,
		Query:     Query{Text: head + keysMark + ")", Key: keyColumn, keysAt: len(head)},
		ChangedBy: []Change{{Schema: schema, Table: name, Key: keyColumn}},
	}}}
}

func quoteName(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}
