package document_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"productcache/internal/document"
)

// FuzzNew: a listing of these texts is what it was made of, in every page, packed, and once it was
// written and read again. So is an object of the same bytes.
func FuzzNew(f *testing.F) {
	f.Add([]byte("one\x00two\x00\x00three"))
	f.Add([]byte(""))
	f.Add([]byte(strings.Repeat("a mug of good clay; ", 20) + "\x00mug"))
	f.Add(bytes.Repeat([]byte("x\x00"), 200))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8<<10 {
			return // packing it takes most of the time
		}
		var elements [][]byte
		body, ends := []byte("["), []uint32{}
		for _, text := range bytes.Split(data, []byte{0}) {
			element, err := json.Marshal(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if len(ends) > 0 {
				body = append(body, ',')
			}
			body = append(body, element...)
			elements, ends = append(elements, element), append(ends, uint32(len(body)))
		}
		body = append(body, ']')
		listing := document.New(body, ends)
		for _, d := range []*document.Document{listing, document.New(body, nil)} {
			checkDocument(t, d, body)
			back, err := document.Unmarshal(marshal(t, d))
			if err != nil || back.Len() != d.Len() || back.ETag() != d.ETag() || back.Weight() != d.Weight() || !back.Same(d) {
				t.Fatalf("%q comes back as %+v, %v", body, back, err)
			}
			checkDocument(t, back, body)
		}
		for from := range elements {
			to := from + len(elements[from])%(len(elements)-from+1)
			want := slices.Concat([]byte("["), bytes.Join(elements[from:to], []byte(",")), []byte("]"))
			if got := listing.Slice(nil, from, to); listing.Len() != len(elements) || !bytes.Equal(got, want) {
				t.Fatalf("%q: elements %d to %d of %d are %s, want %s", body, from, to, listing.Len(), got, want)
			}
		}
	})
}

// checkDocument holds a document against its body.
func checkDocument(t *testing.T, d *document.Document, body []byte) {
	t.Helper()
	if !bytes.Equal(d.Body(), body) || d.BodyLen() != len(body) || d.Weight() < len(body) {
		t.Fatalf("body %q of %d bytes and weight %d, want %q", d.Body(), d.BodyLen(), d.Weight(), body)
	}
	if len(d.ETag()) > document.MaxETag || len(d.GzipETag()) > document.MaxETag || d.ETag() == d.GzipETag() {
		t.Fatalf("tags %s, %s", d.ETag(), d.GzipETag())
	}
	if !d.Gzipped() {
		return
	}
	r, err := gzip.NewReader(bytes.NewReader(d.Gzip()))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) || len(d.Gzip()) >= len(body) {
		t.Fatalf("gzip form of %d bytes of %q is %q, %v", len(d.Gzip()), body, got, err)
	}
}
