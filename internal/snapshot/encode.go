package snapshot

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Flags of records and purges.
const (
	isStale  = 1 << 0
	isAll    = 1 << 0
	isRemove = 1 << 1
)

// recordOverhead is the most that a record takes beyond its key and value.
const recordOverhead = 5*binary.MaxVarintLen64 + 2

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendHeader(b []byte, h Header) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(h.Time.UnixNano()))
	b = appendText(appendText(b, h.Source), h.Position)
	b = binary.AppendUvarint(b, uint64(len(h.Lookups)))
	for _, l := range h.Lookups {
		b = append(appendText(b, l.Name), l.Fingerprint[:]...)
	}
	return b
}

// appendRecord writes times as ages: they are small.
func appendRecord(b []byte, r Record, now time.Time) []byte {
	age := func(at time.Time) uint64 { return uint64(max(0, now.Sub(at))) }
	var flags byte
	if !r.StaleAt.IsZero() {
		flags = isStale
	}
	b = binary.AppendUvarint(b, uint64(r.Lookup))
	b = append(b, flags, r.Rank)
	b = binary.AppendUvarint(b, age(r.LoadedAt))
	if flags&isStale != 0 {
		b = binary.AppendUvarint(b, age(r.StaleAt))
	}
	b = appendText(b, r.Key)
	return append(binary.AppendUvarint(b, uint64(len(r.Value))), r.Value...)
}

func appendPurge(b []byte, p Purge) []byte {
	var flags byte
	if p.All {
		flags |= isAll
	}
	if p.Remove {
		flags |= isRemove
	}
	b = appendText(append(b, flags), p.Lookup)
	b = binary.AppendUvarint(b, uint64(len(p.Keys)))
	for _, key := range p.Keys {
		b = appendText(b, key)
	}
	return b
}

// A decoder takes a body apart. Once something is missing, bad is set and all
// it returns is zero.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.rest, d.bad = nil, true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.rest, d.bad = nil, true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) text() string { return string(d.take(d.uint())) }

// count reads how many things follow, each of at least one byte.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.rest)) {
		d.rest, d.bad = nil, true
		return 0
	}
	return int(n)
}

// end reports what does not read as it was written, though its checksum is right.
func (d *decoder) end(what string) error {
	if d.bad || len(d.rest) > 0 {
		return fmt.Errorf("%w: a %s cannot be read", ErrDamaged, what)
	}
	return nil
}

func decodeHeader(body []byte) (h Header, err error) {
	d := decoder{rest: body}
	h.Time = time.Unix(0, int64(d.uint64()))
	h.Source, h.Position = d.text(), d.text()
	h.Lookups = make([]Lookup, d.count())
	for i := range h.Lookups {
		h.Lookups[i].Name = d.text()
		copy(h.Lookups[i].Fingerprint[:], d.take(32))
	}
	return h, d.end("header")
}

// record takes the next record off a body.
func (d *decoder) record(h Header) (r Record, err error) {
	lookup := d.uint()
	flags := d.byte()
	r.Rank = d.byte()
	r.LoadedAt = h.Time.Add(-time.Duration(d.uint()))
	if flags&isStale != 0 {
		r.StaleAt = h.Time.Add(-time.Duration(d.uint()))
	}
	r.Key = d.text()
	r.Value = d.take(d.uint())
	if d.bad || lookup >= uint64(len(h.Lookups)) || r.LoadedAt.After(h.Time) || r.StaleAt.After(h.Time) {
		return Record{}, fmt.Errorf("%w: a record cannot be read", ErrDamaged)
	}
	r.Lookup = int(lookup)
	return r, nil
}

func decodePurge(body []byte) (p Purge, err error) {
	d := decoder{rest: body}
	flags := d.byte()
	p.All, p.Remove = flags&isAll != 0, flags&isRemove != 0
	p.Lookup = d.text()
	p.Keys = make([]string, d.count())
	for i := range p.Keys {
		p.Keys[i] = d.text()
	}
	return p, d.end("purge")
}
