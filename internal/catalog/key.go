package catalog

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A KeyType says how keys of a lookup are written and compared.
type KeyType uint8

// The key types.
const (
	Integer  KeyType = iota // a 64-bit number, signed or unsigned, in decimal
	String                  // text, compared byte for byte
	StringCI                // text, compared without regard to case
)

// The length of a string key in bytes is 1 to maxKeyLen.
const maxKeyLen = 1024

// ErrKey is wrapped by every error of [Lookup.ParseKey]. Unlike other errors
// it bears no package's name: its text is meant for the client that asked.
var ErrKey = errors.New("malformed key")

// String returns the name of t in the catalog file.
func (t KeyType) String() string {
	switch t {
	case Integer:
		return "integer"
	case String:
		return "string"
	case StringCI:
		return "string_ci"
	}
	return fmt.Sprintf("KeyType(%d)", uint8(t))
}

// ParseKey returns the canonical spelling of a key that a client asked for,
// percent-decoded: the key's name in the cache, and in SQL. The canonical
// spelling of a canonical key is that key itself, without an allocation.
//
// An integer has one spelling, as [strconv.FormatInt] and [strconv.FormatUint]
// write it. A string is 1 to 1024 bytes of UTF-8 without control characters;
// StringCI folds its case as [strings.EqualFold] does, by Unicode's simple case
// folding. MySQL's collations also take accents and trailing spaces for equal;
// these are not folded. Errors wrap ErrKey.
func (l *Lookup) ParseKey(raw string) (string, error) {
	if l.KeyType == Integer {
		return raw, checkInteger(raw)
	}
	if err := checkString(raw); err != nil || l.KeyType == String {
		return raw, err
	}
	key := foldKey(raw)
	return key, checkLength(key)
}

// CanonicalKey returns the canonical spelling of the key column of a row, as
// text of the server: StringCI folds, and an Integer loses the leading zeros of
// a ZEROFILL column. Any column has one, also what no client can ask for.
func (l *Lookup) CanonicalKey(column []byte) string {
	switch l.KeyType {
	case Integer:
		for len(column) > 1 && column[0] == '0' {
			column = column[1:]
		}
	case StringCI:
		return foldKey(string(column))
	}
	return string(column)
}

func checkInteger(s string) error {
	digits, limit := s, "18446744073709551615"
	if strings.HasPrefix(s, "-") {
		digits, limit = s[1:], "9223372036854775808"
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return fmt.Errorf("%w: an integer is expected, such as 42", ErrKey)
		}
	}
	switch {
	case digits == "":
		return fmt.Errorf("%w: an integer is expected, such as 42", ErrKey)
	case digits[0] == '0' && s != "0":
		return fmt.Errorf("%w: an integer has no leading zeros and no negative zero", ErrKey)
	case len(digits) > len(limit), len(digits) == len(limit) && digits > limit:
		return fmt.Errorf("%w: the integer does not fit into 64 bits", ErrKey)
	}
	return nil
}

func checkString(s string) error {
	if err := checkLength(s); err != nil {
		return err
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: it is not UTF-8", ErrKey)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%w: it contains a control character", ErrKey)
	}
	return nil
}

func checkLength(s string) error {
	if s == "" {
		return fmt.Errorf("%w: it is empty", ErrKey)
	}
	if len(s) > maxKeyLen {
		return fmt.Errorf("%w: it is longer than %d bytes", ErrKey, maxKeyLen)
	}
	return nil
}
