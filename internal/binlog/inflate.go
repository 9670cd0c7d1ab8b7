package binlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// errTooLarge is wrapped by the errors of compressed events that would take more
// memory than a follower may: what they changed stays unknown.
var errTooLarge = errors.New("binlog: compressed event too large")

// maxInflated bounds what comes out of a compressed event.
const maxInflated = 1 << 30

// maxTrust is how much memory is taken on the word of an event before the data
// has come.
const maxTrust = 1 << 20

// readInflated reads exactly size bytes, which r must have and no more.
func readInflated(r io.Reader, size uint64) ([]byte, error) {
	if size > maxInflated {
		return nil, fmt.Errorf("%w: %d bytes", errTooLarge, size)
	}
	into := bytes.NewBuffer(make([]byte, 0, min(size, maxTrust)+bytes.MinRead))
	n, err := into.ReadFrom(io.LimitReader(r, int64(size)+1))
	if err != nil {
		return nil, malformed("compressed event: %w", err)
	}
	if n != int64(size) {
		return nil, malformed("compressed event of %d bytes or more that says it has %d", n, size)
	}
	return into.Bytes(), nil
}
