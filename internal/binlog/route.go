package binlog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"productcache/internal/catalog"
)

// A route leads from a changed row of a table to what goes stale.
type route struct {
	lookup  *catalog.Lookup
	change  catalog.Change
	key     int    // number of the key column; -1: every change makes the whole lookup stale
	why     string // why key is -1, if the catalog does not want it so
	ignored []bool // by column

	// Set where rows of this table, the parent, take rows of the one that the
	// catalog names along, when they are deleted or changed in these columns.
	references []string
	watched    []bool // by column: those that references names
}

// A table is one whose rows matter to a lookup.
type table struct {
	schema, name string
	columns      []Column
	routes       []*route
	altered      bool // by a statement, and not looked at since
}

// tableName names a table.
type tableName struct{ schema, name string }

func (n tableName) String() string { return n.schema + "." + n.name }

// routes knows the followed tables.
type routes struct {
	fold   bool // names do not tell case apart
	tables map[tableName]*table
}

// find returns the followed table of that name, or nil.
func (r *routes) find(schema, name string) *table { return r.tables[r.name(schema, name)] }

func (r *routes) name(schema, name string) tableName {
	if r.fold {
		return tableName{strings.ToLower(schema), strings.ToLower(name)}
	}
	return tableName{schema, name}
}

// mentionedBy returns the followed tables that a statement names. It takes equal
// names in other schemas, and in other case, for them: what is stale too much
// is loaded again.
func (r *routes) mentionedBy(sql string) []*table {
	var found []*table
	dropsSchema := isDropSchema(sql)
	for _, t := range r.tables {
		if mentions(sql, func(word string) bool {
			return strings.EqualFold(word, t.name) || dropsSchema && strings.EqualFold(word, t.schema)
		}) {
			found = append(found, t)
		}
	}
	return found
}

// altered reports whether any of the tables is.
func (r *routes) altered() bool {
	for _, t := range r.tables {
		if t.altered {
			return true
		}
	}
	return false
}

func isDropSchema(sql string) bool {
	words := strings.Fields(strings.ToUpper(sql))
	return len(words) > 2 && words[0] == "DROP" && (words[1] == "DATABASE" || words[1] == "SCHEMA")
}

// newRoutes reads the changes of lookups, and asks the database for the tables.
func newRoutes(ctx context.Context, lookups []*catalog.Lookup, defaultSchema string, fold bool, db Database) (*routes, error) {
	r := &routes{fold: fold, tables: map[tableName]*table{}}
	for _, l := range lookups {
		for _, c := range l.ChangedBy {
			schema := c.Schema
			if schema == "" {
				schema = defaultSchema
			}
			t, err := r.table(ctx, schema, c.Table, db)
			if err != nil {
				return nil, err
			}
			t.routes = append(t.routes, t.route(l, c, nil))
			if err := r.addCascades(ctx, t, l, c, db, nil); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// table returns a table, after asking for its columns the first time.
func (r *routes) table(ctx context.Context, schema, name string, db Database) (*table, error) {
	id := r.name(schema, name)
	if t := r.tables[id]; t != nil {
		return t, nil
	}
	columns, err := db.Columns(ctx, schema, name)
	if err != nil {
		return nil, fmt.Errorf("binlog: columns of %s: %w", id, err)
	}
	t := &table{schema: schema, name: name, columns: columns}
	r.tables[id] = t
	return t, nil
}

// route finds the columns that a change names.
func (t *table) route(l *catalog.Lookup, c catalog.Change, references []string) *route {
	r := &route{lookup: l, change: c, key: -1, references: references}
	if !c.All {
		if r.key = t.column(c.Key); r.key < 0 {
			r.why = fmt.Sprintf("the table has no column %q", c.Key)
		}
	}
	r.ignored, r.watched = t.marked(c.Ignore), t.marked(references)
	return r
}

// marked returns, by column, which of a table's columns are among names.
func (t *table) marked(names []string) []bool {
	marks := make([]bool, len(t.columns))
	for _, name := range names {
		if at := t.column(name); at >= 0 {
			marks[at] = true
		}
	}
	return marks
}

func (t *table) column(name string) int {
	return slices.IndexFunc(t.columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
}

// addCascades adds routes from the parents of a followed table: their deleted
// rows take rows of it along, of which the binlog says nothing. It goes on to
// the parents' parents.
func (r *routes) addCascades(ctx context.Context, t *table, l *catalog.Lookup, c catalog.Change, db Database, below []*table) error {
	if slices.Contains(below, t) {
		return nil // a circle
	}
	cascades, err := db.Cascades(ctx, t.schema, t.name)
	if err != nil {
		return fmt.Errorf("binlog: foreign keys of %s.%s: %w", t.schema, t.name, err)
	}
	for _, cascade := range cascades {
		parent, err := r.table(ctx, cascade.Schema, cascade.Table, db)
		if err != nil {
			return err
		}
		up := inherited(c, cascade)
		references := slices.Sorted(maps.Values(cascade.Columns))
		parent.routes = append(parent.routes, parent.route(l, up, references))
		if err := r.addCascades(ctx, parent, l, up, db, append(below, t)); err != nil {
			return err
		}
	}
	return nil
}

// inherited is a change of the child as seen from the parent: by the parent's
// column if the key is the foreign key itself. A search would come too late for
// rows that are gone.
func inherited(c catalog.Change, by Cascade) catalog.Change {
	up := catalog.Change{Schema: by.Schema, Table: by.Table, All: true}
	if c.All || c.Finds() {
		return up
	}
	for child, parent := range by.Columns {
		if strings.EqualFold(child, c.Key) {
			up.All, up.Key = false, parent
		}
	}
	return up
}
