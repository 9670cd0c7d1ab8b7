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
// There are millions of them, so that a Document is laid out for the allocator:
// see layout. For that its texts may be in two parts.
//
// The package does not encode or parse JSON: it believes its maker.
package document

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
)

// Document is the encoded answer for one key.
type Document struct {
	head  *byte           // a block that content fills to its end
	hash  [hashBytes]byte // of the body
	class uint8           // of head: alloc.Class
	tail  [tailBytes]byte // lengths, and content that head has no room for; goes on behind the Document
}

// New makes a document of body, which is shorter than 4 GiB. For a listing, body
// is a JSON array without spaces around its elements, and ends has for each
// element the offset in body just behind it; for an object ends is nil. Both are
// only read until New returns.
func New(body []byte, ends []uint32) *Document {
	c := compressors.Get().(*compressor)
	defer c.giveBack()
	packed := c.compress(body)
	d := lay(body, packed, ends)
	sum := sha256.Sum256(body)
	copy(d.hash[:], sum[:])
	return d
}

// Body returns the JSON in one piece. That makes a copy where it is in two: BodyParts
// does not.
func (d *Document) Body() []byte { return joined(d.BodyParts()) }

// BodyParts returns the JSON: all of head, and then all of tail.
func (d *Document) BodyParts() (head, tail []byte) {
	s := d.shape()
	return d.part(&s, s.body(), s.gzip())
}

// BodyLen returns the length of the JSON.
func (d *Document) BodyLen() int {
	size, _ := d.number(0)
	return size >> flagBits
}

// Gzip returns the JSON in gzip form, or nil when that would not be worth the
// client's work. It makes a copy where that is in two parts: GzipParts does not.
func (d *Document) Gzip() []byte { return joined(d.GzipParts()) }

// GzipParts returns the gzip form: all of head, and then all of tail. Both are
// nil when there is none.
func (d *Document) GzipParts() (head, tail []byte) {
	if !d.Gzipped() {
		return nil, nil
	}
	s := d.shape()
	return d.part(&s, s.gzip(), s.end())
}

// Gzipped reports whether there is a gzip form.
func (d *Document) Gzipped() bool { return d.tail[0]&gzipFlag != 0 }

// joined returns the parts in one piece.
func joined(head, tail []byte) []byte {
	switch {
	case len(tail) == 0:
		return head
	case len(head) == 0:
		return tail
	}
	return slices.Concat(head, tail)
}

// hashBytes is how much of the SHA-256 of a body is its entity tag. The chance that
// a changed body keeps its tag is one in 2^72.
const hashBytes = 9

// AppendETag appends the strong entity tag of the body, quoted.
func (d *Document) AppendETag(dst []byte) []byte { return append(d.appendHash(dst), '"') }

// AppendGzipETag appends the strong entity tag of the gzip form, quoted, or
// nothing when there is none. It differs from the body's, since the bytes differ
// (RFC 9110, section 8.8.3.3).
func (d *Document) AppendGzipETag(dst []byte) []byte {
	if !d.Gzipped() {
		return dst
	}
	return append(d.appendHash(dst), `-gzip"`...)
}

func (d *Document) appendHash(dst []byte) []byte {
	return base64.RawURLEncoding.AppendEncode(append(dst, '"'), d.hash[:])
}

// MaxETag is the length of the longest entity tag.
const MaxETag = len(`"`) + (8*hashBytes+5)/6 + len(`-gzip"`)

// ETag returns what AppendETag appends.
func (d *Document) ETag() string { return string(d.AppendETag(nil)) }

// GzipETag returns what AppendGzipETag appends.
func (d *Document) GzipETag() string { return string(d.AppendGzipETag(nil)) }

// Same reports whether two documents have the same body.
func (d *Document) Same(other *Document) bool {
	return d.hash == other.hash && d.BodyLen() == other.BodyLen()
}
