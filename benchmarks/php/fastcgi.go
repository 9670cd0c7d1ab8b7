package main

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"productcache/benchmarks/peers/load"
)

// FastCGI 1.0: what php-fpm is asked by a web server, and how it answers.
const (
	fcgiVersion   = 1
	fcgiBegin     = 1
	fcgiEnd       = 3
	fcgiParams    = 4
	fcgiStdin     = 5
	fcgiStdout    = 6
	fcgiStderr    = 7
	fcgiHeader    = 8 // bytes
	fcgiResponder = 1
	fcgiKeep      = 1 // the connection stays open
)

// fcgiRequest is a GET of a script, over a connection that is kept. More parameters than a web server's reach the
// script in $_SERVER.
func fcgiRequest(script, query string, more map[string]string) []byte {
	var params []byte
	add := func(name, value string) {
		for _, s := range []string{name, value} {
			if len(s) < 128 {
				params = append(params, byte(len(s)))
			} else {
				params = binary.BigEndian.AppendUint32(params, uint32(len(s))|1<<31)
			}
		}
		params = append(append(params, name...), value...)
	}
	add("SCRIPT_FILENAME", script)
	add("QUERY_STRING", query)
	add("REQUEST_METHOD", "GET")
	for name, value := range more {
		add(name, value)
	}
	b := fcgiRecord(nil, fcgiBegin, []byte{0, fcgiResponder, fcgiKeep, 0, 0, 0, 0, 0})
	b = fcgiRecord(b, fcgiParams, params)
	b = fcgiRecord(b, fcgiParams, nil)
	return fcgiRecord(b, fcgiStdin, nil)
}

func fcgiRecord(b []byte, kind byte, content []byte) []byte {
	b = append(b, fcgiVersion, kind, 0, 1, byte(len(content)>>8), byte(len(content)), 0, 0)
	return append(b, content...)
}

// fcgiPage returns an Answer that wants a page whose body begins with "ok".
func fcgiPage() load.Answer {
	return func(b []byte) (int, error) {
		length, page, err := fcgiAnswer(b, nil)
		if length == 0 || err != nil {
			return 0, err
		}
		header, body, _ := bytes.Cut(page, []byte("\r\n\r\n"))
		if bytes.HasPrefix(header, []byte("Status:")) || !bytes.HasPrefix(body, []byte("ok")) {
			return 0, fmt.Errorf("page %.400q", page)
		}
		return length, nil
	}
}

// fcgiBody returns the body of a whole answer.
func fcgiBody(b []byte) []byte {
	page := []byte{}
	_, _, _ = fcgiAnswer(b, &page)
	_, body, _ := bytes.Cut(page, []byte("\r\n\r\n"))
	return body
}

// fcgiAnswer returns the length of a whole answer, or 0 if there is more to come, and the first part of the page. All of it
// is appended to page, unless that is nil.
func fcgiAnswer(b []byte, page *[]byte) (length int, first []byte, err error) {
	for at := 0; len(b)-at >= fcgiHeader; {
		kind, size, padding := b[at+1], int(binary.BigEndian.Uint16(b[at+4:])), int(b[at+6])
		end := at + fcgiHeader + size
		if len(b) < end+padding {
			return 0, nil, nil
		}
		content := b[at+fcgiHeader : end]
		at = end + padding
		switch kind {
		case fcgiStderr:
			return 0, nil, fmt.Errorf("php: %.2000s", content)
		case fcgiStdout:
			if first == nil {
				first = content
			}
			if page != nil {
				*page = append(*page, content...)
			}
		case fcgiEnd:
			return at, first, nil
		}
	}
	return 0, nil, nil
}
