package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"testing"
	"time"
)

// fuzzHeader is that of a file with one lookup.
func fuzzHeader() Header {
	return Header{Time: time.Unix(1_700_000_000, 5), Source: "tcp db:3306", Position: "p", Lookups: []Lookup{{Name: "products", Fingerprint: [32]byte{1}}}}
}

// FuzzBodies gives frames whose checksums are right any bodies: each is damaged, or what is read of it is
// no larger than it and is written as what reads back as the same.
func FuzzBodies(f *testing.F) {
	h := fuzzHeader()
	at := h.Time
	record := appendRecord(nil, Record{Key: "1", LoadedAt: at.Add(-time.Hour), StaleAt: at, Rank: 7, Value: []byte(`{"id":1}`)}, at)
	purge := appendPurge(nil, Purge{Lookup: "products", Remove: true, Keys: []string{"1", ""}})
	f.Add(appendHeader(nil, h), record, purge)
	young := append([]byte{0, isStale, 0, 0}, binary.AppendUvarint(nil, 1<<63+5)...) // went stale after the snapshot began
	f.Add(appendHeader(nil, h), append(young, 0, 0), purge)
	f.Add(appendHeader(nil, Header{Time: at}), append(record, record...), appendPurge(nil, Purge{All: true}))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\xff\xff\xff\xff\x0f"), []byte("\x00\x00\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x00\x00"), []byte("\x03\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, head, body, behind []byte) {
		if h, err := decodeHeader(head); err == nil {
			back, err := decodeHeader(appendHeader(nil, h))
			if err != nil || !reflect.DeepEqual(back, h) || 33*len(h.Lookups) > len(head) {
				t.Fatalf("header %q is %+v, and then %+v, %v", head, h, back, err)
			}
		} else if !errors.Is(err, ErrDamaged) {
			t.Fatalf("header %q: %v", head, err)
		}
		if p, err := decodePurge(behind); err == nil {
			back, err := decodePurge(appendPurge(nil, p))
			if err != nil || !reflect.DeepEqual(back, p) || len(p.Keys) > len(behind) {
				t.Fatalf("purge %q is %+v, and then %+v, %v", behind, p, back, err)
			}
		} else if !errors.Is(err, ErrDamaged) {
			t.Fatalf("purge %q: %v", behind, err)
		}
		checkRecords(t, body)
	})
}

func checkRecords(t *testing.T, body []byte) {
	h := fuzzHeader()
	d := decoder{rest: body}
	for n := 0; len(d.rest) > 0; n++ {
		before := len(d.rest)
		r, err := d.record(h)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("record %d of %q: %v", n, body, err)
			}
			return
		}
		if len(r.Key)+len(r.Value) > before-len(d.rest) || r.Lookup != 0 || r.LoadedAt.After(h.Time) || r.StaleAt.After(h.Time) {
			t.Fatalf("record %d of %q is %+v", n, body, r)
		}
		again := decoder{rest: appendRecord(nil, r, h.Time)}
		back, err := again.record(h)
		near := func(a, b time.Time) bool { return a.Sub(b).Abs() <= 1 } // the oldest time is an age too long by one
		if err != nil || len(again.rest) > 0 || back.Key != r.Key || !bytes.Equal(back.Value, r.Value) || back.Rank != r.Rank ||
			!near(back.LoadedAt, r.LoadedAt) || !near(back.StaleAt, r.StaleAt) {
			t.Fatalf("record %d of %q is %+v, and then %+v, %v", n, body, r, back, err)
		}
	}
}

// FuzzFrames makes a whole file, with right checksums, of frames of any kind and body: a reader reads it to
// its end or finds it damaged, and gives no record that the footer does not count.
func FuzzFrames(f *testing.F) {
	h := fuzzHeader()
	record := appendRecord(nil, Record{Key: "1", LoadedAt: h.Time, Value: []byte(`{}`)}, h.Time)
	f.Add(byte(header), appendHeader(nil, h), byte(records), record, byte(footer), []byte("\x01\x00\x00\x00\x00\x00\x00\x00"), byte(purge), appendPurge(nil, Purge{All: true}))
	f.Add(byte(header), appendHeader(nil, h), byte(footer), make([]byte, 8), byte(purge), appendPurge(nil, Purge{Keys: []string{"1"}}), byte(records), record)
	f.Add(byte(records), record, byte(header), appendHeader(nil, h), byte(records), []byte{}, byte(footer), []byte{1})
	f.Fuzz(func(t *testing.T, k1 byte, b1 []byte, k2 byte, b2 []byte, k3 byte, b3 []byte, k4 byte, b4 []byte) {
		file, seed := newPreamble([8]byte{7})
		for i, body := range [][]byte{b1, b2, b3, b4} {
			frame := append(beginFrame(nil, kind([]byte{k1, k2, k3, k4}[i])), body...)
			file = append(file, endFrame(frame, int64(len(file)), seed)...)
		}
		n, err := readWhole(t, file)
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatalf("%q: %v", file, err)
		}
		if err == nil && (kind(k1) != header || n > 0 && kind(k2) != records) {
			t.Fatalf("%q is read, with %d records", file, n)
		}
	})
}

// readWhole reads a file to its end, and returns how many records it has.
func readWhole(t *testing.T, file []byte) (n int, err error) {
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return 0, err
	}
	for ; ; n++ {
		if n > len(file) {
			t.Fatalf("%q has more records than bytes", file)
		}
		if _, err = r.Next(); err != nil {
			break
		}
	}
	if err != io.EOF {
		return n, err
	}
	_, err = r.Purges()
	if err == nil && r.Bytes() != int64(len(file)) {
		t.Fatalf("%d bytes read of %d", r.Bytes(), len(file))
	}
	return n, err
}
