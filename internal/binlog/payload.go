package binlog

import (
	"bytes"

	"github.com/klauspost/compress/zstd"
)

// The fields of a TRANSACTION_PAYLOAD_EVENT, and the compressions
// (libs/mysql/binlog/event/codecs/binary.cpp and compression/compression_type.h of MySQL).
const (
	payloadEnd          = 0
	payloadSize         = 1
	payloadCompression  = 2
	payloadUncompressed = 3

	compressionZstd = 0
	compressionNone = 255
)

// A payload is a transaction in one event.
type payload struct {
	compression uint64
	inflated    uint64 // size
	data        []byte
}

// inflatePayload returns the events of a TRANSACTION_PAYLOAD_EVENT: whole, with
// headers, but without checksums.
func inflatePayload(body []byte) (events [][]byte, err error) {
	p, err := parsePayload(body)
	if err != nil {
		return nil, err
	}
	switch p.compression {
	case compressionNone:
		return splitEvents(p.data)
	case compressionZstd:
		plain, err := inflateZstd(p.data, p.inflated)
		if err != nil {
			return nil, err
		}
		return splitEvents(plain)
	}
	return nil, malformed("transaction with compression %d", p.compression)
}

func parsePayload(body []byte) (payload, error) {
	var p payload
	d := decoder{rest: body}
	size := uint64(len(body)) + 1
	for !d.bad {
		field := d.length()
		if field == payloadEnd && !d.bad {
			p.data = d.take(size)
			break
		}
		value := decoder{rest: d.take(d.length())}
		switch field {
		case payloadSize:
			size = value.length()
		case payloadCompression:
			p.compression = value.length()
		case payloadUncompressed:
			p.inflated = value.length()
		}
		d.bad = d.bad || value.bad
	}
	if d.bad {
		return payload{}, malformed("transaction payload of %d bytes", len(body))
	}
	return p, nil
}

// maxWindow is how far zstd may look back, as in the server.
const maxWindow = 128 << 20

// inflateZstd decodes at once what is small, and streams the rest: a frame may
// claim a size too, and the library would believe it.
func inflateZstd(data []byte, size uint64) ([]byte, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxInflated))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if err := d.Reset(bytes.NewReader(data)); err != nil {
		return nil, malformed("transaction payload: %w", err)
	}
	return readInflated(d, size)
}

// splitEvents parts events, each of which says its length (byte 9 of the header).
func splitEvents(plain []byte) (events [][]byte, err error) {
	d := decoder{rest: plain}
	for len(d.rest) > 0 {
		head := decoder{rest: d.rest}
		head.take(9)
		size := head.uint(4)
		if head.bad || size < headerSize {
			return nil, malformed("event of %d bytes in a transaction payload", size)
		}
		event := d.take(size)
		if d.bad {
			return nil, malformed("transaction payload of %d bytes that ends within an event", len(plain))
		}
		events = append(events, event)
	}
	return events, nil
}
