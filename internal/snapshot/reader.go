package snapshot

import (
	"bufio"
	"fmt"
	"io"
)

// A Reader reads a snapshot and the purges behind it. It is not safe for
// concurrent use, and holds no more memory than the largest block.
type Reader struct {
	frames frames
	header Header
	block  decoder // records that are left of the frame at hand
	read   uint64  // records
	ended  bool    // the footer was read
}

// NewReader begins to read. The error is ErrDamaged, ErrVersion, or one of in.
func NewReader(in io.Reader) (*Reader, error) {
	in = bufio.NewReaderSize(in, 64<<10)
	seed, err := readPreamble(in)
	if err != nil {
		return nil, err
	}
	r := &Reader{frames: frames{in: in, seed: seed, offset: int64(preambleSize)}}
	k, body, err := r.next()
	if err != nil {
		return nil, err
	}
	if k != header {
		return nil, fmt.Errorf("%w: it has no header", ErrDamaged)
	}
	r.header, err = decodeHeader(body)
	return r, err
}

// Header returns what the snapshot begins with.
func (r *Reader) Header() Header { return r.header }

// Next returns the next record, and io.EOF behind the last one. Any other error
// is ErrDamaged or one of reading: then what was returned before is as it was
// written, but what was purged since is not known.
func (r *Reader) Next() (Record, error) {
	for len(r.block.rest) == 0 {
		if r.ended {
			return Record{}, io.EOF
		}
		if err := r.advance(); err != nil {
			return Record{}, err
		}
	}
	r.read++
	return r.block.record(r.header)
}

// advance reads a frame of records, or the footer.
func (r *Reader) advance() error {
	k, body, err := r.next()
	switch {
	case err != nil:
		return err
	case k == records:
		r.block = decoder{rest: body}
		return nil
	case k != footer:
		return fmt.Errorf("%w: something is between its records", ErrDamaged)
	}
	d := decoder{rest: body}
	if n := d.uint64(); d.end("footer") != nil || n != r.read {
		return fmt.Errorf("%w: it has %d records of %d", ErrDamaged, r.read, n)
	}
	r.ended = true
	return nil
}

// Purges returns, once Next has returned io.EOF, what is behind the records, up
// to the end of the file.
func (r *Reader) Purges() ([]Purge, error) {
	var all []Purge
	for {
		k, body, err := r.frames.next()
		switch {
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, err
		case k != purge:
			return nil, fmt.Errorf("%w: something is between its purges", ErrDamaged)
		}
		p, err := decodePurge(body)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// Bytes returns how much was read.
func (r *Reader) Bytes() int64 { return r.frames.offset }

// next returns a frame where the file may not end.
func (r *Reader) next() (kind, []byte, error) {
	k, body, err := r.frames.next()
	if err == io.EOF {
		err = damagedOr(err)
	}
	return k, body, err
}
