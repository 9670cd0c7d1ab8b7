package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	magic   = "\x89PCSNAP\n"
	version = 1

	preambleSize = len(magic) + 4 + 8 + 4
	headSize     = 1 + 4 + 8 + 4
	checkSize    = 4

	// maxBody is the largest body of a frame: an unfinished block and one more record.
	maxBody = blockSize + MaxRecord + recordOverhead
)

// A kind of frames.
type kind byte

const (
	header kind = iota + 1
	records
	footer
	purge
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newPreamble returns a preamble, and the checksum that those of the frames
// go on from.
func newPreamble(salt [8]byte) (preamble []byte, seed uint32) {
	preamble = binary.LittleEndian.AppendUint32([]byte(magic), version)
	preamble = append(preamble, salt[:]...)
	seed = crc32.Checksum(preamble, castagnoli)
	return binary.LittleEndian.AppendUint32(preamble, seed), seed
}

// readPreamble returns the seed of the frames' checksums.
func readPreamble(r io.Reader) (seed uint32, err error) {
	var b [preambleSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, damagedOr(err)
	}
	if string(b[:len(magic)]) != magic {
		return 0, fmt.Errorf("%w: it does not begin as one", ErrDamaged)
	}
	seed = crc32.Checksum(b[:preambleSize-checkSize], castagnoli)
	if binary.LittleEndian.Uint32(b[preambleSize-checkSize:]) != seed {
		return 0, fmt.Errorf("%w: its beginning", ErrDamaged)
	}
	if v := binary.LittleEndian.Uint32(b[len(magic):]); v != version {
		return 0, fmt.Errorf("%w: %d, this is %d", ErrVersion, v, version)
	}
	return seed, nil
}

// A frame is built in one piece of memory: beginFrame, the body appended,
// endFrame.
func beginFrame(b []byte, k kind) []byte {
	b = append(b[:0], byte(k))
	return append(b, make([]byte, headSize-1)...)
}

// endFrame fills in the head of a frame that will stand at an offset.
func endFrame(b []byte, offset int64, seed uint32) []byte {
	binary.LittleEndian.PutUint32(b[1:], uint32(len(b)-headSize))
	binary.LittleEndian.PutUint64(b[5:], uint64(offset))
	check := crc32.Update(seed, castagnoli, b[:headSize-checkSize])
	binary.LittleEndian.PutUint32(b[headSize-checkSize:], check)
	return binary.LittleEndian.AppendUint32(b, crc32.Update(seed, castagnoli, b))
}

// frames reads the frames of a file one after the other.
type frames struct {
	in     io.Reader
	seed   uint32
	offset int64
	buffer []byte // of one frame, used again for the next
}

// next returns a frame. Its body is valid until the next call. The error is
// io.EOF where the file ends, which says nothing about whether it may.
func (f *frames) next() (k kind, body []byte, err error) {
	head := grown(f.buffer, headSize)
	if n, err := io.ReadFull(f.in, head); err != nil {
		if n == 0 && errors.Is(err, io.EOF) {
			return 0, nil, io.EOF
		}
		return 0, nil, damagedOr(err)
	}
	length := int(binary.LittleEndian.Uint32(head[1:]))
	check := crc32.Update(f.seed, castagnoli, head[:headSize-checkSize])
	if binary.LittleEndian.Uint32(head[headSize-checkSize:]) != check || length > maxBody ||
		binary.LittleEndian.Uint64(head[5:]) != uint64(f.offset) {
		return 0, nil, fmt.Errorf("%w: at offset %d", ErrDamaged, f.offset)
	}
	b := grown(head, headSize+length+checkSize)
	f.buffer = b
	if _, err := io.ReadFull(f.in, b[headSize:]); err != nil {
		return 0, nil, damagedOr(err)
	}
	end := headSize + length
	if binary.LittleEndian.Uint32(b[end:]) != crc32.Update(f.seed, castagnoli, b[:end]) {
		return 0, nil, fmt.Errorf("%w: at offset %d", ErrDamaged, f.offset)
	}
	f.offset += int64(len(b))
	return kind(b[0]), b[headSize:end], nil
}

// grown returns b with n bytes, its contents kept.
func grown(b []byte, n int) []byte {
	if cap(b) >= n {
		return b[:n]
	}
	return append(make([]byte, 0, n), b...)[:n]
}

// damagedOr tells the end of a file, which it has too early, from failures to
// read it.
func damagedOr(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too early", ErrDamaged)
	}
	return fmt.Errorf("snapshot: read: %w", err)
}
