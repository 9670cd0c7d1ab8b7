package httpapi

import "productcache/internal/document"

// emptyListing is what an absent key of a listing has.
var emptyListing = document.New([]byte("[]"), []uint32{})

// single answers GET /v1/{lookup}/{key}.
func (x *exchange) single() {
	key, ok := x.canonicalKey()
	if !ok {
		return
	}
	p, ok := x.page()
	if !ok {
		return
	}
	x.keys = 1
	a, err := x.get(key)
	switch {
	case err == errDeferred:
		x.deferred = true
		return
	case err != nil:
		x.fail(err)
		return
	}
	x.outcome = a.Outcome.String()
	x.text = appendStatus(x.text, &a)
	d := a.Value
	switch {
	case !a.Found && !x.lookup.Many:
		x.absent(&a)
		return
	case !a.Found:
		d = emptyListing
	}
	x.control = x.freshness
	if p.wanted {
		x.slice(d, p)
	} else {
		x.whole(d)
	}
	x.conclude(a.Age)
}

// whole makes a document the body, packed where the client wants that.
func (x *exchange) whole(d *document.Document) {
	if d.Gzipped() && prefersGzip(x.acceptEncoding) {
		x.etag, x.encoding = view(d.AppendGzipETag(x.tag[:0])), valueGzip
		x.setParts(d.GzipParts())
		return
	}
	x.etag = view(d.AppendETag(x.tag[:0]))
	x.setParts(d.BodyParts())
}

// canonicalKey returns the canonical spelling of the key in the path.
func (x *exchange) canonicalKey() (canonical string, ok bool) {
	if x.keyNotDecodable {
		x.refuse(malformedKey, "Key "+quoted(x.key)+" is not percent-encoded.")
		return "", false
	}
	canonical, err := x.lookup.ParseKey(x.key)
	if err != nil {
		x.refuse(malformedKey, "Key "+quoted(x.key)+": "+err.Error()+".")
		return "", false
	}
	return canonical, true
}
