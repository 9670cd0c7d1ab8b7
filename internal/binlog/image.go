package binlog

// A cell is a column of a row.
type cell struct {
	present bool   // false: the row image leaves the column out
	null    bool   // raw is empty
	raw     []byte // as in the event, whose bytes they are; without the bytes that say how many
}

// An image is a row as it was, or as it is now: one row after the other.
type image struct {
	has       bitmap // which columns are in it; nil: the event has no such images
	nullBytes uint64
	cells     []cell
}

func (im *image) begin(columns int) {
	if im.has == nil {
		return
	}
	im.cells = make([]cell, columns)
	set := uint64(0)
	for i := range columns {
		if im.has.has(i) {
			set++
		}
	}
	im.nullBytes = bitmapBytes(set)
}

// read reads the next image into cells: which of the columns that it has are
// NULL, bit for bit, then the values of the others.
func (im *image) read(d *decoder, m *tableMap) {
	nulls := bitmap(d.take(im.nullBytes))
	at := 0
	for i := range im.cells {
		c := &im.cells[i]
		*c = cell{present: im.has.has(i)}
		if !c.present {
			continue
		}
		c.null = nulls.has(at)
		at++
		if !c.null {
			c.raw = m.widths[i].value(d)
		}
	}
}

// readPartial reads an image in which JSON columns may hold what changed in them
// instead of their value. Such a cell has no more to say than that it changed,
// unless nothing did: then it gets the value that it had.
func (im *image) readPartial(d *decoder, m *tableMap, before []cell) {
	changes := partialColumns(d, m.json)
	im.read(d, m)
	json := 0
	for i, kind := range m.types {
		if kind != typeJSON {
			continue
		}
		if c := im.cells[i]; changes.has(json) && c.present && !c.null && len(c.raw) == 0 && before[i].present {
			im.cells[i] = before[i]
		}
		json++
	}
}

// partialColumns reads which of the table's JSON columns, the absent ones too,
// hold changes instead of a value. See start_partial_bit_reader in MySQL's
// sql/rpl_record.cc.
func partialColumns(d *decoder, columns int) bitmap {
	switch d.length() {
	case 0:
		return nil
	case 1:
		return d.take(bitmapBytes(uint64(columns)))
	}
	d.bad = true
	return nil
}

// A bitmap has its first bit in the lowest of the first byte. Bits behind its end are not set.
type bitmap []byte

func (b bitmap) has(i int) bool { return i/8 < len(b) && b[i/8]&(1<<(i%8)) != 0 }

func bitmapBytes(bits uint64) uint64 { return bits/8 + min(bits%8, 1) }
