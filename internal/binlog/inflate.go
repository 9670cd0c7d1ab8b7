package binlog

import (
	"errors"
	"fmt"
	"io"
)

// errTooLarge is wrapped by the errors of compressed events that would take more
// memory than a follower may: what they changed stays unknown.
var errTooLarge = errors.New("binlog: compressed event too large")

// maxInflated bounds what comes out of a compressed event.
const maxInflated = 256 << 20

// maxTrust is how much memory is taken on the word of an event before the data
// has come.
const maxTrust = 1 << 20

// readInflated reads exactly size bytes, which r must have and no more.
func readInflated(r io.Reader, size uint64) ([]byte, error) {
	if size > maxInflated {
		return nil, fmt.Errorf("%w: %d bytes", errTooLarge, size)
	}
	plain := make([]byte, min(size, maxTrust))
	for have := 0; ; {
		n, err := io.ReadFull(r, plain[have:])
		have += n
		if err != nil {
			return nil, malformed("compressed event: %d bytes of %d: %w", have, size, err)
		}
		if uint64(have) == size {
			break
		}
		longer := make([]byte, min(2*uint64(have), size))
		copy(longer, plain)
		plain = longer
	}
	if _, err := io.ReadFull(r, make([]byte, 1)); err != io.EOF { // a checksum may be wrong too
		return nil, malformed("compressed event: no end after %d bytes: %w", size, err)
	}
	return plain, nil
}
