package binlog

import (
	"bytes"
	"compress/zlib"
)

// MariaDB's compressed events (log_bin_compress; sql/log_event.h).
const (
	eventQuery                  = 2
	eventQueryCompressed        = 165
	eventWriteRowsCompressedV1  = 166
	eventUpdateRowsCompressedV1 = 167
	eventDeleteRowsCompressedV1 = 168
	eventWriteRowsCompressed    = 169
	eventUpdateRowsCompressed   = 170
	eventDeleteRowsCompressed   = 171
)

// plainTypes says what compressed events become.
var plainTypes = map[byte]byte{
	eventQueryCompressed:        eventQuery,
	eventWriteRowsCompressedV1:  eventWriteRowsV1,
	eventUpdateRowsCompressedV1: eventUpdateRowsV1,
	eventDeleteRowsCompressedV1: eventDeleteRowsV1,
	eventWriteRowsCompressed:    eventWriteRows,
	eventUpdateRowsCompressed:   eventUpdateRows,
	eventDeleteRowsCompressed:   eventDeleteRows,
}

// inflateMariaDB returns type and body of the event that a compressed one stands
// for. Its head is never compressed: see query_event_uncompress and
// row_log_event_uncompress in MariaDB's sql/log_event.cc.
func inflateMariaDB(event byte, body []byte) (plainType byte, plain []byte, err error) {
	plainType, ok := plainTypes[event]
	if !ok {
		return 0, nil, malformed("event %d as a compressed one", event)
	}
	rest := compressedPart(plainType, body)
	head := body[:len(body)-len(rest)]
	data, size, err := compressedHead(rest)
	if err != nil {
		return 0, nil, err
	}
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return 0, nil, malformed("compressed event: %w", err)
	}
	inflated, err := readInflated(r, size)
	if err != nil {
		return 0, nil, err
	}
	return plainType, append(head[:len(head):len(head)], inflated...), nil
}

// compressedPart returns what follows the head: of a query its text, of rows the
// images.
func compressedPart(plainType byte, body []byte) []byte {
	if kindOf(plainType) != 0 {
		r, _ := parseRows(plainType, body) // none if the head is malformed
		return r.rest
	}
	d := decoder{rest: body}
	d.take(4 + 4) // thread, seconds
	schema := d.uint(1)
	d.take(2)          // error
	d.take(d.uint(2))  // variables
	d.take(schema + 1) // a zero byte ends the name
	return d.rest
}

// compressedHead reads what stands before compressed data: a byte of 0x80, the
// algorithm (0: zlib), and how many bytes of length follow, the highest first.
func compressedHead(b []byte) (data []byte, size uint64, err error) {
	d := decoder{rest: b}
	head := d.uint(1)
	const ofLength, zlibLength = 0x07, 0x80
	for _, c := range d.take(head & ofLength) {
		size = size<<8 | uint64(c)
	}
	if d.bad || head&^ofLength != zlibLength || size == 0 {
		return nil, 0, malformed("compressed event with the head %#x", head)
	}
	return d.rest, size, nil
}
