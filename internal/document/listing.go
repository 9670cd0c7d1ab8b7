package document

import "encoding/binary"

// Len returns the number of elements of a listing, and 0 for an object.
func (d *Document) Len() int {
	s := d.shape()
	return s.elements
}

// Slice appends to dst the JSON array of the elements from (inclusive) to to
// (exclusive), which must lie within [0, Len] in that order.
func (d *Document) Slice(dst []byte, from, to int) []byte {
	dst = append(dst, '[')
	if from < to {
		s := d.shape()
		start := len("[")
		if from > 0 {
			start = d.elementEnd(&s, from-1) + len(",")
		}
		head, tail := d.part(&s, s.body()+start, s.body()+d.elementEnd(&s, to-1))
		dst = append(append(dst, head...), tail...)
	}
	return append(dst, ']')
}

// elementEnd returns the offset in the body behind an element.
func (d *Document) elementEnd(s *shape, i int) int {
	var end [endBytes]byte
	head, tail := d.part(s, i*endBytes, (i+1)*endBytes)
	copy(end[copy(end[:], head):], tail)
	return int(binary.NativeEndian.Uint32(end[:]))
}
