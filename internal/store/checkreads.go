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
	c.ignoredButRead(own[0], l)
	for _, read := range c.reads.tables {
		named := slices.ContainsFunc(l.ChangedBy, func(change catalog.Change) bool {
			return isTable(own[0], change, read[0], read[1])
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

// isTable reports whether a change is about a table. own is the schema of
// changes that name none.
func isTable(own string, c catalog.Change, schema, table string) bool {
	of := c.Schema
	if of == "" {
		of = own
	}
	return strings.EqualFold(of, schema) && strings.EqualFold(c.Table, table)
}

// ignoredButRead warns of columns that the lookup's queries show, filter by or
// sort by, though their changes are to be ignored: the answer would be wrong
// until its ttl ends.
func (c *checker) ignoredButRead(own string, l *catalog.Lookup) {
	for _, change := range l.ChangedBy {
		for _, name := range change.Ignore {
			read := slices.ContainsFunc(c.reads.columns, func(column [3]string) bool {
				return strings.EqualFold(column[2], name) && isTable(own, change, column[0], column[1])
			})
			if read {
				c.warn("changed_by ignores column %q of table %s, which is read: the answer has its old value until the ttl ends", name, tableName(change))
			}
		}
	}
}

var (
	dottedNames = regexp.MustCompile("`(?:[^`]|``)+`(?:\\.`(?:[^`]|``)+`)*")
	tableNames  = regexp.MustCompile("^`((?:[^`]|``)+)`\\.`((?:[^`]|``)+)`$")
	columnNames = regexp.MustCompile("^`((?:[^`]|``)+)`\\.`((?:[^`]|``)+)`\\.`((?:[^`]|``)+)`$")

	// `schema`.`table` `alias`
	aliasedNames = regexp.MustCompile("`(?:[^`]|``)+`\\.`((?:[^`]|``)+)` `((?:[^`]|``)+)`")
)

// A footprint is what queries read.
type footprint struct {
	tables  [][2]string // schema and table
	columns [][3]string // schema, table and column
}

func (f *footprint) add(other footprint) {
	f.tables = appendNew(f.tables, other.tables...)
	f.columns = appendNew(f.columns, other.columns...)
}

func appendNew[T comparable](all []T, more ...T) []T {
	for _, one := range more {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// footprintOf returns the names in the query that the server made of ours, which
// stands in its notes on EXPLAIN: tables have two parts, with an alias behind
// them; columns have three, schema, table or alias, and column. Views are resolved.
// The columns of subqueries have two parts as well.
func footprintOf(notes [][]string) (f footprint) {
	for _, note := range notes {
		if len(note) < 3 || note[1] != "1003" {
			continue
		}
		aliases := map[string]string{}
		for _, name := range aliasedNames.FindAllStringSubmatch(note[2], -1) {
			aliases[unquote(name[2])] = unquote(name[1])
		}
		for _, name := range dottedNames.FindAllString(note[2], -1) {
			if parts := tableNames.FindStringSubmatch(name); parts != nil {
				f.tables = append(f.tables, [2]string{unquote(parts[1]), unquote(parts[2])})
			}
			if parts := columnNames.FindStringSubmatch(name); parts != nil {
				table := unquote(parts[2])
				if of, ok := aliases[table]; ok {
					table = of
				}
				f.columns = append(f.columns, [3]string{unquote(parts[1]), table, unquote(parts[3])})
			}
		}
	}
	return f
}

func unquote(name string) string { return strings.ReplaceAll(name, "``", "`") }
