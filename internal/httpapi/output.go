package httpapi

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// batch is what is written at once, about; longer bodies leave without a copy.
const batch = 64 << 10

var batches = sync.Pool{New: func() any { return new([batch]byte) }}

// output gathers replies, so that those to pipelined requests leave together. The
// first error stays, and nothing is written after it.
type output struct {
	to     io.Writer
	room   *[batch]byte // nil while nothing is gathered
	out    []byte       // in room
	pair   [2][]byte
	vector net.Buffers
	err    error
	wrote  bool // to it, since somebody has looked

	date   [len(http.TimeFormat)]byte
	second int64 // of date
}

// put gathers a reply.
func (o *output) put(r *reply, now time.Time, closes bool) {
	if o.room == nil {
		o.room = batches.Get().(*[batch]byte)
		o.out = o.room[:0]
	}
	if len(o.out) > batch/2 {
		o.write(nil) // a header has room, then
	}
	o.out = r.appendHeader(o.out, o.dateAt(now), closes)
	switch {
	case r.bodyless():
	case r.pieces != nil:
		r.pieces.each(o.add)
	default:
		o.add(r.body)
		o.add(r.rest)
	}
}

// add gathers a part of a body.
func (o *output) add(b []byte) {
	if len(o.out)+len(b) > batch {
		o.write(b)
		return
	}
	o.out = append(o.out, b...)
}

// write writes what has been gathered, and then more.
func (o *output) write(more []byte) {
	if o.err == nil {
		o.pair = [...][]byte{o.out, more}
		o.vector = o.pair[:]
		o.wrote = true
		_, o.err = o.vector.WriteTo(o.to)
		o.pair = [2][]byte{}
	}
	o.out = o.out[:0]
}

// flush writes what has been gathered, and gives the memory back.
func (o *output) flush() error {
	if o.room == nil {
		return o.err
	}
	if o.err == nil && len(o.out) > 0 {
		o.wrote = true
		_, o.err = o.to.Write(o.out)
	}
	o.drop()
	return o.err
}

// drop forgets what has been gathered, and gives the memory back.
func (o *output) drop() {
	if o.room != nil {
		batches.Put(o.room)
		o.room, o.out = nil, nil
	}
}

// dateAt is the value of Date.
func (o *output) dateAt(now time.Time) []byte {
	if second := now.Unix(); second != o.second {
		o.second = second
		now.UTC().AppendFormat(o.date[:0], http.TimeFormat)
	}
	return o.date[:]
}
