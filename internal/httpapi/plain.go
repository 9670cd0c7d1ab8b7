package httpapi

import (
	"bytes"
	"strings"
)

// verdict is what the bytes of a connection are so far.
type verdict uint8

const (
	incomplete verdict = iota // they may become a plain request
	plain                     // they begin with one
	foreign                   // they are none: net/http's
)

// plainRequest is a request that leaves nothing to interpretation: a GET of a
// lookup in origin form, HTTP/1.1, one Host, no body, every line as RFC 9112
// writes it. Its slices are parts of the connection's buffer.
type plainRequest struct {
	length         int // of the whole, which is its head
	target         []byte
	lookup         *Lookup
	several        bool   // of keys, which are in the query
	key            []byte // as it was sent
	query          []byte
	ifNoneMatch    lines
	acceptEncoding lines
	closes         bool // the connection, after the reply
	host           bool
	connection     bool
	contentLength  bool
}

// lines are those of one field.
type lines struct {
	text [4]string
	n    int
}

func (l *lines) add(value []byte) bool {
	if l.n == len(l.text) {
		return false
	}
	l.text[l.n] = view(value)
	l.n++
	return true
}

func (l *lines) all() []string { return l.text[:l.n] }

const (
	requestStart = "GET /v1/"
	requestEnd   = " HTTP/1.1\r\n"
)

// scan reads a request off the start of b.
func (p *plainRequest) scan(b []byte, a *API) verdict {
	*p = plainRequest{}
	line, rest, ok := cutLine(b)
	if !ok {
		if n := min(len(b), len(requestStart)); string(b[:n]) != requestStart[:n] {
			return foreign
		}
		return incomplete
	}
	if !p.requestLine(line, a) {
		return foreign
	}
	for {
		line, rest, ok = cutLine(rest)
		switch {
		case !ok:
			return incomplete
		case len(line) == len("\r\n") && line[0] == '\r':
			if !p.host {
				return foreign
			}
			p.length = len(b) - len(rest)
			return plain
		case !p.field(line, a):
			return foreign
		}
	}
}

// cutLine cuts a line off b, with its end.
func cutLine(b []byte) (line, rest []byte, ok bool) {
	end := bytes.IndexByte(b, '\n') + 1
	return b[:end], b[end:], end > 0
}

func (p *plainRequest) requestLine(line []byte, a *API) bool {
	if len(line) < len(requestStart)+len(requestEnd) || string(line[:len(requestStart)]) != requestStart ||
		string(line[len(line)-len(requestEnd):]) != requestEnd {
		return false
	}
	p.target = line[len("GET ") : len(line)-len(requestEnd)]
	path, query, _ := bytes.Cut(p.target[len("/v1/"):], []byte("?"))
	name, key, single := bytes.Cut(path, []byte("/"))
	p.lookup = a.names[string(name)]
	p.several, p.key, p.query = !single, key, query
	return p.lookup != nil && (!single || len(key) > 0) && consistOf(key, inKey) && consistOf(query, inQuery)
}

// field takes a line of the header.
func (p *plainRequest) field(line []byte, a *API) bool {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || line[len(line)-2] != '\r' {
		return false
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:len(line)-2], " \t")
	if !consistOf(name, inName) || !consistOf(value, inValue) {
		return false
	}
	switch len(name) { // of most fields the length says that nobody here asks for them
	case 4, 6, 7, 10, 13, 14, 15, 17:
		return p.known(name, value, a)
	}
	return true
}

func (p *plainRequest) known(name, value []byte, a *API) bool {
	is := func(s string) bool { return strings.EqualFold(view(name), s) }
	switch {
	case is("Host"):
		first := !p.host
		p.host = true
		return first && len(value) > 0 && consistOf(value, inHost)
	case is("If-None-Match"):
		return p.ifNoneMatch.add(value)
	case is("Accept-Encoding"):
		return p.acceptEncoding.add(value)
	case is("Connection"):
		first := !p.connection
		p.connection = true
		p.closes = strings.EqualFold(view(value), "close")
		return first && (p.closes || strings.EqualFold(view(value), "keep-alive"))
	case is("Content-Length"):
		first := !p.contentLength
		p.contentLength = true
		return first && string(value) == "0"
	case is("Cache-Control"), is("Pragma"):
		return !a.HonorNoCache
	}
	return !is("Transfer-Encoding") && !is("Expect") && !is("Upgrade") && !is("Trailer")
}
