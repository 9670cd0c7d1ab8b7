package store

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzAppendNumber: a number of any type is JSON that reads back as the same number, and as a boolean
// is whether it is not zero.
func FuzzAppendNumber(f *testing.F) {
	for _, n := range []uint64{0, 1, 1 << 63, math.MaxUint64, math.MaxInt64, math.Float64bits(0.1), math.Float64bits(1e21), math.Float64bits(-1e-6),
		math.Float64bits(math.NaN()), math.Float64bits(math.Inf(-1)), math.Float64bits(math.Copysign(0, -1)), uint64(math.Float32bits(0.1))} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n uint64) {
		shown := func(typeName string, v any) string { return string(encoderOf(typeName, "Z")(nil, v)) }
		as := func(typeName string, v any) bool {
			return string(boolean(typeName, encoderOf(typeName, "Z"))(nil, v)) == "true"
		}
		if got := shown("BIGINT", int64(n)); got != strconv.FormatInt(int64(n), 10) || as("BIGINT", int64(n)) != (n != 0) {
			t.Fatalf("BIGINT %d is encoded as %s, as a boolean %v", int64(n), got, as("BIGINT", int64(n)))
		}
		if got := shown("UNSIGNED BIGINT", n); got != strconv.FormatUint(n, 10) || as("UNSIGNED BIGINT", n) != (n != 0) {
			t.Fatalf("UNSIGNED BIGINT %d is encoded as %s", n, got)
		}
		if got := shown("BIT", binary.BigEndian.AppendUint64(nil, n)); got != strconv.FormatUint(n, 10) || as("BIT", binary.BigEndian.AppendUint64(nil, n)) != (n != 0) {
			t.Fatalf("BIT %d is encoded as %s", n, got)
		}
		checkFloat(t, math.Float64frombits(n), 64, shown("DOUBLE", math.Float64frombits(n)))
		checkFloat(t, float64(math.Float32frombits(uint32(n))), 32, shown("FLOAT", math.Float32frombits(uint32(n))))
	})
}

func checkFloat(t *testing.T, v float64, bits int, got string) {
	t.Helper()
	if math.IsNaN(v) || math.IsInf(v, 0) {
		if got != "null" {
			t.Fatalf("%v is encoded as %s, want null", v, got)
		}
		return
	}
	back, err := strconv.ParseFloat(got, bits)
	if err != nil || back != v || !json.Valid([]byte(got)) {
		t.Fatalf("%v of %d bits is encoded as %s, which is %v, %v", v, bits, got, back, err)
	}
}

// columnTypes are those that the driver knows, and one that it may come to know.
var columnTypes = []string{"", "TINYINT", "SMALLINT", "UNSIGNED INT", "BIGINT", "YEAR", "FLOAT", "DOUBLE", "DECIMAL", "BIT", "DATE", "DATETIME", "TIMESTAMP",
	"TIME", "JSON", "BINARY", "BLOB", "GEOMETRY", "VECTOR", "ENUM", "SET", "CHAR", "VARCHAR", "LONGTEXT", "NEWTYPE"}

// FuzzAppendAny: a column of any type with any bytes is one JSON value; DECIMAL keeps its digits, and
// is a boolean by whether it is zero.
func FuzzAppendAny(f *testing.F) {
	for _, text := range []string{"", "0", "-0.00", "12.3400", "-0.10", "99999999999999999999999999999999999.999999999999999999999999999999", "2024-02-29 23:59:59", `"`, `{"a":[1,null]}`,
		"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff", "1e5", "NaN", "nul", "1]", "-838:59:59.000000", "\xed\xa0\x80"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range columnTypes {
			encode := encoderOf(name, "+02:00")
			for _, e := range []encoder{encode, boolean(name, encode), appendJSON} {
				got := append(e([]byte("["), text), ']')
				var values []json.RawMessage
				if err := json.Unmarshal(got, &values); err != nil || len(values) != 1 || !utf8.Valid(got) {
					t.Fatalf("%s %q is encoded as %s: %v", name, text, got, err)
				}
			}
		}
		if n, ok := new(big.Rat).SetString(string(text)); ok && strings.Trim(string(text), "-0123456789.") == "" {
			if got := string(encoderOf("DECIMAL", "Z")(nil, text)); got != `"`+string(text)+`"` {
				t.Fatalf("DECIMAL %s is encoded as %s", text, got)
			}
			if got := string(appendBool(nil, text)); got != strconv.FormatBool(n.Sign() != 0) {
				t.Fatalf("DECIMAL %s as a boolean is %s", text, got)
			}
		}
	})
}
