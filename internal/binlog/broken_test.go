package binlog

import (
	"errors"
	"slices"
	"testing"
)

func TestLengths(t *testing.T) {
	for text, want := range map[string]uint64{
		"fa": 0xfa, "fc0102": 0x0201, "fd010203": 0x030201, "fe0102030405060708": 0x0807060504030201,
	} {
		d := decoder{rest: unhex(text)}
		if got := d.length(); got != want || d.bad || len(d.rest) != 0 {
			t.Errorf("length of %s = %#x, bad %t, want %#x", text, got, d.bad, want)
		}
	}
	for _, text := range []string{"", "fb", "ff", "fc01", "fd0102", "fe01020304050607"} {
		d := decoder{rest: unhex(text)}
		if got := d.length(); got != 0 || !d.bad {
			t.Errorf("length of %q = %d, bad %t, want 0, true", text, got, d.bad)
		}
	}
}

// tableOf builds the map of a table.
func tableOf(t *testing.T, types, meta []byte) *tableMap {
	t.Helper()
	body := slices.Concat(make([]byte, 8), []byte("\x01s\x00\x01t\x00"), []byte{byte(len(types))}, types, []byte{byte(len(meta))}, meta, make([]byte, (len(types)+7)/8))
	_, m, err := parseTableMap(body)
	if err != nil {
		t.Fatal(err)
	}
	return &m
}

// A column that cannot be read leaves all behind it unknown.
func TestUnknownColumns(t *testing.T) {
	const u = unknownWidth
	for name, tt := range map[string]struct {
		types, meta []byte
		want        []width
	}{
		"unknown type":       {[]byte{typeLong, 200, typeLong}, nil, []width{4, u, u}},
		"no metadata left":   {[]byte{typeLong, typeVarchar, typeLong}, []byte{1}, []width{4, u, u}},
		"decimal of 0":       {[]byte{typeNewDecimal, typeLong}, []byte{0, 0}, []width{u, u}},
		"decimal of 66":      {[]byte{typeNewDecimal}, []byte{66, 0}, []width{u}},
		"blob without bytes": {[]byte{typeBlob}, []byte{0}, []width{u}},
		"blob of 5":          {[]byte{typeBlob}, []byte{5}, []width{u}},
		"float of 5":         {[]byte{typeFloat, typeDouble}, []byte{4, 9}, []width{4, u}},
		"seven digits":       {[]byte{typeTime2, typeTime2}, []byte{6, 7}, []width{6, u}},
		"arrays":             {[]byte{typeArray, typeArray, typeVarchar}, []byte{typeVarchar, 1, 2, 3, typeNewDecimal, 5, 2, 10, 0}, []width{-4, -4, -1}},
	} {
		m := tableOf(t, tt.types, tt.meta)
		if name == "no metadata left" {
			tt.want[1] = m.widths[1] // what it is does not matter
		}
		if !slices.Equal(m.widths, tt.want) || m.schema != "s" || m.table != "t" {
			t.Errorf("%s: widths %v of %s.%s, want %v of s.t", name, m.widths, m.schema, m.table, tt.want)
		}
		if tt.want[len(tt.want)-1] == u {
			r := rows{kind: rowsDeleted, columns: len(tt.types), before: image{has: bitmap{1}}, rest: make([]byte, 99)}
			if _, _, ok, err := r.next(m); ok || !errors.Is(err, errMalformed) {
				t.Errorf("%s: next = %t, %v, want %v", name, ok, err, errMalformed)
			}
		}
	}
}

func TestBrokenRows(t *testing.T) {
	m := tableOf(t, []byte{typeLong, typeTiny}, nil)
	head := make([]byte, 8)
	for name, tt := range map[string]struct {
		body []byte
		rows int
	}{
		"extra data of length 0":    {slices.Concat(head, []byte{0, 0, 2, 3, 0, 1, 0, 0, 0, 9}), 1},
		"extra data":                {slices.Concat(head, []byte{3, 0, 7, 2, 3, 0, 1, 0, 0, 0, 9}), 1},
		"no columns":                {slices.Concat(head, []byte{2, 0, 0}), 0},
		"no values":                 {slices.Concat(head, []byte{2, 0, 2, 0}), 1},
		"no values, then bytes":     {slices.Concat(head, []byte{2, 0, 2, 0, 9}), -1},
		"fewer columns":             {slices.Concat(head, []byte{2, 0, 1, 1, 0, 1, 0, 0, 0}), -1},
		"more columns":              {slices.Concat(head, []byte{2, 0, 3, 1, 0, 1, 0, 0, 0}), -1},
		"the second row is cut off": {slices.Concat(head, []byte{2, 0, 2, 3, 0, 1, 0, 0, 0, 9, 0, 1}), -2},
	} {
		r, err := parseRows(eventWriteRows, tt.body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n, ok := 0, true
		for ok && err == nil {
			if _, _, ok, err = r.next(m); ok {
				n++
			}
		}
		if want := max(tt.rows, -tt.rows-1); n != want || (err != nil) != (tt.rows < 0) {
			t.Errorf("%s: %d rows, %v, want %d", name, n, err, want)
		}
		if _, _, ok, err := r.next(m); ok || err != nil {
			t.Errorf("%s: next after the end = %t, %v", name, ok, err)
		}
	}
	for _, event := range []byte{eventWriteRowsCompressedV1, eventUpdateRowsCompressed} {
		if id, err := tableID(event, []byte{1, 2, 0, 0, 0, 0}); id != 0x201 || err != nil {
			t.Errorf("tableID(%d) = %#x, %v, want 0x201", event, id, err)
		}
	}
	for _, event := range []byte{eventQuery, eventQueryCompressed, eventTableMap} {
		if _, err := tableID(event, make([]byte, 20)); !errors.Is(err, errMalformed) {
			t.Errorf("tableID(%d) = %v, want %v", event, err, errMalformed)
		}
	}
}

// An empty change of JSON is none; the bits of the others tell which they are.
func TestEmptyPartialJSON(t *testing.T) {
	m := tableOf(t, []byte{typeJSON, typeJSON, typeJSON}, []byte{1, 1, 1})
	read := func(after []byte) (cells []cell, err error) {
		r, err := parseRows(eventPartialUpdateRows, slices.Concat(make([]byte, 8), []byte{2, 0, 3, 7, 7, 0, 1, 'a', 1, 'b', 1, 'c'}, after))
		if err != nil {
			return nil, err
		}
		_, cells, _, err = r.next(m)
		return cells, err
	}
	for name, tt := range map[string]struct {
		after []byte
		want  string
	}{
		"second is empty":        {[]byte{1, 0b110, 0, 0, 0, 1, 'C'}, "|b|C"},
		"none is partial":        {[]byte{0, 0, 0, 0, 1, 'C'}, "||C"},
		"unknown options":        {[]byte{2, 0, 0, 0, 1, 'C'}, "error"},
		"no bits of the columns": {[]byte{1}, "error"},
	} {
		cells, err := read(tt.after)
		got := "error"
		if err == nil {
			got = string(cells[0].raw) + "|" + string(cells[1].raw) + "|" + string(cells[2].raw)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestBrokenKeys(t *testing.T) {
	m := tableOf(t, []byte{typeLong, typeString, typeEnum}, []byte{typeString, 4, typeEnum, 1})
	for _, column := range []int{-1, 3} {
		if _, _, err := m.keyText(column, Column{}, nil); !errors.Is(err, errMalformed) {
			t.Errorf("keyText of column %d = %v, want %v", column, err, errMalformed)
		}
	}
	for _, raw := range [][]byte{nil, make([]byte, 3), make([]byte, 5)} {
		if _, _, err := m.keyText(0, Column{}, raw); !errors.Is(err, errMalformed) {
			t.Errorf("keyText of an INT of %d bytes = %v, want %v", len(raw), err, errMalformed)
		}
	}
	for charset, want := range map[string]string{"": "ab\x00\x00", "binary": "ab\x00\x00", "latin1": "ab"} {
		if got, _, err := m.keyText(1, Column{Charset: charset}, []byte("ab")); err != nil || got != want {
			t.Errorf("keyText in %q = %q, %v, want %q", charset, got, err, want)
		}
	}
	// Servers leave spaces at the end of CHAR out; were they there, SELECT would.
	if got, _, err := m.keyText(1, Column{Charset: "latin1"}, []byte("a  ")); err != nil || got != "a" {
		t.Errorf("keyText of a padded CHAR = %q, %v, want a", got, err)
	}
}
