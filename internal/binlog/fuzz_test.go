package binlog

import (
	"encoding/hex"
	"slices"
	"testing"
)

// Events of a table (INT, VARCHAR(300), DECIMAL(9,2), BIT(9), ENUM, DATETIME(3),
// CHAR(255), TEXT, JSON in MySQL and a compressed VARCHAR in MariaDB).
const (
	mariaDBTableMap = "120000000000010006746573745f310001740009030ff610fe12fefc8d0eb00409020101f70103cefc02c900fe01"
	mariaDBWrite    = "120000000000010009ff0100fe010000000200c3a4800000013200030199b2420000000001007801007924007b2261223a20226c6f6e6720656e6f75676820746f20626520776f727468206974227dfeff02000000"
	mariaDBUpdate   = "120000000000010009ff01ff0100fe010000000200c3a4800000013200030199b2420000000001007801007924007b2261223a20226c6f6e6720656e6f75676820746f20626520776f727468206974227d00fe010000000200c3a4800000013200030199b2420000000001007801007a24007b2261223a20226c6f6e6720656e6f75676820746f20626520776f727468206974227dfeff020000007eff0200000001007a"
	mariaDBPacked   = "170000000000010009ff01814a789c63f8c7c8c0c0c0c4707849030303a3110333e3cc4d4e40110646860a46864a15866aa544252b05a59cfcbc7485d4bcfcd2f40c85927c85a45485f2fca2920c85cc12a5da7fff99801a00760e138f"
	mariaDBQuery    = "1200000000000000060000230000000000010100002054000000000603737464042d002d002d00812600000000000000746573745f32008117789c730e72750c7155087174f271552855d0c84c51f0f40bd1040049e6061b"
	mySQLTableMap   = "6d0000000000010006746573745f330001740009030ff610fe12fefcf50db00409020101f70103cefc0204fe0101010002052d01fcff00"
	mySQLWrite      = "6d00000000001100020009ffff0000010000000200c3a4800000013200030199b242000000000100780100792800000000010027000b0001000c0c00611a6c6f6e6720656e6f75676820746f20626520776f727468206974fe0102000000"
	mySQLPartial    = "6d00000000001100020009ffffffff0000010000000200c3a4800000013200030199b242000000000100780100792800000000010027000b0001000c0c00611a6c6f6e6720656e6f75676820746f20626520776f72746820697401010000010000000200c3a4800000013200030199b24200000000010078010079090000000003242e6103050100"
	mySQLPayload    = "0201000303fc27010101e80028b52ffd602700f50600028c2c32606d321cc4220e0000162e4011d6a50842c270d7595bcbadd1f4c14aed6a6080ddd793d70471d9b7da248a237ddbeebd650affbf0202e659adb9013fb3437ec02903ca093f1e0f199aa02724390e30be5cee013334845c90cb391969fba12f528232fbeb9266138812beaa6a2cecb69663554a2bd532c99908a85456c6c2ac0c34e9d977454f5100721baa6242a2c319e2628ea6f99589312246876759e334e6a8bd0ec9b02ffcdb60802dfe3290db50011200a004e28a0eb7b8ccd634aa1a02095ac0ee9b60df5239401bf00b15d6e596b32c0d8406830cc00b"
)

func unhex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

// The size of an event bounds what is made of it, and all lists are as long as
// there are columns.
func FuzzTableMap(f *testing.F) {
	f.Add(unhex(mariaDBTableMap))
	f.Add(unhex(mySQLTableMap))
	f.Fuzz(func(t *testing.T, body []byte) {
		whole := slices.Clone(body)
		_, m, err := parseTableMap(body)
		if !slices.Equal(body, whole) {
			t.Fatal("parseTableMap changed its argument")
		}
		if err != nil && (m.types != nil || m.table != "") {
			t.Fatalf("parseTableMap = %+v, %v", m, err)
		}
		if n := len(m.types); n > len(body) || len(m.meta) != n || len(m.widths) != n || m.json > n {
			t.Fatalf("parseTableMap(%d bytes) = %+v", len(body), m)
		}
	})
}

// A row event either ends in an error or gives rows whose cells lie within it, as
// many as there are columns; and keys can be asked of all of them.
func FuzzRows(f *testing.F) {
	f.Add(unhex(mariaDBTableMap), byte(eventWriteRowsV1), unhex(mariaDBWrite))
	f.Add(unhex(mariaDBTableMap), byte(eventUpdateRowsV1), unhex(mariaDBUpdate))
	f.Add(unhex(mySQLTableMap), byte(eventWriteRows), unhex(mySQLWrite))
	f.Add(unhex(mySQLTableMap), byte(eventDeleteRows), unhex(mySQLWrite))
	f.Add(unhex(mySQLTableMap), byte(eventPartialUpdateRows), unhex(mySQLPartial))
	f.Fuzz(func(t *testing.T, table []byte, event byte, body []byte) {
		_, m, err := parseTableMap(table)
		if err != nil {
			return
		}
		tableID(event, body)
		r, err := parseRows(event, body)
		if err != nil {
			return
		}
		seen, most := 0, len(body)+1
		for n := 0; ; n++ {
			before, after, ok, err := r.next(&m)
			if err != nil && ok || n > most {
				t.Fatalf("row %d: next = %t, %v", n, ok, err)
			}
			if !ok {
				break
			}
			if (before == nil) != (r.kind == rowsWritten) || (after == nil) != (r.kind == rowsDeleted) {
				t.Fatalf("kind %d: before %v, after %v", r.kind, before, after)
			}
			seen += checkCells(t, &m, before) + checkCells(t, &m, after)
		}
		if seen > 2*len(body) { // a JSON column that did not change is counted twice
			t.Fatalf("%d bytes in the cells of an event of %d", seen, len(body))
		}
		if _, _, ok, err := r.next(&m); ok || err != nil {
			t.Fatalf("next after the end = %t, %v", ok, err)
		}
	})
}

func checkCells(t *testing.T, m *tableMap, cells []cell) (bytes int) {
	t.Helper()
	if cells != nil && len(cells) != len(m.types) {
		t.Fatalf("%d cells of %d columns", len(cells), len(m.types))
	}
	for i, c := range cells {
		if (c.null || !c.present) && c.raw != nil || c.null && !c.present {
			t.Fatalf("cell %d = %+v", i, c)
		}
		bytes += len(c.raw)
		for _, charset := range []string{"", "utf8mb4", "latin1", "ascii"} {
			if text, _, err := m.keyText(i, Column{Charset: charset}, c.raw); err != nil && text != "" {
				t.Fatalf("keyText = %q, %v", text, err)
			}
		}
	}
	return bytes
}

// What comes out of a payload are whole events.
func FuzzInflatePayload(f *testing.F) {
	f.Add(unhex(mySQLPayload))
	f.Add(payloadOf(compressionNone, 0, eventOf([]byte("a"))))
	f.Add(payloadOf(compressionZstd, 1<<40, nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := inflatePayload(body)
		if err != nil && events != nil {
			t.Fatalf("inflatePayload = %d events, %v", len(events), err)
		}
		for _, e := range events {
			if len(e) < headerSize || littleEndian(e[9:13]) != uint64(len(e)) {
				t.Fatalf("event of %d bytes: %x", len(e), e)
			}
		}
	})
}

// What comes out begins as the compressed event did.
func FuzzInflateMariaDB(f *testing.F) {
	f.Add(byte(eventWriteRowsCompressedV1), unhex(mariaDBPacked))
	f.Add(byte(eventQueryCompressed), unhex(mariaDBQuery))
	f.Fuzz(func(t *testing.T, event byte, body []byte) {
		whole := slices.Clone(body)
		kind, plain, err := inflateMariaDB(event, body)
		if !slices.Equal(body, whole) {
			t.Fatal("inflateMariaDB changed its argument")
		}
		if err != nil {
			if kind != 0 || plain != nil {
				t.Fatalf("inflateMariaDB = %d, %d bytes, %v", kind, len(plain), err)
			}
			return
		}
		if rest := compressedPart(kind, body); !slices.Equal(plain[:len(body)-len(rest)], body[:len(body)-len(rest)]) {
			t.Fatal("inflateMariaDB changed the head")
		}
	})
}

// The seeds are what they say.
func TestSeeds(t *testing.T) {
	changes := changesOf(t, []logEvent{
		{eventTableMap, unhex(mariaDBTableMap)}, {eventWriteRowsV1, unhex(mariaDBWrite)}, {eventUpdateRowsV1, unhex(mariaDBUpdate)},
		{eventTableMap, unhex(mySQLTableMap)}, {eventWriteRows, unhex(mySQLWrite)}, {eventPartialUpdateRows, unhex(mySQLPartial)},
		{eventPayload, unhex(mySQLPayload)},
	})
	if len(changes) != 2+2+2+1+2 {
		t.Errorf("%d rows, want 9", len(changes))
	}
	for _, seed := range []logEvent{{eventWriteRowsCompressedV1, unhex(mariaDBPacked)}, {eventQueryCompressed, unhex(mariaDBQuery)}} {
		if plain := inflated(t, []logEvent{seed}); len(plain) != 1 || len(plain[0].body) <= len(seed.body)-20 {
			t.Errorf("event %d becomes %v", seed.kind, plain)
		}
	}
}
