package binlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dolthub/vitess/go/mysql"
)

// FuzzGTIDs: a set that is read is written as what reads back as the same, and one more transaction is in
// the new set and changes nothing of the old one.
func FuzzGTIDs(f *testing.F) {
	const uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
	for _, text := range []string{"", "0-1-5", "0-1-5,1-2-18446744073709551615", "0-1-5, 0-2-6", ",", "0-1", "a-b-c", "-1-1-1", uuid + ":1-5", uuid + ":1-5:7,\n3E11FA47-71CA-11E1-9E33-C80AA9429563:1",
		uuid + ":tag:1-5", uuid + ":5-1", uuid + ":0", uuid + ":1-9223372036854775807", uuid + ":9223372036854775807", uuid, ":", uuid + ":1-3,", uuid + ":-1"} {
		f.Add(false, text)
		f.Add(true, text)
	}
	f.Fuzz(func(t *testing.T, mariadb bool, text string) {
		set := parseGTIDs(mariadb, text)
		if set == nil {
			return
		}
		shown := set.String()
		back := parseGTIDs(mariadb, shown)
		if back == nil || !back.Equal(set) || back.String() != shown {
			t.Fatalf("%q is %v, which reads back as %v", text, set, back)
		}
		var one mysql.GTID = mysql.MariadbGTID{Domain: 7, Server: 1, Sequence: 9}
		if !mariadb {
			one = mysql.Mysql56GTID{Server: mysql.SID{7}, Sequence: 9}
		}
		if more := with(set, one); !more.ContainsGTID(one) || set.String() != shown {
			t.Fatalf("%q with %v is %v, and itself %v", text, one, more, set)
		}
	})
}

// FuzzBookmark: whatever is given as a bookmark is a place, or a gap and no place; and a place is written as
// the bookmark that leads to it.
func FuzzBookmark(f *testing.F) {
	for _, text := range []string{`{"server":"1","file":"binlog.000007","offset":4}`, `{"server":"a","mariadb":true,"gtids":"0-1-5","has_gtids":true,"file":"m.000001","offset":18446744073709551615,"made":5}`,
		`{"server":"a","gtids":"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5","has_gtids":true,"file":"b.1","offset":1}`, `{"has_gtids":true,"gtids":"?","file":"b"}`, `{"file":""}`, `{}`, `null`, `[]`, `{"offset":-1}`, `{"file":"\ud800"}`, "x", `{"file":"b","mariadb":true,"has_gtids":true}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		follower, err := New(Options{Endpoint: Endpoint{Network: "unix", Address: "/nowhere"}, Bookmark: text})
		if err != nil {
			t.Fatal(err)
		}
		at := follower.bookmarked()
		if at.file == "" {
			if at != (position{}) {
				t.Fatalf("bookmark %q leads to %+v", text, at)
			}
			return
		}
		follower.status.settled = at
		written := follower.Bookmark()
		again, err := New(Options{Endpoint: Endpoint{Network: "unix", Address: "/nowhere"}, Bookmark: written})
		if err != nil {
			t.Fatal(err)
		}
		back := again.bookmarked()
		same := back.identity == at.identity && back.file == at.file && back.offset == at.offset && back.made == at.made && (back.gtids == nil) == (at.gtids == nil)
		if !same || at.gtids != nil && !back.gtids.Equal(at.gtids) || !at.reached(back) || !back.reached(at) {
			t.Fatalf("bookmark %q leads to %v, written as %s, which leads to %v", text, at, written, back)
		}
	})
}

// FuzzStatementText: the text of a statement event is what stands behind its variables and its schema, plain
// or compressed; any other body is malformed or has its end for a text.
func FuzzStatementText(f *testing.F) {
	f.Add("shop", []byte{}, "DROP TABLE offer", []byte("\x00DROP TABLE offer"))
	f.Add("", []byte("\xff\x00\xff"), "", make([]byte, 13))
	f.Add("größe", bytes.Repeat([]byte{1}, 300), "UPDATE a SET b = '\x00\xff'", []byte("\x01\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x03\x00\xff\x00\xffshop\x00UPDATE offer"))
	f.Fuzz(func(t *testing.T, schema string, variables []byte, sql string, other []byte) {
		for _, typ := range []byte{eventQuery, eventExecuteLoad} {
			if got, err := statementText(typ, other); err == nil && !strings.HasSuffix(string(other), got) || err != nil && got != "" {
				t.Fatalf("statement of %q is %q, %v", other, got, err)
			}
			if len(schema) > 255 || len(variables) > 1<<16-1 {
				continue
			}
			body := append(make([]byte, 8), byte(len(schema)), 0, 0)
			body = binary.LittleEndian.AppendUint16(body, uint16(len(variables)))
			if typ == eventExecuteLoad {
				body = append(body, make([]byte, aboutFile)...)
			}
			body = append(append(append(append(body, variables...), schema...), 0), sql...)
			if got, err := statementText(typ, body); err != nil || got != sql {
				t.Fatalf("statement %q in %q is read as %q, %v", sql, schema, got, err)
			}
		}
	})
}

// FuzzPreparedID: the id of a prepared transaction is the one that the statement which ends it has.
func FuzzPreparedID(f *testing.F) {
	f.Add(int32(1), []byte("a"), []byte(""), []byte{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'a'})
	f.Add(int32(-1), []byte{}, bytes.Repeat([]byte{0xff}, 64), []byte{1})
	f.Add(int32(0), []byte("'"), []byte(","), []byte{0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, format int32, global, branch, other []byte) {
		if id, _, err := preparedID(other); err != nil && id != "" || len(id) > 2*len(other)+30 {
			t.Fatalf("id of %q is %q, %v", other, id, err)
		}
		body := binary.LittleEndian.AppendUint32([]byte{0}, uint32(format))
		body = binary.LittleEndian.AppendUint32(body, uint32(len(global)))
		body = binary.LittleEndian.AppendUint32(body, uint32(len(branch)))
		body = append(append(body, global...), branch...)
		id, onePhase, err := preparedID(body)
		if want := fmt.Sprintf("X'%X',X'%X',%d", global, branch, format); err != nil || onePhase || id != want {
			t.Fatalf("id is %q, %v, %v; want %q", id, onePhase, err, want)
		}
		r := fuzzReader(t, true)
		r.effects = effects{}
		if err := r.prepare(event{typ: eventXAPrepare, body: body}); err != nil || len(r.prepared) != 1 {
			t.Fatalf("prepared %v, %v", r.prepared, err)
		}
		if r.query("XA COMMIT " + strings.ToLower(id)); len(r.prepared) != 0 {
			t.Fatalf("XA COMMIT %s leaves %v", id, r.prepared)
		}
	})
}

// FuzzKeyText: an integer column has the text that strconv writes of the number, and a text column in a
// character set of one byte the letters that encode back to its bytes.
func FuzzKeyText(f *testing.F) {
	f.Add(uint64(7), []byte("abc"))
	f.Add(uint64(1<<63), []byte("K\xc4SE  "))
	f.Add(uint64(1<<64-1), []byte("\x80\x9f\xa1\xff"))
	f.Add(uint64(0x800000), []byte("\xe4\xb8"))
	f.Fuzz(func(t *testing.T, n uint64, raw []byte) {
		whole := binary.LittleEndian.AppendUint64(nil, n)
		for kind, bits := range map[byte]int{typeTiny: 8, typeShort: 16, typeInt24: 24, typeLong: 32, typeLongLong: 64} {
			m := &tableMap{types: []byte{kind}, meta: []uint16{0}}
			shift := 64 - bits
			for unsigned, want := range map[bool]string{true: strconv.FormatUint(n<<shift>>shift, 10), false: strconv.FormatInt(int64(n<<shift)>>shift, 10)} {
				got, numeric, err := m.keyText(0, Column{Unsigned: unsigned}, whole[:bits/8])
				if got != want || !numeric || err != nil {
					t.Fatalf("type %d, %d unsigned %v: %q, %v, %v; want %s", kind, n, unsigned, got, numeric, err, want)
				}
			}
			if got, _, err := m.keyText(0, Column{}, raw); (err == nil) != (len(raw) == bits/8) || err != nil && got != "" {
				t.Fatalf("type %d of %d bytes: %q, %v", kind, len(raw), got, err)
			}
		}
		for _, charset := range slices.Sorted(maps.Keys(charsets)) {
			text, err := decodeText(charset, raw)
			if err != nil {
				continue
			}
			if !utf8.ValidString(text) || utf8.RuneCountInString(text) != len(raw) {
				t.Fatalf("%q in %s is %q", raw, charset, text)
			}
			for i, r := range []rune(text) {
				if b, ok := charsets[charset].EncodeRune(r); ok && b != raw[i] {
					t.Fatalf("%q in %s is %q, in which %q is byte %#x", raw, charset, text, r, b)
				}
			}
		}
		if text, err := decodeText("utf8mb4", raw); text != string(raw) || err != nil {
			t.Fatalf("%q in utf8mb4 is %q, %v", raw, text, err)
		}
		if text, err := decodeText("ascii", raw); (err == nil) != (strings.IndexFunc(string(raw), func(r rune) bool { return r >= utf8.RuneSelf }) < 0) || err == nil && text != string(raw) {
			t.Fatalf("%q in ascii is %q, %v", raw, text, err)
		}
	})
}
