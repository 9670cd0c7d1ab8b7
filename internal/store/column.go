package store

import (
	"database/sql"
	"slices"
	"strings"
)

// A column takes in one column of a result. It is a sql.Scanner, so that the
// driver's value is encoded while it is valid, and never copied before.
type column struct {
	name     string
	label    []byte // "name": as in the object; nil: not shown
	encode   encoder
	reader   *reader
	captures []int // into reader.captured
}

// Scan implements sql.Scanner: it appends the value to the batch's text.
func (c *column) Scan(v any) error {
	for _, at := range c.captures {
		if err := c.reader.captured[at].Scan(v); err != nil {
			return err
		}
	}
	if c.label == nil {
		return nil
	}
	text := c.reader.batch.text
	if text[len(text)-1] != '{' {
		text = append(text, ',')
	}
	text = append(text, c.label...)
	if v == nil {
		text = append(text, "null"...)
	} else {
		text = c.encode(text, v)
	}
	c.reader.batch.text = text
	return nil
}

// newColumns chooses how each column of a result is shown. A name that comes
// twice, as in SELECT p.*, d.*, is shown once, and a child's name hides a column.
func newColumns(p *part, types []*sql.ColumnType, zone string) []column {
	taken := map[string]bool{}
	for _, name := range p.query.Omit {
		taken[name] = true
	}
	for _, child := range p.with {
		taken[child.name] = true
	}
	columns := make([]column, len(types))
	for i, t := range types {
		c := &columns[i]
		c.name = t.Name()
		if taken[c.name] {
			continue
		}
		taken[c.name] = true
		c.label = appendLabel(nil, c.name)
		c.encode = encoderOf(t.DatabaseTypeName(), zone)
		switch {
		case slices.Contains(p.query.JSON, c.name):
			c.encode = appendJSON
		case slices.Contains(p.query.Bool, c.name):
			c.encode = boolean(t.DatabaseTypeName(), c.encode)
		}
	}
	return columns
}

// find returns the first column of that name, or nil.
func find(columns []column, name string) *column {
	i := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &columns[i]
}

// encoderOf returns the encoder for a type as the driver names it. Both servers
// report the same names, except that MariaDB knows its JSON columns as TEXT and
// UUID, INET4 and INET6 come as CHAR. Geometry and vectors are the server's
// internal bytes: a query that wants them readable says ST_AsGeoJSON.
func encoderOf(typeName, zone string) encoder {
	switch strings.TrimPrefix(typeName, "UNSIGNED ") {
	case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "YEAR", "FLOAT", "DOUBLE":
		return appendNumber
	case "BIT":
		return appendBit
	case "DATE":
		return appendDate
	case "DATETIME", "TIMESTAMP":
		return dateTime(zone)
	case "JSON":
		return appendJSON
	case "BINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB", "GEOMETRY", "VECTOR":
		return appendBase64
	}
	// DECIMAL, TIME, ENUM, SET, CHAR, VARCHAR and the TEXTs.
	return appendText
}

// boolean returns an encoder that shows numbers as true and false. What is not
// a number is shown as it would be without.
func boolean(typeName string, otherwise encoder) encoder {
	switch strings.TrimPrefix(typeName, "UNSIGNED ") {
	case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "YEAR", "DECIMAL":
		return appendBool
	case "BIT":
		return appendBitBool
	}
	return otherwise
}
