package binlog

// The types of row events. MariaDB writes version 1, MySQL version 2, and
// MariaDB the compressed ones with log_bin_compress.
const (
	eventWriteRowsV1       = 23
	eventUpdateRowsV1      = 24
	eventDeleteRowsV1      = 25
	eventWriteRows         = 30
	eventUpdateRows        = 31
	eventDeleteRows        = 32
	eventPartialUpdateRows = 39
)

// A rowKind says what happened to the rows of an event.
type rowKind uint8

const (
	rowsWritten rowKind = 1 + iota
	rowsUpdated
	rowsDeleted
)

// kindOf returns 0 for what is no row event, compressed ones included.
func kindOf(event byte) rowKind {
	switch event {
	case eventWriteRowsV1, eventWriteRows:
		return rowsWritten
	case eventUpdateRowsV1, eventUpdateRows, eventPartialUpdateRows:
		return rowsUpdated
	case eventDeleteRowsV1, eventDeleteRows:
		return rowsDeleted
	}
	return 0
}

// rows are those of one row event, read one after the other. See Rows_event in
// MySQL's libs/mysql/binlog/event/rows_event.h.
type rows struct {
	kind          rowKind
	columns       int
	before, after image
	partial       bool // PARTIAL_UPDATE_ROWS_EVENT
	begun         bool
	rest          []byte
}

// holdsRows reports whether an event is one of rows, compressed or not.
func holdsRows(event byte) bool { return kindOf(event) != 0 || kindOf(plainTypes[event]) != 0 }

// tableID returns the id that the table map before a row event of type event has.
// The event may be one of MariaDB's compressed ones.
func tableID(event byte, body []byte) (uint64, error) {
	d := decoder{rest: body}
	id := d.uint(6)
	if d.bad || !holdsRows(event) {
		return 0, malformed("event %d of %d bytes as rows", event, len(body))
	}
	return id, nil
}

// parseRows reads what stands before the rows of an event of type event.
func parseRows(event byte, body []byte) (rows, error) {
	r := rows{kind: kindOf(event), partial: event == eventPartialUpdateRows}
	d := decoder{rest: body}
	d.take(6 + 2) // table id, flags
	if event >= eventWriteRows {
		d.take(max(d.uint(2), 2) - 2) // extra data; its length counts itself
	}
	columns := d.length()
	bitmap := d.take(bitmapBytes(columns))
	switch r.kind {
	case rowsWritten:
		r.after.has = bitmap
	case rowsUpdated:
		r.before.has, r.after.has = bitmap, d.take(bitmapBytes(columns))
	case rowsDeleted:
		r.before.has = bitmap
	default:
		d.bad = true
	}
	if d.bad {
		return rows{}, malformed("event %d of %d bytes as rows", event, len(body))
	}
	r.columns, r.rest = int(columns), d.rest
	return r, nil
}

// next returns the next row of the table that m describes: before is nil for
// rows written, after for rows deleted. Both are valid until the next call.
// After the last row ok is false.
func (r *rows) next(m *tableMap) (before, after []cell, ok bool, err error) {
	if r.columns == 0 || r.begun && len(r.rest) == 0 {
		return nil, nil, false, nil
	}
	if !r.begun {
		if err := r.begin(m); err != nil {
			return nil, nil, false, err
		}
	}
	d := decoder{rest: r.rest}
	r.before.read(&d, m)
	if r.partial {
		r.after.readPartial(&d, m, r.before.cells)
	} else {
		r.after.read(&d, m)
	}
	// A row of no columns takes no bytes, and may come only alone: as many as
	// were inserted, for all one knows.
	if d.bad || len(d.rest) == len(r.rest) && len(d.rest) > 0 {
		r.rest = nil
		return nil, nil, false, malformed("row of %s.%s", m.schema, m.table)
	}
	r.rest = d.rest
	return r.before.cells, r.after.cells, true, nil
}

// begin checks that m describes the rows.
func (r *rows) begin(m *tableMap) error {
	r.begun = true
	rest := r.rest
	r.rest = nil
	if r.columns != len(m.types) {
		return malformed("rows of %d columns of %s.%s, which has %d", r.columns, m.schema, m.table, len(m.types))
	}
	for i, w := range m.widths {
		if w == unknownWidth {
			return malformed("column %d of %s.%s has type %d with metadata %#x", i+1, m.schema, m.table, m.types[i], m.meta[i])
		}
	}
	r.before.begin(r.columns)
	r.after.begin(r.columns)
	r.rest = rest
	return nil
}
