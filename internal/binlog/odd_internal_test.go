package binlog

import (
	"slices"
	"testing"

	"productcache/internal/catalog"
)

// told keeps what a sink is told.
type told struct{ all []string }

func (s *told) Invalidate(l *catalog.Lookup, keys []string) {
	for _, key := range keys {
		s.all = append(s.all, l.Name+" "+key)
	}
}

func (s *told) InvalidateAll(l *catalog.Lookup) { s.all = append(s.all, l.Name+" *") }

// TestOddEvents: what is not understood makes too much stale rather than too little.
func TestOddEvents(t *testing.T) {
	offer := []byte("\x01\x00\x00\x00\x00\x00\x01\x00\x04shop\x00\x05offer\x00\x03\x03\x03\x03\x00\x07")
	row := []byte("\x01\x00\x00\x00\x00\x00\x01\x00\x03\x07\x00\x05\x00\x00\x00\x06\x00\x00\x00\x07\x00\x00\x00")
	for _, tt := range []struct {
		name  string
		typ   byte
		flags byte
		body  []byte
		want  []string
	}{
		{"a row", eventWriteRowsV1, 0, row, []string{"l 6"}},
		{"a row cut off", eventWriteRowsV1, 0, row[:len(row)-1], []string{"l *"}},
		{"a compressed row that is none", eventWriteRowsCompressedV1, 0, row, []string{"l *"}},
		{"rows of another table", eventWriteRowsV1, 0, append([]byte{2}, row[1:]...), nil},
		{"the text of a statement", 29, 0, row, nil},
		{"an unknown event", 200, 0, row, []string{"l *"}},
		{"an unknown event that may be passed over", 200, passable, row, nil},
		{"rows of MySQL before 5.1", 20, 0, row, []string{"l *"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := fuzzReader(t, false)
			sink := &told{}
			r.follower.o.Sink = sink
			b := eventBytes(tt.typ, tt.body)
			b[17] |= tt.flags
			for _, b := range [][]byte{eventBytes(eventTableMap, offer), b, eventBytes(eventXID, nil)} {
				e, err := parseEvent(b)
				if err == nil {
					err = r.handleSafely(e)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(sink.all, tt.want) {
				t.Errorf("stale are %q, want %q", sink.all, tt.want)
			}
		})
	}
}
