package store

import (
	"database/sql"
	"slices"
	"strings"

	"productcache/internal/catalog"
)

// columns checks the names and types of a result against what the catalog says
// about them. It reports whether the key column is there.
func (c *checker) columns(l *catalog.Lookup, p *part, types []*sql.ColumnType) bool {
	byName := map[string]*sql.ColumnType{}
	for _, t := range types {
		if byName[t.Name()] != nil {
			c.fault("column %q comes twice in the result: name one of them otherwise (AS)", t.Name())
			continue
		}
		byName[t.Name()] = t
	}
	for _, child := range p.with {
		if byName[child.name] != nil && !slices.Contains(p.query.Omit, child.name) {
			c.fault("column %q has the name of a child under with", child.name)
		}
		c.present(byName, "match of "+child.name, child.match)
	}
	c.present(byName, "match", p.match)
	c.present(byName, "omit", p.query.Omit...)
	c.present(byName, "json", p.query.JSON...)
	c.present(byName, "bool", p.query.Bool...)
	c.suited(byName, "json", p.query.JSON, func(t string) bool { return t == "JSON" || encoderIsText(t) })
	c.suited(byName, "bool", p.query.Bool, isNumeric)
	if !c.present(byName, "key", p.query.Key) {
		return false
	}
	// A text column compared with numbers is converted row by row: no index.
	if t := byName[p.query.Key].DatabaseTypeName(); l.KeyType == catalog.Integer && !isNumeric(t) {
		c.fault("the key column %q is %s, not an integer: key_type should be string", p.query.Key, t)
	}
	return true
}

// present checks that columns which the catalog names are in the result.
func (c *checker) present(byName map[string]*sql.ColumnType, what string, names ...string) bool {
	all := true
	for _, name := range names {
		if name != "" && byName[name] == nil {
			c.fault("%s: column %q is not in the result", what, name)
			all = false
		}
	}
	return all
}

func (c *checker) suited(byName map[string]*sql.ColumnType, what string, names []string, fits func(string) bool) {
	for _, name := range names {
		if t := byName[name]; t != nil && !fits(t.DatabaseTypeName()) {
			c.warn("%s: column %q is %s", what, name, t.DatabaseTypeName())
		}
	}
}

func isNumeric(typeName string) bool {
	switch strings.TrimPrefix(typeName, "UNSIGNED ") {
	case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "YEAR", "BIT", "DECIMAL", "NULL":
		return true
	}
	return false
}

func encoderIsText(typeName string) bool {
	return strings.HasSuffix(typeName, "TEXT") || strings.HasSuffix(typeName, "CHAR") || typeName == "NULL"
}
