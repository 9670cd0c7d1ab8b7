package binlog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// errUnsupportedKey is wrapped by the errors of keyText for columns whose values
// it cannot tell from a row event.
var errUnsupportedKey = errors.New("binlog: unsupported key column")

// intBits are the types that are read as numbers. YEAR counts from 1900.
var intBits = map[byte]int{typeTiny: 8, typeShort: 16, typeInt24: 24, typeLong: 32, typeLongLong: 64, typeYear: 8}

// keyText returns the text of a value of a column as the server would send it in
// utf8mb4, and whether it is a number; then the text is its one spelling, without
// the zeros of ZEROFILL. c is what the server says of the column, with the name of
// its type for a character set where it is neither text, bytes nor a number.
func (m *tableMap) keyText(column int, c Column, raw []byte) (text string, numeric bool, err error) {
	if column < 0 || column >= len(m.types) {
		return "", false, malformed("column %d of %s.%s, which has %d", column+1, m.schema, m.table, len(m.types))
	}
	kind := m.types[column]
	if bits, ok := intBits[kind]; ok {
		if len(raw) != bits/8 {
			return "", false, malformed("integer of %d bytes in %s", len(raw), c.Name)
		}
		return intText(kind, c.Unsigned, bits, littleEndian(raw)), true, nil
	}
	switch kind {
	case typeString:
		text, err = charText(c, raw, int(m.meta[column]))
	case typeVarchar, typeVarString, typeTinyBlob, typeBlob, typeMediumBlob, typeLongBlob:
		text, err = decodeText(c.Charset, raw)
	default:
		err = fmt.Errorf("it is of type %s", typeName(kind))
	}
	if err != nil {
		return "", false, fmt.Errorf("%w: %s.%s.%s: %w", errUnsupportedKey, m.schema, m.table, c.Name, err)
	}
	return text, false, nil
}

func intText(kind byte, unsigned bool, bits int, v uint64) string {
	if kind == typeYear {
		return strconv.FormatUint(year(v), 10)
	}
	if unsigned {
		return strconv.FormatUint(v, 10)
	}
	unused := 64 - bits
	return strconv.FormatInt(int64(v<<unused)>>unused, 10)
}

// year: 0000 is 0, and all others are of 1901 to 2155.
func year(v uint64) uint64 {
	if v == 0 {
		return 0
	}
	return 1900 + v
}

// charText undoes the shortening of CHAR and BINARY, whose padding is left out:
// the server sends BINARY with it, CHAR without.
func charText(c Column, raw []byte, size int) (string, error) {
	text, err := decodeText(c.Charset, raw)
	if err != nil {
		return "", err
	}
	if c.Charset == "" || c.Charset == "binary" {
		return text + strings.Repeat("\x00", max(0, size-len(text))), nil
	}
	return strings.TrimRight(text, " "), nil
}

// typeName names the types that are no keys.
func typeName(kind byte) string {
	names := map[byte]string{
		typeFloat: "FLOAT", typeDouble: "DOUBLE", typeNewDecimal: "DECIMAL", typeNull: "NULL", typeBit: "BIT",
		typeDate: "DATE", typeNewDate: "DATE", typeTime: "TIME", typeTime2: "TIME", typeDateTime: "DATETIME",
		typeDateTime2: "DATETIME", typeTimestamp: "TIMESTAMP", typeTimestamp2: "TIMESTAMP",
		typeEnum: "ENUM", typeSet: "SET", typeJSON: "JSON", typeGeometry: "GEOMETRY", typeVector: "VECTOR",
		typeBlobCompressed: "BLOB COMPRESSED", typeVarcharCompressed: "VARCHAR COMPRESSED",
	}
	if name, ok := names[kind]; ok {
		return name
	}
	return strconv.Itoa(int(kind))
}
