package binlog

// The types of columns that have a say in how a row is read (enum_field_types:
// MySQL's include/field_types.h, MariaDB's include/mysql.h.pp).
const (
	typeTiny              = 1
	typeShort             = 2
	typeLong              = 3
	typeFloat             = 4
	typeDouble            = 5
	typeNull              = 6
	typeTimestamp         = 7
	typeLongLong          = 8
	typeInt24             = 9
	typeDate              = 10
	typeTime              = 11
	typeDateTime          = 12
	typeYear              = 13
	typeNewDate           = 14
	typeVarchar           = 15
	typeBit               = 16
	typeTimestamp2        = 17
	typeDateTime2         = 18
	typeTime2             = 19
	typeArray             = 20  // MySQL's multi-valued index
	typeBlobCompressed    = 140 // MariaDB
	typeVarcharCompressed = 141 // MariaDB
	typeVector            = 242 // MySQL
	typeJSON              = 245 // MySQL
	typeNewDecimal        = 246
	typeEnum              = 247
	typeSet               = 248
	typeTinyBlob          = 249
	typeMediumBlob        = 250
	typeLongBlob          = 251
	typeBlob              = 252
	typeVarString         = 253
	typeString            = 254
	typeGeometry          = 255
)

// A width says how many bytes of a row a value takes: n of them or, if n is
// negative, as many as the -n bytes before the value say.
type width int8

// value takes a value off a row.
func (w width) value(d *decoder) []byte {
	if w >= 0 {
		return d.take(uint64(w))
	}
	return d.take(d.uint(int(-w)))
}

// unknownWidth is that of a type which this package does not know.
const unknownWidth width = 127

// fixedWidths are the types without metadata.
var fixedWidths = map[byte]width{
	typeTiny: 1, typeShort: 2, typeInt24: 3, typeLong: 4, typeLongLong: 8, typeYear: 1, typeNull: 0,
	typeDate: 3, typeNewDate: 3, typeTime: 3, typeDateTime: 8, typeTimestamp: 4,
}

// widthOf is MySQL's calc_field_size (libs/mysql/binlog/event/binary_log_funcs.cpp)
// and MariaDB's table_def::calc_field_size (sql/rpl_utility.cc).
func widthOf(kind byte, meta uint16) width {
	if w, ok := fixedWidths[kind]; ok {
		return w
	}
	high, low := int(meta>>8), int(meta&0xff)
	switch kind {
	case typeVarchar, typeVarString, typeVarcharCompressed, typeString:
		return lengthWidth(meta)
	case typeFloat, typeDouble:
		return bounded(low, 4, 8)
	case typeEnum, typeSet:
		return bounded(low, 1, 8)
	case typeBit:
		return bounded(high+min(low, 1), 1, 8)
	case typeTimestamp2:
		return fraction(4, low)
	case typeDateTime2:
		return fraction(5, low)
	case typeTime2:
		return fraction(3, low)
	case typeNewDecimal:
		return decimalWidth(high, low)
	case typeTinyBlob, typeBlob, typeMediumBlob, typeLongBlob, typeBlobCompressed,
		typeGeometry, typeJSON, typeVector, typeArray:
		return prefixed(low)
	}
	return unknownWidth
}

// lengthWidth is that of texts of at most so many bytes.
func lengthWidth(most uint16) width {
	if most > 255 {
		return -2
	}
	return -1
}

func bounded(n, least, most int) width {
	if n < least || n > most {
		return unknownWidth
	}
	return width(n)
}

func prefixed(bytes int) width {
	if bytes < 1 || bytes > 4 {
		return unknownWidth
	}
	return width(-bytes)
}

// fraction adds the bytes of the digits of a second.
func fraction(whole, digits int) width {
	if digits > 6 {
		return unknownWidth
	}
	return width(whole + (digits+1)/2)
}

// decimalWidth: nine digits share four bytes on either side of the point.
func decimalWidth(precision, scale int) width {
	const most = 65
	if precision < 1 || precision > most || scale > precision {
		return unknownWidth
	}
	side := func(digits int) int { return digits/9*4 + (digits%9+1)/2 }
	return width(side(precision-scale) + side(scale))
}
