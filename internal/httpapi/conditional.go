package httpapi

import "strings"

// matchesAny reports whether the lines of an If-None-Match field name etag, by
// weak comparison (RFC 9110, section 13.1.2). What is malformed matches nothing,
// from there on: the client then gets the whole answer, which is never wrong.
func matchesAny(lines []string, etag string) bool {
	for _, line := range lines {
		if matches(line, etag) {
			return true
		}
	}
	return false
}

func matches(line, etag string) bool {
	rest := trimOWS(line)
	if rest == "*" {
		return true
	}
	for rest != "" {
		if rest[0] == ',' { // empty elements are allowed
			rest = trimOWS(rest[1:])
			continue
		}
		tag, after, ok := cutTag(strings.TrimPrefix(rest, "W/"))
		if !ok {
			return false
		}
		if tag == etag {
			return true
		}
		rest = trimOWS(after)
		if rest != "" && rest[0] != ',' {
			return false
		}
	}
	return false
}

// cutTag splits a quoted tag, which may contain commas but no escapes, off s.
func cutTag(s string) (tag, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", "", false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[:i+1], s[i+1:], true
		case c <= ' ' || c == 0x7f:
			return "", "", false
		}
	}
	return "", "", false
}

// trimOWS removes what RFC 9110 calls optional whitespace.
func trimOWS(s string) string { return strings.Trim(s, " \t") }
