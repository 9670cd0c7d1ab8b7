// Package snapshot is the file that a cache comes back from after a restart.
//
// A file holds one snapshot and, behind it, what was purged since. It is
// written anew beside the old one and takes its place in one step; purges are
// added to it in place. What is read is right or an error: each part carries a
// checksum and its place, so that a file that is cut, damaged, mixed with
// another one or of another version shows as such. What a value is, and whether
// it may be served, is the caller's.
//
// # The format, version 1
//
// Numbers of fixed size are little-endian, the others varints. A file is
//
//	preamble: magic (8 bytes), version (4), salt (8, random), check (4)
//	frames:   kind (1), length (4), offset in the file (8), check (4), body, check (4)
//
// The first frame is the header, then come records, many to a frame of about
// 1 MiB, then the footer with their number, then one frame for each purge, up
// to the end of the file. A check is the CRC-32C of the preamble and of all of
// the frame before it.
package snapshot

import (
	"errors"
	"time"
)

// Errors of reading and writing, beside those of the file system.
var (
	// ErrDamaged says that a file is not what was written: cut, changed, or
	// never finished.
	ErrDamaged = errors.New("snapshot: the file is damaged")

	// ErrVersion says that a file is of another version of the format.
	ErrVersion = errors.New("snapshot: the file is of another version")

	// ErrTooLarge says that a record has more than MaxRecord bytes.
	ErrTooLarge = errors.New("snapshot: the record is too large")
)

// MaxRecord is how many bytes key and value of a record may have together: it
// bounds the memory that writing and reading take.
const MaxRecord = 16 << 20

// A Header says what the records are of.
type Header struct {
	Time     time.Time // of the wall clock, before the first record was taken
	Source   string    // where the values were loaded from
	Position string    // up to where changes of the source are in the values; "": not known
	Lookups  []Lookup
}

// A Lookup is a kind of values, which records name by its place in the header.
type Lookup struct {
	Name        string
	Fingerprint [32]byte // of its definition
}

// A Record is one value.
type Record struct {
	Lookup   int // place in Header.Lookups
	Key      string
	LoadedAt time.Time // when its load began; not after Header.Time, else it counts as of then
	StaleAt  time.Time // when it was invalidated, as LoadedAt; zero: it was not
	Rank     uint8     // its place in the order of eviction, in the cache's own terms
	Value    []byte    // read: valid until the next one is read
}

// A Purge is an invalidation that a snapshot's values do not know of.
type Purge struct {
	Lookup string
	All    bool // all keys; Keys is empty
	Remove bool // the values may not even be served when loading fails
	Keys   []string
}

// Info is what was written.
type Info struct {
	Records int64
	Bytes   int64 // of the file
}
