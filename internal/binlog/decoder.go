package binlog

import (
	"errors"
	"fmt"
)

// errMalformed is wrapped by the errors of events that do not follow the format:
// broken on the way, or of a server newer than this package knows.
var errMalformed = errors.New("binlog: malformed event")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errMalformed}, args...)...)
}

// A decoder takes values off the front of an event's bytes. Once they do not
// suffice it is bad, and all it gives are zero values.
type decoder struct {
	rest []byte
	bad  bool
}

// take returns the next n bytes. They stay part of the event: no copy is made.
func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return nil
	}
	taken := d.rest[:n:n]
	d.rest = d.rest[n:]
	return taken
}

// uint returns an integer of n bytes, the lowest first, as nearly all are.
func (d *decoder) uint(n int) uint64 { return littleEndian(d.take(uint64(n))) }

// length returns a length-encoded integer.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html
func (d *decoder) length() uint64 {
	switch first := d.uint(1); first {
	case 0xfc:
		return d.uint(2)
	case 0xfd:
		return d.uint(3)
	case 0xfe:
		return d.uint(8)
	case 0xfb, 0xff: // NULL and errors elsewhere in the protocol, no lengths
		d.bad, d.rest = true, nil
		return 0
	default:
		return first
	}
}

func littleEndian(b []byte) (v uint64) {
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}
