package httpapi

import (
	"strconv"
	"unicode/utf8"
)

// appendString appends s as a JSON string. It escapes what encoding/json does,
// "<", ">" and "&" included, so that an answer pasted into a page stays text;
// bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		if isPlain(r, size) {
			i += size
			continue
		}
		dst = append(dst, s[from:i]...)
		dst = appendEscape(dst, r)
		i += size
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

func isPlain(r rune, size int) bool {
	switch r {
	case '"', '\\', '<', '>', '&', '\u2028', '\u2029':
		return false
	case utf8.RuneError:
		return size > 1
	}
	return r >= ' '
}

func appendEscape(dst []byte, r rune) []byte {
	if r == '"' || r == '\\' {
		return append(dst, '\\', byte(r))
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// quoted makes a piece of a client's input fit to be shown: in quotes, at most
// 64 bytes of it, and what cannot be printed escaped.
func quoted(s string) string {
	const most = 64
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut] + "…")
}
