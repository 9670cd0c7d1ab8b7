package store

import (
	"productcache/internal/catalog"
	"productcache/internal/document"
)

// A part is one query of a lookup, with the rows that it returned.
type part struct {
	query catalog.Query
	name  string  // in the parent's row; empty for the lookup's own query
	match string  // column whose value the parent's row has too; or empty
	label []byte  // "name":
	with  []*part // children

	rows []row
	at   map[place]chain
}

// A row is a piece of batch.text: "{" and the fields. Its children and "}"
// come when the documents are put together.
type row struct {
	from, to int
	place    place
	next     int     // the next row in the same place, or none
	below    []place // of the rows of each child; nil: all at {key, ""}
}

// A place is where rows of a part belong: in the parent's rows of one key, with
// one value in the match column.
type place struct {
	key   int
	match string
}

// A chain is the rows of one place, in the order of the result.
type chain struct{ first, last int }

const none = -1

var nowhere = place{key: none}

func newPart(name, match string, q catalog.Query, with []catalog.Child) *part {
	p := &part{query: q, name: name, match: match, at: map[place]chain{}}
	if name != "" {
		p.label = appendLabel(nil, name)
	}
	for _, c := range with {
		p.with = append(p.with, newPart(c.Name, c.Match, c.Query, c.With))
	}
	return p
}

// matched reports whether children are found by more than the key.
func (p *part) matched() bool {
	for _, child := range p.with {
		if child.match != "" {
			return true
		}
	}
	return false
}

// add appends r to the rows of its place.
func (p *part) add(r row) {
	at := len(p.rows)
	r.next = none
	p.rows = append(p.rows, r)
	c, ok := p.at[r.place]
	if !ok {
		c.first = at
	} else {
		p.rows[c.last].next = at
	}
	c.last = at
	p.at[r.place] = c
}

// each calls f for the rows of one place.
func (p *part) each(at place, f func(row)) {
	c, ok := p.at[at]
	if !ok {
		return
	}
	for i := c.first; i != none; i = p.rows[i].next {
		f(p.rows[i])
	}
}

// documents puts the answers together, one per key.
func (b *batch) documents() []Row {
	answers := make([]Row, b.keys)
	var scratch []byte
	for key := range answers {
		c, ok := b.root.at[place{key: key}]
		if !ok {
			continue
		}
		var ends []uint32
		scratch = scratch[:0]
		if b.lookup.Many {
			scratch, ends = b.appendRows(scratch, b.root, place{key: key})
		} else {
			scratch = b.appendRow(scratch, b.root, b.root.rows[c.first])
		}
		// A document keeps its body for long: no part of a larger buffer.
		body := make([]byte, len(scratch))
		copy(body, scratch)
		answers[key] = Row{Document: document.New(body, ends), Found: true}
	}
	return answers
}

// appendRow appends the object of one row.
func (b *batch) appendRow(dst []byte, p *part, r row) []byte {
	dst = append(dst, b.text[r.from:r.to]...)
	for i, child := range p.with {
		at := place{key: r.place.key}
		if r.below != nil {
			at = r.below[i]
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(dst, child.label...)
		dst, _ = b.appendRows(dst, child, at)
	}
	return append(dst, '}')
}

// appendRows appends the array of the rows of one place, and returns where each
// element ends.
func (b *batch) appendRows(dst []byte, p *part, at place) ([]byte, []uint32) {
	var ends []uint32
	start := len(dst)
	dst = append(dst, '[')
	p.each(at, func(r row) {
		if len(ends) > 0 {
			dst = append(dst, ',')
		}
		dst = b.appendRow(dst, p, r)
		ends = append(ends, uint32(len(dst)-start))
	})
	return append(dst, ']'), ends
}
