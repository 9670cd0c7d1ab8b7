package document

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
)

// pattern is text in which any shift shows.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// TestLayout: whatever the lengths, all content comes back, though it is in two blocks.
func TestLayout(t *testing.T) {
	divided := 0
	for _, size := range sizes() {
		var documents []*Document
		shapes := shapes(size)
		for _, s := range shapes {
			documents = append(documents, lay(pattern(s.size), packed(s), ends(s)))
		}
		runtime.GC()
		for i, s := range shapes {
			if err := check(documents[i], pattern(s.size), packed(s), ends(s)); err != nil {
				t.Fatalf("%+v: %v", s, err)
			}
			if head, tail := documents[i].BodyParts(); len(head) > 0 && len(tail) > 0 {
				divided++
			}
		}
	}
	if divided < 50 {
		t.Errorf("%d bodies were in two parts, want many", divided)
	}
}

func shapes(size int) (all []shape) {
	for _, packed := range []int{0, 1, size / 3, size} {
		for _, elements := range []int{0, 1, 5, size / 40} {
			all = append(all, shape{size: size, packed: packed, elements: elements})
		}
	}
	return all
}

func packed(s shape) []byte {
	if s.packed == 0 {
		return nil
	}
	return pattern(s.packed + 1000)[1000:]
}

func ends(s shape) []uint32 {
	ends := make([]uint32, s.elements)
	for i := range ends {
		ends[i] = uint32(i)<<20 + 7
	}
	return ends
}

func check(d *Document, body, gzip []byte, ends []uint32) error {
	switch {
	case !bytes.Equal(d.Body(), body) || d.BodyLen() != len(body):
		return fmt.Errorf("Body() differs, BodyLen() = %d", d.BodyLen())
	case !bytes.Equal(d.Gzip(), gzip) || d.Gzipped() != (gzip != nil):
		return fmt.Errorf("Gzip() differs, Gzipped() = %v", d.Gzipped())
	case d.Len() != len(ends):
		return fmt.Errorf("Len() = %d", d.Len())
	}
	s := d.shape()
	for i, want := range ends {
		if got := d.elementEnd(&s, i); got != int(want) {
			return fmt.Errorf("end %d = %d, want %d", i, got, want)
		}
	}
	return nil
}

func sizes() (sizes []int) {
	for n := range 40 {
		sizes = append(sizes, n)
	}
	for n := 41; n < 4000; n += 61 {
		sizes = append(sizes, n)
	}
	return append(sizes, 1023, 1024, 1025, 32<<10-1, 32<<10, 32<<10+1, 32<<10+489, 50_000, 200_000)
}

// TestLayoutLosesLittle: 18 bytes before the tail, 2 for a length and on average half a
// step of 16.
func TestLayoutLosesLittle(t *testing.T) {
	lost, n := 0, 0
	for size := 600; size < 1800; size++ {
		d := lay(make([]byte, size), nil, nil)
		lost, n = lost+d.Weight()-size, n+1
	}
	if mean := float64(lost) / float64(n); mean > 28 {
		t.Errorf("%.1f bytes beside the content, want at most 28", mean)
	}
}
