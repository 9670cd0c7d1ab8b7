package document

import (
	"encoding/binary"
	"unsafe"

	"productcache/internal/alloc"
)

// A Document has its content in two blocks, so that little is lost to the
// allocator's rounding, which is a sixteenth of each block: head is as long as
// such a block, and the rest stands behind the Document. Neither head nor that
// holds pointers that the collector would have to follow.
//
// The content is the ends of a listing's elements, then the body, then its gzip
// form. The tail begins with varints: the length of the body, with flags in its
// lowest bits, and where there are such, the length of the gzip form and the
// number of the elements.

const (
	gzipFlag    = 1 << 0
	listingFlag = 1 << 1
	flagBits    = 2

	endBytes  = 4  // of an element's end
	tailBytes = 14 // of the tail in the Document itself: makes its size one that blocks have

	// wholeClass says that head holds all of the content.
	wholeClass = 255
)

// shape is where what is in a document.
type shape struct {
	lengths  int // bytes of them at the tail's beginning
	head     int // bytes of content in head
	elements int
	packed   int
	size     int
}

func (s *shape) body() int { return endBytes * s.elements }
func (s *shape) gzip() int { return s.body() + s.size }
func (s *shape) end() int  { return s.gzip() + s.packed }

// behind is how many bytes of the tail are behind the Document.
func (s *shape) behind() int { return max(0, s.lengths+s.end()-s.head-tailBytes) }

func (d *Document) shape() (s shape) {
	size, at := d.number(0)
	s.size = size >> flagBits
	if size&gzipFlag != 0 {
		s.packed, at = d.number(at)
	}
	if size&listingFlag != 0 {
		s.elements, at = d.number(at)
	}
	s.lengths = at
	s.head = s.end()
	if d.class != wholeClass {
		s.head = alloc.Class(d.class)
	}
	return s
}

// number returns the varint at an offset of the tail, and the offset behind it.
func (d *Document) number(at int) (n, end int) {
	for shift := 0; ; shift += 7 {
		b := *(*byte)(unsafe.Add(unsafe.Pointer(&d.tail), at))
		n |= int(b&0x7f) << shift
		at++
		if b < 0x80 {
			return n, at
		}
	}
}

// lay makes a document without its hash.
func lay(body, packed []byte, ends []uint32) *Document {
	s := shape{size: len(body), packed: len(packed), elements: len(ends)}
	var room [3 * binary.MaxVarintLen32]byte
	lengths := s.appendLengths(room[:0])
	s.lengths = len(lengths)
	class := s.divide()
	d := alloc.With[Document](s.behind())
	d.class = class
	if s.head > 0 {
		d.head = unsafe.SliceData(make([]byte, s.head))
	}
	copy(d.wholeTail(&s), lengths)
	d.fill(&s, body, packed, ends)
	return d
}

func (s *shape) appendLengths(dst []byte) []byte {
	size := uint64(s.size) << flagBits
	if s.packed > 0 {
		size |= gzipFlag
	}
	if s.elements > 0 {
		size |= listingFlag
	}
	dst = binary.AppendUvarint(dst, size)
	if s.packed > 0 {
		dst = binary.AppendUvarint(dst, uint64(s.packed))
	}
	if s.elements > 0 {
		dst = binary.AppendUvarint(dst, uint64(s.elements))
	}
	return dst
}

// divide chooses the length of head that costs least.
func (s *shape) divide() (class uint8) {
	s.head = s.end()
	least, class := s.weight(), uint8(wholeClass)
	for _, c := range []uint8{0, alloc.ClassWithin(s.end())} {
		divided := *s
		divided.head = alloc.Class(c)
		if divided.behind() <= alloc.MaxBehind && divided.weight() <= least {
			least, class = divided.weight(), c
		}
	}
	if class != wholeClass {
		s.head = alloc.Class(class)
	}
	return class
}

func (s *shape) weight() int { return alloc.Size(s.head) + alloc.SizeWith[Document](s.behind()) }

// Weight returns the bytes of memory that the document occupies, as the
// allocator rounds them.
func (d *Document) Weight() int {
	s := d.shape()
	return s.weight()
}

func (d *Document) fill(s *shape, body, packed []byte, ends []uint32) {
	var end [endBytes]byte
	for i, e := range ends {
		binary.NativeEndian.PutUint32(end[:], e)
		d.put(s, i*endBytes, end[:])
	}
	d.put(s, s.body(), body)
	d.put(s, s.gzip(), packed)
}

// put copies b to an offset of the content.
func (d *Document) put(s *shape, at int, b []byte) {
	head, tail := d.part(s, at, at+len(b))
	copy(tail, b[copy(head, b):])
}

// part returns the content between two offsets: what of it is in head, and what
// is in the tail.
func (d *Document) part(s *shape, from, to int) (head, tail []byte) {
	if from < s.head {
		head = unsafe.Slice(d.head, s.head)[from:min(to, s.head):min(to, s.head)]
	}
	if to > s.head {
		first := s.lengths - s.head // in the tail stands the content from s.head on
		tail = d.wholeTail(s)[first+max(from, s.head) : first+to : first+to]
	}
	return head, tail
}

// wholeTail returns what is in the Document and behind it.
func (d *Document) wholeTail(s *shape) []byte {
	return unsafe.Slice(&d.tail[0], tailBytes+s.behind())
}
