package document_test

import (
	"bytes"
	"encoding"
	"strings"
	"testing"

	"productcache/internal/document"
)

var (
	_ encoding.BinaryAppender = (*document.Document)(nil)
)

// documents are of every kind: small, with a gzip form, empty, and listings.
func documents() map[string]*document.Document {
	long := `{"text":"` + strings.Repeat("long ", 100) + `"}`
	return map[string]*document.Document{
		"small":         document.New([]byte(`{"id":1}`), nil),
		"with gzip":     document.New([]byte(long), nil),
		"empty listing": document.New([]byte(`[]`), []uint32{}),
		"listing":       document.New([]byte(`[{"id":1},2,"three"]`), []uint32{9, 11, 19}),
		"long listing":  document.New([]byte(`[`+long+`,`+long+`]`), []uint32{uint32(1 + len(long)), uint32(2 + 2*len(long))}),
	}
}

func marshal(t testing.TB, d *document.Document) []byte {
	t.Helper()
	b, err := d.AppendBinary([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	return b[len("before"):]
}

// TestMarshalRoundTrip: the copy is like the original, weighs as much, and
// shares no memory with what it was read from.
func TestMarshalRoundTrip(t *testing.T) {
	for name, d := range documents() {
		b := marshal(t, d)
		got, err := document.Unmarshal(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range b {
			b[i] = '?'
		}
		if !bytes.Equal(got.Body(), d.Body()) || !bytes.Equal(got.Gzip(), d.Gzip()) || got.ETag() != d.ETag() || got.GzipETag() != d.GzipETag() ||
			got.Len() != d.Len() || (got.Gzip() == nil) != (d.Gzip() == nil) || got.Weight() != d.Weight() {
			t.Errorf("%s: got %+v, want %+v", name, got, d)
		}
		for from := range got.Len() + 1 {
			for to := from; to <= got.Len(); to++ {
				if g, w := string(got.Slice(nil, from, to)), string(d.Slice(nil, from, to)); g != w {
					t.Errorf("%s: Slice(%d, %d) = %s, want %s", name, from, to, g, w)
				}
			}
		}
	}
}

// FuzzUnmarshal: what is no document is an error, and what is taken for one is no larger than
// the bytes, can be used, and is written as what reads back as the same.
func FuzzUnmarshal(f *testing.F) {
	for _, d := range documents() {
		b := marshal(f, d)
		f.Add(b)
		f.Add(b[:len(b)-1])
		f.Add(append(b, 0))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := document.Unmarshal(b)
		if err != nil {
			return
		}
		if d.BodyLen()+len(d.Gzip())+d.Len() > len(b) || len(d.Body()) != d.BodyLen() {
			t.Fatalf("%q is a body of %d bytes, a gzip form of %d, and %d elements", b, d.BodyLen(), len(d.Gzip()), d.Len())
		}
		again := marshal(t, d)
		if back, err := document.Unmarshal(again); err != nil || !bytes.Equal(marshal(t, back), again) || len(again) > len(b) {
			t.Fatalf("%q is written as %q, and then %v", b, again, err)
		}
		if got := d.Slice(nil, 0, d.Len()); d.Len() > 0 && !bytes.Equal(got[1:len(got)-1], d.Body()[1:len(got)-1]) {
			t.Fatalf("all of %q is %q", d.Body(), got)
		}
		for i := range d.Len() {
			d.Slice(nil, i, i+1)
		}
		d.Weight()
	})
}

// TestCompactRoundTrip: the copy is like the original, in fewer bytes where there is a gzip form.
func TestCompactRoundTrip(t *testing.T) {
	for name, d := range documents() {
		b := d.AppendCompact([]byte("before"))[len("before"):]
		got, err := document.UnmarshalCompact(b, d.BodyLen())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if whole := marshal(t, d); d.Gzipped() && len(b) != len(whole)-d.BodyLen() || !d.Gzipped() && !bytes.Equal(b, whole) {
			t.Errorf("%s: %d bytes, where AppendBinary has %d", name, len(b), len(whole))
		}
		if again := marshal(t, got); !bytes.Equal(again, marshal(t, d)) {
			t.Errorf("%s: got %q, want %q", name, again, marshal(t, d))
		}
		if _, err := document.UnmarshalCompact(b, d.BodyLen()-1); err == nil {
			t.Errorf("%s: a body is taken that is too large", name)
		}
		for i := range b {
			forged := bytes.Clone(b)
			forged[i] ^= 1
			if got, err := document.UnmarshalCompact(forged, 1<<20); err == nil && !bytes.Equal(got.Body(), d.Body()) {
				t.Errorf("%s: with byte %d changed it is %q", name, i, got.Body())
			}
		}
	}
}

// FuzzUnmarshalCompact: what is no document is an error, and what is one has the body that its entity tag says.
func FuzzUnmarshalCompact(f *testing.F) {
	for _, d := range documents() {
		b := d.AppendCompact(nil)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 1 << 16
		d, err := document.UnmarshalCompact(b, most)
		if err != nil {
			return
		}
		if d.BodyLen() > most || document.New(d.Body(), nil).ETag() != d.ETag() {
			t.Fatalf("%q is a body of %d bytes, %q", b, d.BodyLen(), d.Body())
		}
		d.Slice(nil, 0, d.Len())
	})
}
