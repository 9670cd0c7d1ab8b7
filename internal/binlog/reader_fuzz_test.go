package binlog

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/dolthub/vitess/go/mysql"

	"productcache/internal/catalog"
)

type noSink struct{}

func (noSink) Invalidate(*catalog.Lookup, []string) {}
func (noSink) InvalidateAll(*catalog.Lookup)        {}

// fuzzReader follows the family's offers on a server of the one or the other make.
func fuzzReader(t *testing.T, mariadb bool) *reader {
	t.Helper()
	lookups := []*catalog.Lookup{{Name: "l", KeyType: catalog.Integer, ChangedBy: []catalog.Change{
		{Table: "offer", Key: "item_id", Ignore: []string{"brand_id"}},
		{Table: "brand", Key: "id", Find: catalog.Query{Text: "SELECT"}},
	}}}
	f, err := New(Options{Endpoint: Endpoint{Network: "unix", Address: "/nowhere"}, Lookups: lookups, Database: family, Sink: noSink{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // waits for nothing
	r := &reader{follower: f, ctx: ctx, server: &server{mariadb: mariadb, gtids: true}, at: position{file: "binlog.000001", gtids: parseGTIDs(mariadb, "")}}
	if r.routes, err = newRoutes(t.Context(), lookups, "shop", false, family); err != nil {
		t.Fatal(err)
	}
	format := mysql.NewMySQL56BinlogFormat()
	e, err := parseEvent(mysql.NewFormatDescriptionEvent(format, mysql.BinlogEventMetadata{}).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.handleSafely(e); err != nil {
		t.Fatal(err)
	}
	return r
}

// eventBytes writes an event as a server does, without a checksum.
func eventBytes(typ byte, body []byte) []byte {
	b := make([]byte, headerSize, headerSize+len(body))
	b[4] = typ
	binary.LittleEndian.PutUint32(b[9:], uint32(headerSize+len(body)))
	return append(b, body...)
}

// FuzzHandle: whatever a server sends, the reader goes on, or gives up the position.
func FuzzHandle(f *testing.F) {
	offer := []byte("\x01\x00\x00\x00\x00\x00\x01\x00\x04shop\x00\x05offer\x00\x03\x03\x03\x03\x00\x07")
	row := []byte("\x01\x00\x00\x00\x00\x00\x01\x00\x03\x07\x00\x05\x00\x00\x00\x06\x00\x00\x00\x07\x00\x00\x00")
	query := append(make([]byte, 13), "\x00DROP TABLE offer"...)
	f.Add(false, byte(eventTableMap), offer, byte(eventWriteRowsV1), row)
	f.Add(true, byte(eventTableMap), offer, byte(eventUpdateRowsV1), row)
	f.Add(true, byte(eventQuery), query, byte(eventTableMap), offer)
	f.Add(false, byte(eventExecuteLoad), append(make([]byte, 13), query...), byte(eventXID), []byte{})
	f.Add(true, byte(eventMariaDBGTID), make([]byte, 13), byte(eventXAPrepare), make([]byte, 13))
	f.Add(false, byte(eventGTID), make([]byte, 60), byte(eventIncident), []byte{})
	f.Add(false, byte(eventFormat), []byte{4}, byte(eventRotate), []byte("12345678binlog.2"))
	f.Add(false, byte(eventPayload), []byte("\x02\x01\xff\x00"), byte(eventHeartbeat), []byte("binlog.000001"))
	f.Fuzz(func(t *testing.T, mariadb bool, typ byte, body []byte, then byte, more []byte) {
		r := fuzzReader(t, mariadb)
		for _, b := range [][]byte{eventBytes(typ, body), eventBytes(then, more), eventBytes(eventXID, nil)} {
			e, err := parseEvent(b)
			if err != nil {
				t.Fatal(err)
			}
			r.advance(e)
			if err := r.handleSafely(e); err != nil && !errors.Is(err, errLost) && e.typ != eventFormat {
				t.Errorf("event %d: %v, which would be tried again without end", e.typ, err)
			}
		}
	})
}

func TestReaderTakesSeeds(t *testing.T) {
	r := fuzzReader(t, false)
	for _, b := range [][]byte{
		eventBytes(eventTableMap, []byte("\x01\x00\x00\x00\x00\x00\x01\x00\x04shop\x00\x05offer\x00\x03\x03\x03\x03\x00\x07")),
		eventBytes(eventWriteRowsV1, []byte("\x01\x00\x00\x00\x00\x00\x01\x00\x03\x07\x00\x05\x00\x00\x00\x06\x00\x00\x00\x07\x00\x00\x00")),
		eventBytes(eventXID, make([]byte, 8)),
	} {
		e, _ := parseEvent(b)
		if err := r.handleSafely(e); err != nil {
			t.Fatal(err)
		}
	}
	u := r.follower.pending.take()
	if u == nil || len(u.effects) != 1 {
		t.Fatalf("pending %+v, want the key of one row", u)
	}
	for _, one := range u.effects {
		if _, ok := one.keys["6"]; !ok || len(one.keys) != 1 {
			t.Errorf("keys %v, want 6", one.keys)
		}
	}
}
