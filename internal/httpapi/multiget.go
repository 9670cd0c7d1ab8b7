package httpapi

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"sync"
	"time"

	"productcache/internal/document"
)

// multi answers GET /v1/{lookup}?keys=.
func (x *exchange) multi() {
	for name := range parameters(x.query) {
		if name == "page" || name == "per_page" {
			x.refuse(badPage, "Only a single listing has pages.")
			return
		}
	}
	m := multiGets.Get().(*multiGet)
	if !x.collect(m) {
		m.free()
		return
	}
	m.build(x.lookup.Many)
	x.outcome = m.tally.outcome()
	x.text = m.tally.appendStatus(x.text)
	x.control = x.freshness
	if m.tally.failed > 0 {
		x.control = valueNoCache // a part is missing that may be there a moment later
	}
	x.pieces, x.etag, x.contentType, x.lengthOfBody = m, m.etag(), valueJSON, m.length
	x.conclude(m.age)
}

// collect asks for all keys, and reports whether there is an answer for any.
func (x *exchange) collect(m *multiGet) bool {
	if r := m.parse(x.query, x.MaxKeys, x.lookup.ParseKey); r != nil {
		x.refuse(r.kind, r.detail)
		return false
	}
	x.keys = len(m.keys)
	var ok bool
	if m.results, ok = x.getMany(m.keys, m.results); !ok {
		x.deferred = true
		return false
	}
	if err := m.failure(); err != nil {
		x.fail(err)
		return false
	}
	return true
}

// multiGet is the working memory of a multi-get, kept between requests.
type multiGet struct {
	selection
	results []result // of selection.keys
	tally   tally
	age     time.Duration // of the oldest answer

	// The body is frame with documents put in at cuts.
	frame  []byte
	cuts   []cut
	length int // of the body
	tag    [len(`"`) + 22 + len(`"`)]byte
}

// cut is where a document goes into the frame.
type cut struct {
	at       int
	document *document.Document
}

var multiGets = sync.Pool{New: func() any {
	return &multiGet{selection: selection{seen: make(map[string]place)}}
}}

// failure returns an error if there is no answer for any key.
func (m *multiGet) failure() error {
	for i := range m.results {
		if m.results[i].Err == nil {
			return nil
		}
	}
	return m.results[0].Err
}

// build makes the body out of the results.
func (m *multiGet) build(listings bool) {
	for i := range m.results {
		r := &m.results[i]
		m.tally.count(r)
		m.age = max(m.age, r.Age)
		if listings && r.Err == nil && !r.Found {
			r.Value, r.Found = emptyListing, true
		}
	}
	m.frame = append(m.frame, `{"items":{`...)
	for _, k := range m.asked {
		if r := &m.results[k.index]; r.Err == nil && r.Found {
			if len(m.cuts) > 0 {
				m.frame = append(m.frame, ',')
			}
			m.frame = append(appendString(m.frame, k.spelling), ':')
			m.cuts = append(m.cuts, cut{len(m.frame), r.Value})
			m.length += r.Value.BodyLen()
		}
	}
	m.frame = append(m.frame, `},"missing":[`...)
	m.list(func(r *result) bool { return r.Err == nil && !r.Found })
	m.frame = append(m.frame, `],"unavailable":[`...)
	m.list(func(r *result) bool { return r.Err != nil })
	m.frame = append(m.frame, "]}"...)
	m.length += len(m.frame)
}

// list appends the keys whose results are chosen to the frame.
func (m *multiGet) list(chosen func(*result) bool) {
	before := len(m.frame)
	for _, k := range m.asked {
		if !chosen(&m.results[k.index]) {
			continue
		}
		if len(m.frame) > before {
			m.frame = append(m.frame, ',')
		}
		m.frame = appendString(m.frame, k.spelling)
	}
}

// etag returns the tag of the body, made of the frame, which holds all keys, and
// the tags of the documents in it. It is valid until m is freed.
func (m *multiGet) etag() string {
	end := len(m.frame)
	for _, c := range m.cuts {
		m.frame = c.document.AppendETag(m.frame)
	}
	sum := sha256.Sum256(m.frame)
	m.frame = m.frame[:end]
	tag := append(m.tag[:0], '"')
	return view(append(base64.RawURLEncoding.AppendEncode(tag, sum[:16]), '"'))
}

// largestKept bounds the buffers that wait for the next request.
const largestKept = 1 << 20

var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 32<<10) }}

// writeTo writes the body in as few writes as a buffer of fixed size allows. An
// error means that the client is gone, which the server sees for itself.
func (m *multiGet) writeTo(w io.Writer) {
	b := writers.Get().(*bufio.Writer)
	b.Reset(w)
	m.each(func(p []byte) { _, _ = b.Write(p) })
	_ = b.Flush()
	b.Reset(nil)
	writers.Put(b)
}

// each calls f with the parts of the body.
func (m *multiGet) each(f func([]byte)) {
	from := 0
	for _, c := range m.cuts {
		f(m.frame[from:c.at])
		head, tail := c.document.BodyParts()
		f(head)
		f(tail)
		from = c.at
	}
	f(m.frame[from:])
}

// free gives the memory back for the next request, unless it is unusually much,
// and keeps no document from being collected.
func (m *multiGet) free() {
	if len(m.asked) > 1000 || cap(m.frame) > largestKept {
		return
	}
	m.reset()
	clear(m.results)
	clear(m.cuts)
	*m = multiGet{selection: m.selection, results: m.results[:0], frame: m.frame[:0], cuts: m.cuts[:0]}
	multiGets.Put(m)
}
