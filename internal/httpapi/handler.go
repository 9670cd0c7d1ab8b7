package httpapi

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// handler makes an http.Handler of one that works on an exchange.
func (a *API) handler(l *Lookup, serve func(*exchange)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		both := &struct { // one allocation
			exchange
			delivery
		}{delivery: delivery{w: w}}
		x := &both.exchange
		x.API, x.lookup, x.started, x.outcome, x.age = a, l, now, OutcomeNone, noAge
		x.wait = patience{Context: r.Context(), deadline: now.Add(a.RequestTimeout)}
		x.delivery, x.text = &both.delivery, x.room[:0]
		x.request = a.request(r, l)
		x.serve(r, serve)
		x.observe(time.Now())
		if x.aborted {
			panic(http.ErrAbortHandler)
		}
	}
}

func (x *exchange) serve(r *http.Request, serve func(*exchange)) {
	if x.withinLimits(r) {
		x.guard(serve)
	}
	x.wait.stop()
	for !x.sent && !x.aborted { // twice, if there is a panic within the header
		x.guard((*exchange).deliver)
	}
	x.release()
}

// request returns what the shared part of an exchange needs to know of r.
func (a *API) request(r *http.Request, l *Lookup) request {
	q := request{method: r.Method, target: r.RequestURI, query: r.URL.RawQuery,
		ifNoneMatch: r.Header["If-None-Match"], acceptEncoding: r.Header["Accept-Encoding"]}
	if l == nil {
		q.path = r.URL.EscapedPath()
		return q
	}
	q.mustReload = a.HonorNoCache && saysNoCache(r.Header)
	q.key = r.PathValue("key")
	// The router works on the path as sent only where decoding it and encoding
	// it again makes a difference; else the key is decoded already.
	if r.URL.RawPath != "" {
		decoded, err := url.PathUnescape(q.key)
		if q.keyNotDecodable = err != nil; err == nil {
			q.key = decoded
		}
	}
	return q
}

// saysNoCache reports whether the client asks for a load (RFC 9111, sections
// 5.2.1.4 and 5.4).
func saysNoCache(h http.Header) bool {
	lines := h["Cache-Control"]
	if len(lines) == 0 {
		lines = h["Pragma"]
	}
	for _, line := range lines {
		for directive := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(trimOWS(directive), "no-cache") {
				return true
			}
		}
	}
	return false
}

// withinLimits refuses requests that are too large.
func (x *exchange) withinLimits(r *http.Request) bool {
	if len(r.RequestURI) > MaxTarget {
		x.refuse(targetTooLong, "A request's target has at most 16 KiB.")
		return false
	}
	size := len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	if size > MaxHeader {
		x.refuse(headerTooLarge, "A request's header has at most 32 KiB.")
		return false
	}
	return true
}

// delivery hands a reply to net/http.
type delivery struct {
	w http.ResponseWriter

	// values backs the header's values, so that one allocation serves all. It is
	// never reused: whoever wraps the handler may look at them afterwards.
	values [12]string
	used   int
}

// set sets a header field; name is in canonical form.
func (d *delivery) set(name, value string) {
	if value == "" {
		return
	}
	d.values[d.used] = value
	d.w.Header()[name] = d.values[d.used : d.used+1 : d.used+1]
	d.used++
}

func (x *exchange) deliver() {
	d := x.delivery
	clear(d.w.Header())
	d.used = 0
	d.header(&x.reply)
	x.sent = true
	d.w.WriteHeader(x.status)
	switch {
	case x.method == http.MethodHead || x.bodyless():
	case x.pieces != nil:
		x.pieces.writeTo(d.w)
	default:
		_, _ = d.w.Write(x.body) // the client has left: nobody to tell
		_, _ = d.w.Write(x.rest)
	}
}
