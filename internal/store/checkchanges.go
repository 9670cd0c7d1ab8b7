package store

import (
	"context"
	"strings"

	"productcache/internal/catalog"
)

// changes checks what stands under changed_by: that tables and columns exist,
// and that keys are found. It takes a sample of keys from the first table that
// has some.
func (c *checker) changes(ctx context.Context, l *catalog.Lookup) (sample, error) {
	var s sample
	for _, change := range l.ChangedBy {
		types, err := c.columnTypes(ctx, change.Schema, change.Table)
		if err != nil {
			return s, err
		}
		if !c.changeColumns(change, types) {
			continue
		}
		switch {
		case change.Finds():
			err = c.find(ctx, l, change, types[strings.ToLower(change.Key)])
		case !change.All && len(s.keys) == 0:
			s, err = c.take(ctx, l, change)
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

// changeColumns checks the columns that a change names. It reports whether the
// table is there with its key column, if the change has one.
func (c *checker) changeColumns(change catalog.Change, types map[string]string) bool {
	if types == nil {
		c.warn("changed_by: there is no table %s", tableName(change))
		return false
	}
	for _, name := range change.Ignore {
		if types[strings.ToLower(name)] == "" {
			c.warn("changed_by: table %s has no column %q to ignore", tableName(change), name)
		}
	}
	if !change.All && types[strings.ToLower(change.Key)] == "" {
		c.warn("changed_by: table %s has no column %q", tableName(change), change.Key)
		return false
	}
	return true
}

// columnTypes returns the types of a table's columns by their names, both in
// lower case, or nil when there is no such table.
func (c *checker) columnTypes(ctx context.Context, schema, table string) (map[string]string, error) {
	rows, err := records(ctx, c.conn, "SELECT LOWER(COLUMN_NAME), LOWER(DATA_TYPE) FROM information_schema.COLUMNS"+
		" WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND TABLE_NAME = ?", schema, table)
	var types map[string]string
	for _, row := range rows {
		if types == nil {
			types = map[string]string{}
		}
		types[row[0]] = row[1]
	}
	return types, err
}

// find tries the query of a change with values that stand in the table.
func (c *checker) find(ctx context.Context, l *catalog.Lookup, change catalog.Change, dataType string) error {
	at := c.at
	defer func() { c.at = at }()
	c.at.Query = "changed_by " + strings.TrimPrefix(change.Schema+"."+change.Table, ".")
	values, err := c.values(ctx, change)
	if err != nil {
		return c.refusal(err)
	}
	t, ok := keyTypeOf(dataType)
	if !ok {
		t = catalog.String
	}
	list, err := keyList(t, sample{keys: values}.keysOr(t))
	if err != nil {
		return err
	}
	text := change.Find.Render(list)
	works, err := c.finds(ctx, l, text)
	if err != nil || !works {
		return err
	}
	_, err = c.plan(ctx, text)
	return err
}

// finds runs the query of a change, and checks that it returns keys. It reports
// whether it ran.
func (c *checker) finds(ctx context.Context, l *catalog.Lookup, text string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout+grace)
	defer cancel()
	rows, err := c.conn.QueryContext(ctx, text)
	if err != nil {
		return false, c.refusal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return false, err
	}
	if len(types) != 1 {
		c.fault("find has %d columns in its result: it must have one, the key of the lookup", len(types))
	} else if t := types[0].DatabaseTypeName(); l.KeyType == catalog.Integer && !isNumeric(t) {
		c.fault("find returns column %q, which is %s and not an integer, as the keys of the lookup are", types[0].Name(), t)
	}
	for rows.Next() {
	}
	return rows.Err() == nil, c.refusal(rows.Err())
}
