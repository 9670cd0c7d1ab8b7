// Package document holds what the service answers with: the JSON of one key,
// encoded once per load and from then on only copied to sockets.
//
// A Document is made by whoever loads (New), kept by the cache, which asks only
// for its Weight, and written by the HTTP side. It carries what can be computed
// once instead of per request: the entity tags, the gzip form, and for a
// listing the ends of its elements, so that a page is a slice of the bytes. It
// is immutable and safe for any number of readers; what its methods return is
// shared and must not be written to.
//
// The package does not encode or parse JSON: it believes its maker.
package document

import (
	"crypto/sha256"
	"encoding/base64"
	"unsafe"
)

// Document is the encoded answer for one key.
type Document struct {
	body     []byte
	gzip     []byte // nil: not worth it
	ends     []uint32
	etag     string
	gzipETag string // empty when gzip is nil
}

// New makes a document of body, which from then on belongs to it and must be an
// allocation of its own, not a part of a larger one. For a listing, body is a
// JSON array without spaces around its elements, and ends has for each element
// the offset in body just behind it; for an object ends is nil.
func New(body []byte, ends []uint32) *Document {
	d := &Document{body: fitted(body), gzip: compress(body), ends: fitted(ends)}
	d.etag, d.gzipETag = tags(body, d.gzip != nil)
	return d
}

// Body returns the JSON.
func (d *Document) Body() []byte { return d.body }

// Gzip returns the JSON in gzip form, or nil when that would not be worth the
// client's work.
func (d *Document) Gzip() []byte { return d.gzip }

// ETag returns the strong entity tag of Body, quoted.
func (d *Document) ETag() string { return d.etag }

// GzipETag returns the strong entity tag of Gzip, quoted, or "" when Gzip is
// nil. It differs from ETag, since the bytes differ (RFC 9110, section 8.8.3.3).
func (d *Document) GzipETag() string { return d.gzipETag }

// Len returns the number of elements of a listing, and 0 for an object.
func (d *Document) Len() int { return len(d.ends) }

// Slice appends to dst the JSON array of the elements from (inclusive) to to
// (exclusive), which must lie within [0, Len] in that order.
func (d *Document) Slice(dst []byte, from, to int) []byte {
	dst = append(dst, '[')
	if from < to {
		start := uint32(len("["))
		if from > 0 {
			start = d.ends[from-1] + uint32(len(","))
		}
		dst = append(dst, d.body[start:d.ends[to-1]]...)
	}
	return append(dst, ']')
}

// Weight returns the bytes of memory that the document occupies, as the
// allocator rounds them.
func (d *Document) Weight() int {
	return allocated(int(unsafe.Sizeof(*d))) +
		allocated(len(d.body)) +
		allocated(len(d.gzip)) +
		allocated(len(d.ends)*int(unsafe.Sizeof(uint32(0)))) +
		allocated(len(d.etag)) +
		allocated(len(d.gzipETag))
}

// tags returns the entity tags of body and, when it has one, of its gzip form.
// 128 bits of SHA-256 are far from any accidental match.
func tags(body []byte, gzipped bool) (plain, gzip string) {
	sum := sha256.Sum256(body)
	text := base64.RawURLEncoding.EncodeToString(sum[:16])
	if gzipped {
		gzip = `"` + text + `-gzip"`
	}
	return `"` + text + `"`, gzip
}
