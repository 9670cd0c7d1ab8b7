package binlog

// A tableMap is what a TABLE_MAP_EVENT says of the table that row events are
// about. It holds nothing of the event's bytes.
type tableMap struct {
	schema, table string
	types         []byte   // ENUM and SET as such, though the event calls them STRING
	meta          []uint16 // what the type means by it: most bytes, precision and scale, bytes of a length
	widths        []width
	json          int // how many columns are JSON
}

// parseTableMap reads the body of a TABLE_MAP_EVENT, without header and checksum.
// Columns of unknown types are no error here: nobody may want rows of the table.
// See Table_map_event in MySQL's libs/mysql/binlog/event/rows_event.h.
func parseTableMap(body []byte) (id uint64, m tableMap, err error) {
	d := decoder{rest: body}
	id = d.uint(6)
	d.take(2) // flags
	m.schema = string(d.take(d.length()))
	d.take(1) // a zero byte ends the name
	m.table = string(d.take(d.length()))
	d.take(1)
	m.types = append(m.types, d.take(d.length())...)
	meta := decoder{rest: d.take(d.length())}
	d.take(bitmapBytes(uint64(len(m.types)))) // which may be NULL; behind it: names, signs, character sets, if the server is told to
	if d.bad {
		return 0, tableMap{}, malformed("table map of %d bytes", len(body))
	}
	m.readMeta(&meta)
	return id, m, nil
}

// readMeta fills in meta and widths. Behind a column of unknown type nothing is
// known: how much metadata it has is unknown too.
func (m *tableMap) readMeta(d *decoder) {
	m.meta = make([]uint16, len(m.types))
	m.widths = make([]width, len(m.types))
	lost := false
	for i := range m.types {
		m.types[i], m.meta[i] = columnMeta(d, m.types[i])
		m.widths[i] = widthOf(m.types[i], m.meta[i])
		lost = lost || d.bad || m.widths[i] == unknownWidth
		if lost {
			m.widths[i] = unknownWidth
		}
		if m.types[i] == typeJSON {
			m.json++
		}
	}
}

// columnMeta reads the metadata of a column as read_field_metadata of MySQL's
// sql/rpl_utility.cc does, and returns its real type.
func columnMeta(d *decoder, kind byte) (byte, uint16) {
	switch kind {
	case typeTinyBlob, typeBlob, typeMediumBlob, typeLongBlob, typeBlobCompressed, typeGeometry, typeJSON, typeVector,
		typeFloat, typeDouble, typeTime2, typeDateTime2, typeTimestamp2:
		return kind, uint16(d.uint(1))
	case typeVarchar, typeVarString, typeVarcharCompressed, typeBit:
		return kind, uint16(d.uint(2))
	case typeNewDecimal:
		high := d.uint(1)
		return kind, uint16(high<<8 | d.uint(1))
	case typeString, typeEnum, typeSet:
		return stringMeta(byte(d.uint(1)), byte(d.uint(1)))
	case typeArray:
		arrayMeta(d)
		return kind, 4
	}
	return kind, 0
}

// stringMeta undoes what became of CHAR when it got longer than 255 bytes: the
// upper bits of the length hide, inverted, in the type
// (https://bugs.mysql.com/bug.php?id=37426).
func stringMeta(kind, low byte) (byte, uint16) {
	if kind == typeEnum || kind == typeSet {
		return kind, uint16(low)
	}
	return typeString, uint16(kind&0x30^0x30)<<4 | uint16(low)
}

// arrayMeta skips what the elements are: the array itself is a blob.
func arrayMeta(d *decoder) {
	switch element := byte(d.uint(1)); element {
	case typeVarchar:
		d.take(3)
	default:
		columnMeta(d, element)
	}
}
