package store

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"productcache/internal/catalog"
)

// unfollowed warns of tables that the queries of a lookup read, but that
// changed_by does not name. Who names none has no use for changes.
func (c *checker) unfollowed(ctx context.Context, l *catalog.Lookup) error {
	if len(l.ChangedBy) == 0 {
		return nil
	}
	own, err := texts(ctx, c.conn, "SELECT DATABASE()")
	if err != nil {
		return err
	}
	for _, read := range c.reads {
		named := slices.ContainsFunc(l.ChangedBy, func(change catalog.Change) bool {
			schema := change.Schema
			if schema == "" {
				schema = own[0]
			}
			return strings.EqualFold(schema, read[0]) && strings.EqualFold(change.Table, read[1])
		})
		if named {
			continue
		}
		// What looks like a table may be a column of a subquery: `r`.`stars`.
		types, err := c.columnTypes(ctx, read[0], read[1])
		if err != nil {
			return err
		}
		if types != nil {
			c.warn("changed_by does not name table %s, which is read: its changes are seen when the ttl ends", tableNameIn(own[0], read))
		}
	}
	return nil
}

// tableNameIn leaves out the schema where it is our own.
func tableNameIn(own string, read [2]string) string {
	if read[0] == own {
		return quoteName(read[1])
	}
	return qualifiedName(read[0], read[1])
}

// read notes tables that a query of the lookup reads.
func (c *checker) read(tables [][2]string) {
	for _, t := range tables {
		if !slices.Contains(c.reads, t) {
			c.reads = append(c.reads, t)
		}
	}
}

var (
	dottedNames = regexp.MustCompile("`(?:[^`]|``)+`(?:\\.`(?:[^`]|``)+`)*")
	tableNames  = regexp.MustCompile("^`((?:[^`]|``)+)`\\.`((?:[^`]|``)+)`$")
)

// tablesIn returns schema and table of each name of two parts in the query that
// the server made of ours, which stands in its notes on EXPLAIN. Columns have
// three parts there, as aliases and views are resolved; only the columns of
// subqueries have two as well.
func tablesIn(notes [][]string) (tables [][2]string) {
	for _, note := range notes {
		if len(note) < 3 || note[1] != "1003" {
			continue
		}
		for _, name := range dottedNames.FindAllString(note[2], -1) {
			parts := tableNames.FindStringSubmatch(name)
			if parts == nil {
				continue
			}
			tables = append(tables, [2]string{unquote(parts[1]), unquote(parts[2])})
		}
	}
	return tables
}

func unquote(name string) string { return strings.ReplaceAll(name, "``", "`") }
