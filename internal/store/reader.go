package store

import (
	"bytes"
	"database/sql"
	"fmt"
)

// A reader takes in the rows of one query.
type reader struct {
	batch *batch
	part  *part
	scan  []any // *column, one per column of the result
	from  int   // where the current row begins in batch.text

	// captured are the values that say where a row belongs: the key, the
	// part's own match column, and those of its children.
	captured []value

	lastKey   []byte // key of the last row, for rows of a key often come together
	lastIndex int    // of lastKey, or none
}

const (
	keyValue = iota
	matchValue
	childValues // the first of them
)

// A value is what a column held, as text.
type value struct {
	text []byte
	null bool
}

// Scan implements sql.Scanner.
func (v *value) Scan(from any) error {
	v.null = from == nil
	v.text = appendPlain(v.text[:0], from)
	return nil
}

func newReader(b *batch, p *part, rows *sql.Rows) (*reader, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	r := &reader{batch: b, part: p, lastIndex: none,
		scan: make([]any, len(types)), captured: make([]value, childValues+len(p.with))}
	columns := newColumns(p, types, b.store.connector.source.suffix)
	for i := range columns {
		columns[i].reader = r
		r.scan[i] = &columns[i]
	}
	return r, r.connect(columns)
}

// connect has the columns that say where a row belongs tell the reader.
func (r *reader) connect(columns []column) error {
	wanted := make([]string, len(r.captured))
	wanted[keyValue], wanted[matchValue] = r.part.query.Key, r.part.match
	for i, child := range r.part.with {
		wanted[childValues+i] = child.match
	}
	for at, name := range wanted {
		if name == "" {
			continue
		}
		c := find(columns, name)
		if c == nil {
			return mismatch(fmt.Sprintf("column %q is not in the result", name))
		}
		c.captures = append(c.captures, at)
	}
	return nil
}

func (r *reader) begin() {
	r.from = len(r.batch.text)
	r.batch.text = append(r.batch.text, '{')
}

// end files the row that was just scanned, or forgets it.
func (r *reader) end() {
	text := &r.batch.text
	at, ok := r.place()
	if ok && r.part == r.batch.root && !r.batch.lookup.Many {
		if _, second := r.part.at[at]; second {
			r.batch.store.duplicates.Add(1)
			ok = false
		}
	}
	if !ok {
		*text = (*text)[:r.from]
		return
	}
	r.part.add(row{from: r.from, to: len(*text), place: at, below: r.below(at.key)})
}

// place returns where the current row belongs, or false if it belongs nowhere.
func (r *reader) place() (place, bool) {
	key, match := r.captured[keyValue], r.captured[matchValue]
	if key.null || match.null {
		return nowhere, false
	}
	at := place{key: r.keyIndex(key.text), match: string(match.text)}
	return at, at.key != none
}

// below returns where the children of the current row are.
func (r *reader) below(key int) []place {
	if !r.part.matched() {
		return nil
	}
	places := make([]place, len(r.part.with))
	for i, v := range r.captured[childValues:] {
		places[i] = place{key: key, match: string(v.text)}
		if v.null {
			places[i] = nowhere
		}
	}
	return places
}

// keyIndex returns which of the keys column is, or none: a collation that is
// looser than we are finds rows that nobody asked for.
func (r *reader) keyIndex(column []byte) int {
	if r.lastKey != nil && bytes.Equal(r.lastKey, column) {
		return r.lastIndex
	}
	r.lastKey = append(r.lastKey[:0], column...)
	index, ok := r.batch.index[r.batch.lookup.CanonicalKey(column)]
	if !ok {
		index = none
	}
	r.lastIndex = index
	return index
}
