package document_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"productcache/internal/document"
)

// listing makes a document of elements as a loader would.
func listing(elements ...string) *document.Document {
	body, ends := []byte("["), []uint32{}
	for i, e := range elements {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, e...)
		ends = append(ends, uint32(len(body)))
	}
	return document.New(append(body, ']'), ends)
}

func product(size int) []byte {
	body := []byte(`{"product_id":42,"name":"mug","description":"`)
	for len(body) < size-2 {
		body = append(body, "a mug of good clay; "...)
	}
	return append(body[:max(size-2, 0)], `"}`...)
}

func TestBodyIsKeptAsItIs(t *testing.T) {
	d := document.New([]byte(`{"id":1}`), nil)
	if got := string(d.Body()); got != `{"id":1}` {
		t.Errorf("Body() = %s", got)
	}
	if d.Len() != 0 {
		t.Errorf("Len() of an object = %d, want 0", d.Len())
	}
}

func TestETagIsStrongAndOfTheBytes(t *testing.T) {
	d, other := document.New([]byte(`{"id":1}`), nil), document.New([]byte(`{"id":2}`), nil)
	if want := `"A3ySFO73TMOI"`; d.ETag() != want {
		t.Errorf("ETag() = %s, want the start of the SHA-256 %s", d.ETag(), want)
	}
	if d.ETag() == other.ETag() {
		t.Errorf("two bodies have the ETag %s", d.ETag())
	}
	if d.Same(other) || !d.Same(document.New([]byte(`{"id":1}`), nil)) {
		t.Error("Same does not tell bodies apart, or equal ones")
	}
	if d.GzipETag() != "" {
		t.Errorf("GzipETag() without gzip = %q, want none", d.GzipETag())
	}
}

func TestGzip(t *testing.T) {
	random := make([]byte, 5000)
	for i := range random {
		random[i] = byte(rand.N(256))
	}
	for name, c := range map[string]struct {
		body []byte
		want bool
	}{
		"empty":               {nil, false},
		"below the least":     {product(199), false},
		"at the least":        {product(200), true},
		"large":               {product(100_000), true},
		"larger than kept":    {[]byte(hex(2<<20 + 1000)), true},
		"cannot be made less": {random, false},
		"saves too little":    {append(bytes.Repeat([]byte("a"), 400), random...), false},
	} {
		t.Run(name, func(t *testing.T) {
			d := document.New(bytes.Clone(c.body), nil)
			if got := d.Gzip() != nil; got != c.want {
				t.Fatalf("Gzip() of %d bytes is there: %v, want %v", len(c.body), got, c.want)
			}
			if !c.want {
				return
			}
			if want := strings.TrimSuffix(d.ETag(), `"`) + `-gzip"`; d.GzipETag() != want {
				t.Errorf("GzipETag() = %s, want %s", d.GzipETag(), want)
			}
			if got := unzip(t, d.Gzip()); !bytes.Equal(got, c.body) {
				t.Errorf("gzip form unpacks to %d bytes, want the body of %d", len(got), len(c.body))
			}
		})
	}
}

// TestGzipOfEqualBodiesIsEqual holds the promise of a strong entity tag: equal
// tags, equal bytes, whatever the writer packed before.
func TestGzipOfEqualBodiesIsEqual(t *testing.T) {
	first := document.New(product(3000), nil)
	for size := 200; size < 60_000; size *= 2 {
		document.New(product(size), nil)
		if again := document.New(product(3000), nil); !bytes.Equal(first.Gzip(), again.Gzip()) {
			t.Fatalf("after a body of %d bytes the gzip form differs", size)
		}
	}
}

func TestSlice(t *testing.T) {
	d := listing(`{"id":1}`, `{"id":22}`, `{}`, `[1,2]`)
	for _, c := range []struct {
		from, to int
		want     string
	}{
		{0, 4, `[{"id":1},{"id":22},{},[1,2]]`},
		{0, 1, `[{"id":1}]`},
		{1, 3, `[{"id":22},{}]`},
		{3, 4, `[[1,2]]`},
		{0, 0, `[]`},
		{4, 4, `[]`},
	} {
		if got := string(d.Slice([]byte("x"), c.from, c.to)); got != "x"+c.want {
			t.Errorf("Slice(x, %d, %d) = %s, want x%s", c.from, c.to, got, c.want)
		}
	}
	if d.Len() != 4 {
		t.Errorf("Len() = %d, want 4", d.Len())
	}
	if got := string(listing().Slice(nil, 0, 0)); got != "[]" {
		t.Errorf("Slice of an empty listing = %s", got)
	}
}

func TestSliceIsTheArrayOfItsElements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.String(), 0, 30).Draw(t, "values")
		var elements []string
		for _, v := range values {
			quoted, _ := json.Marshal(v)
			elements = append(elements, string(quoted))
		}
		d := listing(elements...)
		from := rapid.IntRange(0, len(values)).Draw(t, "from")
		to := rapid.IntRange(from, len(values)).Draw(t, "to")
		if want := "[" + strings.Join(elements[from:to], ",") + "]"; string(d.Slice(nil, from, to)) != want {
			t.Fatalf("Slice(%d, %d) = %s, want %s", from, to, d.Slice(nil, from, to), want)
		}
	})
}

// hex is text that packs to about a half, so that its gzip form is large too.
func hex(size int) string {
	var b strings.Builder
	for r := rand.New(rand.NewPCG(1, 1)); b.Len() < 2*size; {
		fmt.Fprintf(&b, "%016x", r.Uint64())
	}
	return b.String()
}

func unzip(t *testing.T, packed []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func BenchmarkNew(b *testing.B) {
	for _, size := range []int{150, 600, 5000, 50_000} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			body := product(size)
			b.ReportAllocs()
			for b.Loop() {
				document.New(body, nil)
			}
		})
	}
}
