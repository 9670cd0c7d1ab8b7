package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// An encoder appends the JSON of a value, as the driver delivers it and not
// nil, to dst. The driver parses integers and floats (int64, uint64, float32,
// float64); everything else is the text or the bytes that the server sent.
type encoder func(dst []byte, v any) []byte

// appendPlain appends a value as the server would print it.
func appendPlain(dst []byte, v any) []byte {
	switch v := v.(type) {
	case []byte:
		return append(dst, v...)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case float32:
		return appendFloat(dst, float64(v), 32)
	case float64:
		return appendFloat(dst, v, 64)
	}
	return dst
}

func appendNumber(dst []byte, v any) []byte {
	if text, ok := v.([]byte); ok {
		return appendText(dst, text) // no number after all
	}
	return appendPlain(dst, v)
}

// appendFloat writes as encoding/json does: plain digits where they are not too
// many. JSON has no infinity and no NaN.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return append(dst, "null"...)
	}
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}

// appendBit reads BIT(1) to BIT(64): up to eight bytes, the highest first.
func appendBit(dst []byte, v any) []byte {
	return strconv.AppendUint(dst, bits(v), 10)
}

func bits(v any) (n uint64) {
	b, _ := v.([]byte)
	for _, octet := range b {
		n = n<<8 | uint64(octet)
	}
	return n
}

// appendBool shows 0 as false and any other number as true.
func appendBool(dst []byte, v any) []byte {
	return strconv.AppendBool(dst, !isZero(v))
}

func isZero(v any) bool {
	switch v := v.(type) {
	case int64:
		return v == 0
	case uint64:
		return v == 0
	case []byte: // DECIMAL
		return len(bytes.Trim(v, "-0.")) == 0
	}
	return false
}

func appendBitBool(dst []byte, v any) []byte {
	return strconv.AppendBool(dst, bits(v) != 0)
}

// appendJSON embeds JSON text. Text that is none becomes a string: one broken
// row must not make the whole answer unreadable, and the client sees what it is.
func appendJSON(dst []byte, v any) []byte {
	text, ok := v.([]byte)
	if !ok {
		return appendNumber(dst, v)
	}
	if json.Valid(text) && utf8.Valid(text) {
		return append(dst, bytes.TrimSpace(text)...)
	}
	return appendText(dst, text)
}

func appendBase64(dst []byte, v any) []byte {
	b, _ := v.([]byte)
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

// appendText appends a JSON string (RFC 8259, section 7). Bytes that are not
// UTF-8 become U+FFFD; what need not be escaped is left readable.
func appendText(dst []byte, v any) []byte {
	text, ok := v.([]byte)
	if !ok {
		return appendText(dst, appendPlain(nil, v))
	}
	dst = append(dst, '"')
	done := 0 // text up to here is in dst
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRune(text[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, text[done:i]...)
		dst = appendEscape(dst, c)
		i += size
		done = i
	}
	dst = append(dst, text[done:]...)
	return append(dst, '"')
}

// appendEscape appends what stands for a byte that cannot stand for itself.
func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch {
	case c >= utf8.RuneSelf:
		return utf8.AppendRune(dst, utf8.RuneError)
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}

// appendLabel appends a name and the colon behind it.
func appendLabel(dst []byte, name string) []byte {
	return append(appendText(dst, []byte(name)), ':')
}
