package tier

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// What stands in Redis under a value's name. Its first byte says what it is: a lease, with its token; an absence; or a value.
// Behind that of an absence and of a value are, in thirteen digits each, the milliseconds that it was
// old when it was stored, and those that it was stored for. So its age is known from PTTL, by the clock of Redis alone, to
// the script ask too. Then comes the node's position in the binlog before the load, its length in a byte first, and then the value.
const (
	isLease   = 'L'
	isAbsence = 'N'
	isValue   = 'V'
)

// fixed is the length of what every value begins with.
const fixed = 1 + 2*digits + 1

const digits = 13

var errRecord = errors.New("tier: what stands in Redis is no value")

// record is a value, or an absence.
type record struct {
	found    bool
	age      time.Duration // when it was stored
	life     time.Duration // from then on
	position string        // where the node was in the binlog before the load; "" if it does not follow it
	value    []byte
}

func (r record) append(b []byte) []byte {
	kind := byte(isAbsence)
	if r.found {
		kind = isValue
	}
	b = append(b, kind)
	b = fmt.Appendf(b, "%0*d%0*d", digits, r.age.Milliseconds(), digits, r.life.Milliseconds())
	b = append(b, byte(len(r.position)))
	b = append(b, r.position...)
	return append(b, r.value...)
}

// parseRecord reads what has so much of its life left. The age becomes that of now.
func parseRecord(b []byte, left time.Duration) (r record, err error) {
	if len(b) < fixed || b[0] != isValue && b[0] != isAbsence {
		return r, errRecord
	}
	r.found = b[0] == isValue
	age, err1 := strconv.ParseUint(string(b[1:1+digits]), 10, 64)
	life, err2 := strconv.ParseUint(string(b[1+digits:1+2*digits]), 10, 64)
	if err1 != nil || err2 != nil || age > maxMillis || life > maxMillis {
		return r, errRecord
	}
	r.life = time.Duration(life) * time.Millisecond
	// What was stored is rounded down, and so is what is left. The script ask counts in the same way.
	r.age = time.Duration(age+1)*time.Millisecond + max(0, r.life-left)
	b = b[fixed-1:]
	if n := int(b[0]); n < len(b) {
		r.position, r.value = string(b[1:1+n]), b[1+n:]
		return r, nil
	}
	return r, errRecord
}

// maxMillis is a hundred years.
const maxMillis = 100 * 366 * 24 * 3600 * 1000

func leaseOf(b []byte) (token []byte, ok bool) { return bytes.CutPrefix(b, []byte{isLease}) }
