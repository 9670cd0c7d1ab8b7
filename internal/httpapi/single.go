package httpapi

import (
	"net/url"

	"productcache/internal/document"
)

// emptyListing is what an absent key of a listing has.
var emptyListing = document.New([]byte("[]"), []uint32{})

// single answers GET /v1/{lookup}/{key}.
func (x *exchange) single() {
	raw, key, ok := x.key()
	if !ok {
		return
	}
	p, ok := x.page()
	if !ok {
		return
	}
	x.keys = 1
	a, err := x.get(key)
	if err != nil {
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
	if p.wanted {
		x.writePage(d, p, raw, a.Age)
		return
	}
	rep, body := representation{etag: d.ETag(), age: a.Age, control: x.control}, d.Body()
	if packed := d.Gzip(); packed != nil && prefersGzip(x.r.Header["Accept-Encoding"]) {
		rep.etag, rep.gzip, body = d.GzipETag(), true, packed
	}
	rep.length = len(body)
	if x.begin(rep) {
		_, _ = x.w.Write(body)
	}
}

// key returns the key in the path, percent-decoded and canonical.
func (x *exchange) key() (raw, canonical string, ok bool) {
	raw, ok = x.r.PathValue("key"), true
	// The router works on the path as sent only where decoding it and encoding
	// it again makes a difference; else the key is decoded already.
	if x.r.URL.RawPath != "" {
		var err error
		raw, err = url.PathUnescape(raw)
		ok = err == nil
	}
	if ok {
		var err error
		canonical, err = x.lookup.ParseKey(raw)
		if err == nil {
			return raw, canonical, true
		}
		x.refuse(malformedKey, "Key "+quoted(raw)+": "+err.Error()+".")
		return "", "", false
	}
	x.refuse(malformedKey, "Key "+quoted(raw)+" is not percent-encoded.")
	return "", "", false
}
