package load

import (
	"bytes"
	"fmt"
	"strconv"
)

// Answer returns the length of the whole answer that b begins with, or 0 if there is more to come.
// It refuses an answer that is not the one wanted.
type Answer func(b []byte) (length int, err error)

var (
	lineEnd   = []byte("\r\n")
	headerEnd = []byte("\r\n\r\n")
)

// HTTP returns an Answer that wants a status: with a Content-Length or in chunks, and without a body
// where it is 304.
func HTTP(status int) Answer {
	prefix := []byte("HTTP/1.1 " + strconv.Itoa(status) + " ")
	return answer(func(b []byte) error {
		if !bytes.HasPrefix(b, prefix) {
			return fmt.Errorf("answer %.400q, want status %d", b, status)
		}
		return nil
	}, nil)
}

// Reply is an answer of HTTP.
type Reply struct {
	Status       int
	Header, Body []byte // the status line included; a chunked body with its chunks' lines
}

// Judged returns an Answer like that of HTTP, for any status. It has judge look at each whole answer, which is valid
// until that returns.
func Judged(judge func(Reply) error) Answer { return answer(nil, judge) }

// answer finds the end of an answer. begun looks at its beginning, judge at all of it; either may be nil.
func answer(begun func([]byte) error, judge func(Reply) error) Answer {
	return func(b []byte) (int, error) {
		end := bytes.Index(b, headerEnd)
		if end < 0 {
			return 0, nil
		}
		if begun != nil {
			if err := begun(b); err != nil {
				return 0, err
			}
		}
		status, err := statusOf(b)
		if err != nil {
			return 0, err
		}
		header, body, length := b[:end+len(lineEnd)], end+len(headerEnd), 0
		if status != statusNotModified {
			var whole bool
			if length, whole, err = bodyLength(header, b[body:]); err != nil || !whole {
				return 0, err
			}
		}
		if judge != nil {
			err = judge(Reply{status, header, b[body : body+length]})
		}
		return body + length, err
	}
}

const statusNotModified = 304

// statusOf reads the status line.
func statusOf(b []byte) (int, error) {
	const version, digits = "HTTP/1.1 ", 3
	if len(b) < len(version)+digits || string(b[:len(version)]) != version {
		return 0, fmt.Errorf("answer %.60q, want HTTP/1.1", b)
	}
	return strconv.Atoi(string(b[len(version) : len(version)+digits]))
}

// bodyLength returns the length of the body that b begins with, and whether all of it is there.
func bodyLength(header, b []byte) (length int, whole bool, err error) {
	length, chunked, err := framing(header)
	if err == nil && chunked {
		length, err = chunks(b)
		return length, length > 0, err
	}
	return length, len(b) >= length, err
}

// framing finds in a header, whose lines all end, how long the body is.
func framing(header []byte) (length int, chunked bool, err error) {
	for len(header) > 0 {
		line, rest, _ := bytes.Cut(header, lineEnd)
		header = rest
		colon := bytes.IndexByte(line, ':')
		switch {
		case colon == len("Content-Length") && bytes.EqualFold(line[:colon], []byte("Content-Length")):
			length, err = parseLength(bytes.TrimSpace(line[colon+1:]), 10)
			return length, false, err
		case colon == len("Transfer-Encoding") && bytes.EqualFold(line[:colon], []byte("Transfer-Encoding")):
			return 0, true, nil
		}
	}
	return 0, false, fmt.Errorf("an answer without a length")
}

// chunks returns the length of a whole chunked body without trailers, or 0.
func chunks(b []byte) (length int, err error) {
	for {
		line, _, found := bytes.Cut(b[length:], lineEnd)
		if !found {
			return 0, nil
		}
		size, err := parseLength(line, 16)
		if err != nil {
			return 0, err
		}
		length += len(line) + len(lineEnd) + size + len(lineEnd)
		if length > len(b) {
			return 0, nil
		}
		if size == 0 {
			return length, nil
		}
	}
}

// Memcached returns an Answer to a get of so many keys, all of which must be there.
func Memcached(keys int) Answer {
	end := []byte("END\r\n")
	return func(b []byte) (int, error) {
		at, err := values(b, 0, keys, "VALUE ")
		if at == 0 || len(b) < at+len(end) {
			return 0, err
		}
		if !bytes.HasPrefix(b[at:], end) {
			return 0, fmt.Errorf("answer %.60q, want END", b[at:])
		}
		return at + len(end), nil
	}
}

// Redis returns an Answer to a GET, or with keys above 0 to an MGET of so many: all must be there.
func Redis(keys int) Answer {
	if keys == 0 {
		return func(b []byte) (int, error) { return values(b, 0, 1, "$") }
	}
	array := []byte("*" + strconv.Itoa(keys) + "\r\n")
	return func(b []byte) (int, error) {
		if len(b) < len(array) {
			return 0, nil
		}
		if !bytes.HasPrefix(b, array) {
			return 0, fmt.Errorf("answer %.60q, want %d values", b, keys)
		}
		return values(b, len(array), keys, "$")
	}
}

// values returns where a number of values ends that begin at an offset, or 0. Each is a line with a
// prefix that ends with the value's length, and the value.
func values(b []byte, at, number int, prefix string) (end int, err error) {
	for range number {
		line, _, found := bytes.Cut(b[at:], lineEnd)
		if !found {
			return 0, nil
		}
		if !bytes.HasPrefix(line, []byte(prefix)) {
			return 0, fmt.Errorf("answer %.60q, want %s and a value", line, prefix)
		}
		size, err := parseLength(line[bytes.LastIndexAny(line, " $")+1:], 10)
		if err != nil {
			return 0, err
		}
		if at += len(line) + len(lineEnd) + size + len(lineEnd); at > len(b) {
			return 0, nil
		}
	}
	return at, nil
}

// parseLength reads a length; a negative one, by which Redis says that there is nothing, is an error.
func parseLength(text []byte, base int) (int, error) {
	n, err := strconv.ParseUint(string(text), base, 31)
	if err != nil {
		return 0, fmt.Errorf("length: %w", err)
	}
	return int(n), nil
}
