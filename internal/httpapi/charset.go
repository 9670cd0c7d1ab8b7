package httpapi

// charset is a set of bytes by their values.
type charset [256]bool

// The bytes that a plain request may have in its parts. None holds a control
// byte, a space, or one beyond ASCII, but as said.
var (
	inKey   = charsetOf("-._~!$&'()*+,;=:@%")                // RFC 3986, pchar
	inName  = charsetOf("!#$%&'*+-.^_`|~")                   // RFC 9110, token
	inHost  = charsetOf("-._:[]")                            // a host with its port, of those one meets
	inQuery = charsetOf("!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~") // what net/http leaves as it is
	inValue = charsetOf("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t")
)

// charsetOf returns the set of letters, digits and others.
func charsetOf(others string) *charset {
	var set charset
	for _, part := range []string{"0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", others} {
		for i := range len(part) {
			set[part[i]] = true
		}
	}
	return &set
}

// consistOf reports whether all bytes of b are in a set.
func consistOf(b []byte, set *charset) bool {
	for _, c := range b {
		if !set[c] {
			return false
		}
	}
	return true
}

// appendDecoded appends b with its percent-encoded bytes decoded.
func appendDecoded(dst, b []byte) (_ []byte, ok bool) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '%' {
			if i+2 >= len(b) {
				return dst, false
			}
			high, low := hexDigit(b[i+1]), hexDigit(b[i+2])
			if high < 0 || low < 0 {
				return dst, false
			}
			c = byte(high<<4 | low)
			i += 2
		}
		dst = append(dst, c)
	}
	return dst, true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
