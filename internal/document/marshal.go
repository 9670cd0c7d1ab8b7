package document

import (
	"encoding/binary"
	"errors"
	"math"
)

// errMarshaled says that bytes are not what AppendBinary has written.
var errMarshaled = errors.New("document: this is no document")

// AppendBinary implements encoding.BinaryAppender. What it appends holds all
// that New computes, so that Unmarshal is quick. The error is always nil.
func (d *Document) AppendBinary(b []byte) ([]byte, error) {
	s := d.shape()
	b = d.appendFrame(b, &s)
	head, tail := d.part(&s, s.body(), s.end())
	return append(append(b, head...), tail...), nil
}

// appendFrame appends what stands before the texts: the hash, their lengths, and where elements end.
func (d *Document) appendFrame(b []byte, s *shape) []byte {
	b = append(b, d.hash[:]...)
	for _, n := range []int{s.size, s.packed, s.elements} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	before := 0
	for i := range s.elements {
		end := d.elementEnd(s, i)
		b = binary.AppendUvarint(b, uint64(end-before))
		before = end
	}
	return b
}

// Unmarshal returns the document that AppendBinary has written. It copies what
// it keeps.
func Unmarshal(b []byte) (*Document, error) {
	p := parts{rest: b}
	var hash [hashBytes]byte
	copy(hash[:], p.take(hashBytes))
	size, packed, elements := p.uint(), p.uint(), p.uint()
	ends := p.ends(elements, size)
	body, gzip := p.take(size), p.take(packed)
	if p.bad || len(p.rest) > 0 {
		return nil, errMarshaled
	}
	d := lay(body, gzip, ends)
	d.hash = hash
	return d, nil
}

// parts takes a marshaled document apart. Once something is missing, bad is set.
type parts struct {
	rest []byte
	bad  bool
}

func (p *parts) uint() uint64 {
	v, n := binary.Uvarint(p.rest)
	if n <= 0 || v > math.MaxUint32 {
		p.rest, p.bad = nil, true
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

func (p *parts) take(n uint64) []byte {
	if n > uint64(len(p.rest)) {
		p.rest, p.bad = nil, true
		return nil
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}

// ends are where n elements of a body of so many bytes end.
func (p *parts) ends(n, size uint64) []uint32 {
	if n > uint64(len(p.rest)) { // each has one byte at least
		p.bad = true
		return nil
	}
	var ends []uint32
	at := uint64(0)
	for range n {
		more := p.uint()
		// Before each element is a bracket or a comma, behind the last a bracket.
		if more == 0 || more >= size-at {
			p.bad = true
			return nil
		}
		at += more
		ends = append(ends, uint32(at))
	}
	return ends
}
