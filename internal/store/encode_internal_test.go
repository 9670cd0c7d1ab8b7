package store

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEncoders(t *testing.T) {
	b := func(s string) []byte { return []byte(s) }
	for _, test := range []struct {
		typeName string
		value    any
		want     string
	}{
		{"INT", int64(-7), `-7`},
		{"UNSIGNED BIGINT", uint64(math.MaxUint64), `18446744073709551615`},
		{"DOUBLE", 1e20, `100000000000000000000`},
		{"DOUBLE", 1e21, `1e+21`},
		{"DOUBLE", -0.000001, `-0.000001`},
		{"DOUBLE", 2.5e-7, `2.5e-07`},
		{"DOUBLE", math.Inf(1), `null`},
		{"DOUBLE", math.NaN(), `null`},
		{"DOUBLE", 0.0, `0`},
		{"FLOAT", float32(0.1), `0.1`},
		{"FLOAT", float32(math.MaxFloat32), `3.4028235e+38`},
		{"DECIMAL", b("12.3400"), `"12.3400"`},
		{"BIT", b("\x00"), `0`},
		{"BIT", b("\xff\xff\xff\xff\xff\xff\xff\xff"), `18446744073709551615`},
		{"YEAR", int64(2024), `2024`},
		{"DATE", b("2024-02-29"), `"2024-02-29"`},
		{"DATE", b("0000-00-00"), `null`},
		{"DATE", b("2024-00-10"), `null`},
		{"DATE", b("2024-10-00"), `null`},
		{"DATETIME", b("2024-02-29 23:59:59"), `"2024-02-29T23:59:59+02:00"`},
		{"TIMESTAMP", b("2024-02-29 23:59:59.250000"), `"2024-02-29T23:59:59.250000+02:00"`},
		{"DATETIME", b("0000-00-00 00:00:00"), `null`},
		{"DATETIME", b("2024-00-10 00:00:00"), `null`},
		{"DATETIME", b("nonsense"), `"nonsense"`},
		{"TIME", b("-838:59:59"), `"-838:59:59"`},
		{"JSON", b(` {"a": [1, null]} `), `{"a": [1, null]}`},
		{"JSON", b(`{"a": `), `"{\"a\": "`},
		{"JSON", b("\"\xff\""), `"\"` + "\ufffd" + `\""`},
		{"JSON", b(``), `""`},
		{"JSON", int64(5), `5`},
		{"BLOB", b("\x00\xff"), `"AP8="`},
		{"GEOMETRY", b("\x01"), `"AQ=="`},
		{"ENUM", b("a"), `"a"`},
		{"VARCHAR", b("a\"b\\c\n\r\t\b\x1f</script>\u2028"), `"a\"b\\c\n\r\t\u0008\u001f</script>` + "\u2028" + `"`},
		{"TEXT", b("a\xffb\xc3"), "\"a\ufffdb\ufffd\""},
		{"TEXT", b("\ufffd😀"), "\"\ufffd😀\""},
		{"TEXT", int64(5), `"5"`},
		{"", b("x"), `"x"`},
	} {
		if got := string(encoderOf(test.typeName, "+02:00")([]byte("…"), test.value)); got != "…"+test.want {
			t.Errorf("%s %q is encoded as %s, want %s", test.typeName, test.value, got, test.want)
		}
	}
}

func TestBooleans(t *testing.T) {
	for _, test := range []struct {
		typeName string
		value    any
		want     string
	}{
		{"TINYINT", int64(0), `false`},
		{"TINYINT", int64(-1), `true`},
		{"UNSIGNED BIGINT", uint64(0), `false`},
		{"UNSIGNED BIGINT", uint64(1 << 63), `true`},
		{"DECIMAL", []byte("0.00"), `false`},
		{"DECIMAL", []byte("-0.10"), `true`},
		{"BIT", []byte("\x00"), `false`},
		{"BIT", []byte("0"), `true`},
		{"VARCHAR", []byte("no"), `"no"`},
	} {
		encode := boolean(test.typeName, encoderOf(test.typeName, "Z"))
		if got := string(encode(nil, test.value)); got != test.want {
			t.Errorf("%s %q as a boolean is %s, want %s", test.typeName, test.value, got, test.want)
		}
	}
}

// Any bytes become a valid JSON string that reads back as the same text.
func FuzzAppendText(f *testing.F) {
	for _, text := range []string{"", "plain", `"\`, "\x00\x1f\x7f", "é😀\u2028<>&", "\xff\xc3", "\xed\xa0\x80"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := appendText(nil, text)
		if !utf8.Valid(got) || !json.Valid(got) {
			t.Fatalf("appendText(%q) = %s is no valid JSON", text, got)
		}
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatal(err)
		}
		want := strings.Map(func(r rune) rune { return r }, string(text)) // each bad byte: U+FFFD
		if back != want {
			t.Errorf("appendText(%q) reads back as %q, want %q", text, back, want)
		}
	})
}

// Embedded JSON is the text without blanks around it, if encoding/json takes it for JSON in UTF-8, else a
// string of it.
func FuzzAppendJSON(f *testing.F) {
	for _, text := range []string{`{"a":1}`, `[`, "\"\xff\"", ` 1 `, `1 2`, "\u00a0{}", "\ufeff{}", "[1,]", "[\x00]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := appendJSON(nil, text)
		if !json.Valid(got) || !utf8.Valid(got) {
			t.Fatalf("appendJSON(%q) = %s is no valid JSON", text, got)
		}
		want := string(appendText(nil, text))
		if json.Unmarshal(text, new(any)) == nil && utf8.Valid(text) {
			want = strings.Trim(string(text), " \t\r\n")
		}
		if string(got) != want {
			t.Fatalf("appendJSON(%q) = %s, want %s", text, got, want)
		}
	})
}
