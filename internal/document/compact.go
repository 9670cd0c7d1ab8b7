package document

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// AppendCompact is AppendBinary in fewer bytes: of a document that has a gzip form it holds that alone.
func (d *Document) AppendCompact(b []byte) []byte {
	s := d.shape()
	b = d.appendFrame(b, &s)
	head, tail := d.BodyParts()
	if d.Gzipped() {
		head, tail = d.GzipParts()
	}
	return append(append(b, head...), tail...)
}

// UnmarshalCompact returns the document that AppendCompact has written, if its body has at most so many bytes and is
// what its entity tag says: others may have had it in their hands.
func UnmarshalCompact(b []byte, most int) (*Document, error) {
	p := parts{rest: b}
	var hash [hashBytes]byte
	copy(hash[:], p.take(hashBytes))
	size, packed, elements := p.uint(), p.uint(), p.uint()
	if size > uint64(most) {
		return nil, fmt.Errorf("document: a body of %d bytes, where at most %d are allowed", size, most)
	}
	ends := p.ends(elements, size)
	var body, zipped []byte
	if packed > 0 {
		zipped = p.take(packed)
	} else {
		body = p.take(size)
	}
	if p.bad || len(p.rest) > 0 {
		return nil, errMarshaled
	}
	if packed > 0 {
		var err error
		if body, err = unzip(zipped, int(size)); err != nil {
			return nil, err
		}
	}
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:hashBytes], hash[:]) {
		return nil, errMarshaled
	}
	d := lay(body, zipped, ends)
	d.hash = hash
	return d, nil
}

// unzip returns the body of so many bytes that was compressed.
func unzip(zipped []byte, size int) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, errMarshaled
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, errMarshaled
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, errMarshaled
	}
	return body, nil
}
