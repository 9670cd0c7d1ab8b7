package snapshot

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
)

// blockSize is how many bytes of records gather before they are written.
const blockSize = 1 << 20

// A Writer writes a snapshot. It is not safe for concurrent use, and holds no
// more memory than a block and the largest record.
type Writer struct {
	out    io.Writer
	header Header
	seed   uint32
	block  []byte // the frame of records at hand
	info   Info
}

// NewWriter begins a snapshot.
func NewWriter(out io.Writer, h Header) (*Writer, error) {
	var salt [8]byte
	_, _ = rand.Read(salt[:]) // never fails
	w := &Writer{out: out, header: h, block: make([]byte, 0, blockSize+blockSize/4)}
	var preamble []byte
	preamble, w.seed = newPreamble(salt)
	if err := w.write(preamble); err != nil {
		return nil, err
	}
	if err := w.frame(appendHeader(beginFrame(nil, header), h)); err != nil {
		return nil, err
	}
	w.block = beginFrame(w.block, records)
	return w, nil
}

// Add writes a record, by and by. The error is ErrTooLarge, after which more may
// be added, or one of writing, after which nothing may.
func (w *Writer) Add(r Record) error {
	if len(r.Key)+len(r.Value) > MaxRecord {
		return ErrTooLarge
	}
	w.block = appendRecord(w.block, r, w.header.Time)
	w.info.Records++
	if len(w.block) < headSize+blockSize {
		return nil
	}
	return w.flush()
}

// Close writes what is missing to a whole snapshot, behind which purges may
// follow.
func (w *Writer) Close() error {
	if len(w.block) > headSize {
		if err := w.flush(); err != nil {
			return err
		}
	}
	return w.frame(binary.LittleEndian.AppendUint64(beginFrame(nil, footer), uint64(w.info.Records)))
}

// Info returns what was written up to now.
func (w *Writer) Info() Info { return w.info }

func (w *Writer) flush() error {
	err := w.frame(w.block)
	if cap(w.block) > 4*blockSize { // of a large record: not to be kept
		w.block = nil
	}
	w.block = beginFrame(w.block, records)
	return err
}

func (w *Writer) frame(b []byte) error { return w.write(endFrame(b, w.info.Bytes, w.seed)) }

func (w *Writer) write(b []byte) error {
	n, err := w.out.Write(b)
	w.info.Bytes += int64(n)
	if err != nil {
		return fmt.Errorf("snapshot: write: %w", err)
	}
	return nil
}
