package httpapi

import (
	"net/http"
	"strconv"
	"time"
)

// Header values that never change, shared by all answers.
var (
	valueJSON    = []string{"application/json"}
	valueProblem = []string{"application/problem+json"}
	valueVary    = []string{"Accept-Encoding"}
	valueGzip    = []string{"gzip"}
	valueNoCache = []string{"no-cache"}
	valueNoStore = []string{"no-store"}
	valueAllow   = []string{"GET, HEAD, OPTIONS"}
	valueRetry   = []string{"1"}
	valueNosniff = []string{"nosniff"}
)

// representation is what a 200 carries, but for its bytes.
type representation struct {
	etag    string
	gzip    bool
	length  int
	age     time.Duration
	control []string
}

// begin answers a request up to its body, and reports whether that is to
// follow. x.text holds the Cache-Status. A 304 has the fields that RFC 9110,
// section 15.4.5 demands, and those that say where the answer came from.
func (x *exchange) begin(rep representation) bool {
	status := len(x.text)
	x.text = strconv.AppendInt(x.text, int64(rep.age/time.Second), 10)
	age := len(x.text)
	x.text = strconv.AppendInt(x.text, int64(rep.length), 10)
	text := string(x.text) // one allocation for all three

	h := x.w.Header()
	h["Cache-Control"] = rep.control
	h["Vary"] = valueVary
	x.set("Cache-Status", text[:status])
	x.set("Age", text[status:age])
	x.set("Etag", rep.etag)
	if matchesAny(x.r.Header["If-None-Match"], rep.etag) {
		x.send(http.StatusNotModified)
		return false
	}
	h["Content-Type"] = valueJSON
	x.set("Content-Length", text[age:])
	if rep.gzip {
		h["Content-Encoding"] = valueGzip
	}
	return x.send(http.StatusOK)
}

// options answers OPTIONS: nothing to negotiate, and no cross-origin access.
func (x *exchange) options() {
	x.w.Header()["Allow"] = valueAllow
	x.w.Header()["Cache-Control"] = valueNoStore
	x.send(http.StatusNoContent)
}
