package httpapi

import (
	"net/http"
	"strconv"
	"time"
)

// reply is an answer, whole but for what belongs to the connection. Its fields
// are those that a header can have; empty ones are left out.
type reply struct {
	status       int
	age          time.Duration // noAge: none
	allow        string
	control      string
	cacheStatus  []byte
	encoding     string
	contentType  string
	etag         string
	link         string
	retryAfter   string
	vary         string
	typeOptions  string
	totalCount   string
	body, rest   []byte    // one after the other
	pieces       *multiGet // the body in pieces instead, freed when it has been sent
	buffer       *[]byte   // holds body, and goes back to buffers when it has been sent
	lengthOfBody int
}

const noAge time.Duration = -1

// Header values that never change.
const (
	valueJSON    = "application/json"
	valueProblem = "application/problem+json"
	valueVary    = "Accept-Encoding"
	valueGzip    = "gzip"
	valueNoCache = "no-cache"
	valueNoStore = "no-store"
	valueAllow   = "GET, HEAD, OPTIONS"
	valueRetry   = "1"
	valueNosniff = "nosniff"
)

// bodyless reports whether neither a body nor its length is sent.
func (r *reply) bodyless() bool { return r.contentType == "" }

// header sets the fields of a reply. Its strings must outlive the exchange: those
// that do not are copied.
func (d *delivery) header(r *reply) {
	text := append(make([]byte, 0, 128), r.cacheStatus...)
	status := len(text)
	if r.age != noAge {
		text = strconv.AppendInt(text, int64(r.age/time.Second), 10)
	}
	age := len(text)
	if !r.bodyless() {
		text = strconv.AppendInt(text, int64(r.lengthOfBody), 10)
	}
	length := len(text)
	text = append(text, r.etag...)
	all := string(text) // one allocation for all
	d.set("Age", all[status:age])
	d.set("Allow", r.allow)
	d.set("Cache-Control", r.control)
	d.set("Cache-Status", all[:status])
	d.set("Content-Encoding", r.encoding)
	d.set("Content-Length", all[age:length])
	d.set("Content-Type", r.contentType)
	d.set("Etag", all[length:])
	d.set("Link", r.link)
	d.set("Retry-After", r.retryAfter)
	d.set("Vary", r.vary)
	d.set("X-Content-Type-Options", r.typeOptions)
	d.set("X-Total-Count", r.totalCount)
}

// appendHeader appends status line and fields of a reply as net/http writes them:
// in the order of their names, and then its own. A date is given as it is sent.
func (r *reply) appendHeader(dst []byte, date []byte, closes bool) []byte {
	dst = appendStatusLine(dst, r.status)
	if r.age != noAge {
		dst = appendNumber(dst, "Age: ", int64(r.age/time.Second))
	}
	dst = appendField(dst, "Allow: ", r.allow)
	dst = appendField(dst, "Cache-Control: ", r.control)
	dst = appendField(dst, "Cache-Status: ", r.cacheStatus)
	dst = appendField(dst, "Content-Encoding: ", r.encoding)
	if !r.bodyless() {
		dst = appendNumber(dst, "Content-Length: ", int64(r.lengthOfBody))
	}
	dst = appendField(dst, "Content-Type: ", r.contentType)
	dst = appendField(dst, "Etag: ", r.etag)
	dst = appendField(dst, "Link: ", r.link)
	dst = appendField(dst, "Retry-After: ", r.retryAfter)
	dst = appendField(dst, "Vary: ", r.vary)
	dst = appendField(dst, "X-Content-Type-Options: ", r.typeOptions)
	dst = appendField(dst, "X-Total-Count: ", r.totalCount)
	dst = appendField(dst, "Date: ", date)
	if r.bodyless() && r.status != http.StatusNotModified && r.status != http.StatusNoContent {
		dst = append(dst, "Content-Length: 0\r\n"...)
	}
	if closes {
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(dst, "\r\n"...)
}

func appendStatusLine(dst []byte, status int) []byte {
	if status == http.StatusOK {
		return append(dst, "HTTP/1.1 200 OK\r\n"...)
	}
	dst = strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(status), 10)
	dst = append(dst, ' ')
	if reason := http.StatusText(status); reason != "" {
		dst = append(dst, reason...)
	} else {
		dst = strconv.AppendInt(append(dst, "status code "...), int64(status), 10)
	}
	return append(dst, "\r\n"...)
}

func appendField[T string | []byte](dst []byte, name string, value T) []byte {
	if len(value) == 0 {
		return dst
	}
	return append(append(append(dst, name...), value...), "\r\n"...)
}

func appendNumber(dst []byte, name string, value int64) []byte {
	return append(strconv.AppendInt(append(dst, name...), value, 10), "\r\n"...)
}

// setBody makes b the body.
func (r *reply) setBody(b []byte, contentType string) {
	r.body, r.lengthOfBody, r.contentType = b, len(b), contentType
}

// setParts makes the body one of a document, in two parts.
func (r *reply) setParts(head, tail []byte) {
	r.setBody(head, valueJSON)
	r.rest = tail
	r.lengthOfBody += len(tail)
}

// release gives back what the reply was made of.
func (r *reply) release() {
	if r.pieces != nil {
		r.pieces.free()
		r.pieces = nil
	}
	if r.buffer != nil && cap(*r.buffer) <= largestKept {
		buffers.Put(r.buffer)
	}
	r.buffer, r.body, r.rest = nil, nil, nil
}

// conclude makes the reply a 200, or a 304 if the client has it already: with the
// fields that RFC 9110, section 15.4.5 demands, and those that say where the answer
// came from. The body, x.text with the Cache-Status, and all else are set.
func (x *exchange) conclude(age time.Duration) {
	x.age, x.cacheStatus, x.vary, x.status = age, x.text, valueVary, http.StatusOK
	if matchesAny(x.ifNoneMatch, x.etag) {
		x.status, x.contentType, x.encoding = http.StatusNotModified, "", ""
	}
}

// options answers OPTIONS: nothing to negotiate, and no cross-origin access.
func (x *exchange) options() {
	x.allow, x.control, x.status = valueAllow, valueNoStore, http.StatusNoContent
}
