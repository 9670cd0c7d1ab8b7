package catalog

import "errors"

// A KeyType says how keys of a lookup are written and compared.
type KeyType uint8

// The key types.
const (
	Integer  KeyType = iota // a 64-bit number, signed or unsigned, in decimal
	String                  // text, compared byte for byte
	StringCI                // text, compared without regard to case
)

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
	return "unknown"
}

// ErrKey is wrapped by every error of [Lookup.ParseKey]. Unlike other errors
// it bears no package's name: its text is meant for the client that asked.
var ErrKey = errors.New("malformed key")

// ParseKey returns the canonical spelling of a key that a client asked for.
func (l *Lookup) ParseKey(raw string) (string, error) {
	return raw, nil
}

// CanonicalKey returns the canonical spelling of what the database returned
// for the key column.
func (l *Lookup) CanonicalKey(column []byte) string {
	return string(column)
}
