package binlog

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"testing"
)

// FuzzEffects writes a transaction of rows of the table offer, in the one or the other make's way: what goes
// stale are the items of the rows that changed, and no others.
func FuzzEffects(f *testing.F) {
	f.Add(false, uint8(0), []byte{1, 7, 2, 3, 8, 4})
	f.Add(true, uint8(1), []byte{1, 7, 2, 1, 9, 2, 1, 7, 2, 1, 7, 3})
	f.Add(false, uint8(1), []byte{1, 7, 2, 2, 7, 2})
	f.Add(true, uint8(2), []byte{5, 0, 0, 5, 255, 0})
	f.Fuzz(func(t *testing.T, mariadb bool, how uint8, data []byte) {
		typ := []byte{eventWriteRowsV1, eventUpdateRowsV1, eventDeleteRowsV1}[how%3]
		body := append([]byte{1, 0, 0, 0, 0, 0, 1, 0}, 3, 7)
		if typ == eventUpdateRowsV1 {
			body = append(body, 7)
		}
		images := slices.Collect(slices.Chunk(data[:len(data)/6*6], 3))
		if len(images) == 0 {
			return // no server writes an event without rows
		}
		want := map[string]struct{}{}
		for i, image := range images {
			body = append(body, 0)
			for _, v := range image {
				body = binary.LittleEndian.AppendUint32(body, uint32(int32(int8(v))))
			}
			// An update that leaves all but the ignored brand_id alone changes nothing.
			if typ == eventUpdateRowsV1 && bytes.Equal(image[:2], images[i^1][:2]) {
				continue
			}
			want[strconv.Itoa(int(int8(image[1])))] = struct{}{}
		}
		r := fuzzReader(t, mariadb)
		offer := []byte("\x01\x00\x00\x00\x00\x00\x01\x00\x04shop\x00\x05offer\x00\x03\x03\x03\x03\x00\x07")
		for _, b := range [][]byte{eventBytes(eventTableMap, offer), eventBytes(typ, body), eventBytes(eventXID, make([]byte, 8))} {
			e, err := parseEvent(b)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.handleSafely(e); err != nil {
				t.Fatalf("event %d of a transaction as servers write it: %v", e.typ, err)
			}
		}
		got := map[string]struct{}{}
		if u := r.follower.pending.take(); u != nil {
			for _, one := range u.effects {
				if one.all {
					t.Fatalf("event %d with %v: all goes stale", typ, images)
				}
				maps.Copy(got, one.keys)
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("event %d with %v: %v go stale, want %v", typ, images, got, want)
		}
	})
}
