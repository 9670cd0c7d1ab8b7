package catalog_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"productcache/internal/catalog"
)

var (
	byInteger  = &catalog.Lookup{KeyType: catalog.Integer}
	byString   = &catalog.Lookup{KeyType: catalog.String}
	byStringCI = &catalog.Lookup{KeyType: catalog.StringCI}
)

const (
	notInteger  = "malformed key: an integer is expected, such as 42"
	zeros       = "malformed key: an integer has no leading zeros and no negative zero"
	tooWide     = "malformed key: the integer does not fit into 64 bits"
	empty       = "malformed key: it is empty"
	tooLong     = "malformed key: it is longer than 1024 bytes"
	notUTF8     = "malformed key: it is not UTF-8"
	controlChar = "malformed key: it contains a control character"
)

var keyTests = []struct {
	name   string
	lookup *catalog.Lookup
	raw    string
	want   string
	err    string
}{
	{name: "integer", lookup: byInteger, raw: "42", want: "42"},
	{name: "zero", lookup: byInteger, raw: "0", want: "0"},
	{name: "negative", lookup: byInteger, raw: "-7", want: "-7"},
	{name: "largest unsigned", lookup: byInteger, raw: "18446744073709551615", want: "18446744073709551615"},
	{name: "smallest signed", lookup: byInteger, raw: "-9223372036854775808", want: "-9223372036854775808"},
	{name: "above unsigned", lookup: byInteger, raw: "18446744073709551616", err: tooWide},
	{name: "below signed", lookup: byInteger, raw: "-9223372036854775809", err: tooWide},
	{name: "21 digits", lookup: byInteger, raw: "100000000000000000000", err: tooWide},
	{name: "no digits", lookup: byInteger, raw: "", err: notInteger},
	{name: "sign alone", lookup: byInteger, raw: "-", err: notInteger},
	{name: "plus", lookup: byInteger, raw: "+7", err: notInteger},
	{name: "blank", lookup: byInteger, raw: " 7", err: notInteger},
	{name: "decimal point", lookup: byInteger, raw: "7.0", err: notInteger},
	{name: "hexadecimal", lookup: byInteger, raw: "0x7", err: notInteger},
	{name: "words", lookup: byInteger, raw: "1 OR 1=1", err: notInteger},
	{name: "other digits", lookup: byInteger, raw: "٧", err: notInteger},
	{name: "leading zero", lookup: byInteger, raw: "07", err: zeros},
	{name: "negative leading zero", lookup: byInteger, raw: "-07", err: zeros},
	{name: "negative zero", lookup: byInteger, raw: "-0", err: zeros},

	{name: "string", lookup: byString, raw: "AB-12/ü", want: "AB-12/ü"},
	{name: "string of digits", lookup: byString, raw: "007", want: "007"},
	{name: "quote and backslash", lookup: byString, raw: `it's \ "it"`, want: `it's \ "it"`},
	{name: "longest string", lookup: byString, raw: strings.Repeat("x", 1024), want: strings.Repeat("x", 1024)},
	{name: "long string", lookup: byString, raw: strings.Repeat("x", 1025), err: tooLong},
	{name: "empty string", lookup: byString, raw: "", err: empty},
	{name: "latin1", lookup: byString, raw: "\xfc", err: notUTF8},
	{name: "surrogate", lookup: byString, raw: "\xed\xa0\x80", err: notUTF8},
	{name: "null byte", lookup: byString, raw: "a\x00b", err: controlChar},
	{name: "line break", lookup: byString, raw: "a\nb", err: controlChar},
	{name: "C1 control", lookup: byString, raw: "a\u0085b", err: controlChar},

	{name: "folded", lookup: byStringCI, raw: "ab-12", want: "ab-12"},
	{name: "upper case", lookup: byStringCI, raw: "aB-12", want: "ab-12"},
	{name: "umlaut", lookup: byStringCI, raw: "KÄSE", want: "käse"},
	{name: "sharp s", lookup: byStringCI, raw: "STRAẞE straße", want: "straße straße"},
	{name: "final sigma", lookup: byStringCI, raw: "ΟΔΟΣ οδος", want: "οδοσ οδοσ"},
	{name: "long s", lookup: byStringCI, raw: "ſ", want: "s"},
	{name: "Kelvin and Ångström signs", lookup: byStringCI, raw: "\u212a\u212b", want: "kå"},
	{name: "micro sign", lookup: byStringCI, raw: "\u00b5", want: "\u03bc"},
	{name: "Turkish i", lookup: byStringCI, raw: "İIıi", want: "İiıi"},
	{name: "accents stay", lookup: byStringCI, raw: "É", want: "é"},
	{name: "blanks stay", lookup: byStringCI, raw: "a ", want: "a "},
	{name: "empty folded", lookup: byStringCI, raw: "", err: empty},
	{name: "fold grows within the limit", lookup: byStringCI, raw: strings.Repeat("Ⱥ", 341), want: strings.Repeat("ⱥ", 341)},
	{name: "fold grows over the limit", lookup: byStringCI, raw: strings.Repeat("Ⱥ", 342), err: tooLong},
	{name: "latin1 folded", lookup: byStringCI, raw: "\xfc", err: notUTF8},
}

func TestParseKey(t *testing.T) {
	for _, tt := range keyTests {
		t.Run(tt.lookup.KeyType.String()+"/"+tt.name, func(t *testing.T) {
			got, err := tt.lookup.ParseKey(tt.raw)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err || !errors.Is(err, catalog.ErrKey) {
					t.Fatalf("ParseKey(%q) = %q, %v; want the error %q", tt.raw, got, err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Fatalf("ParseKey(%q) = %q, %v; want %q", tt.raw, got, err, tt.want)
			}
		})
	}
}

func TestKeyTypeString(t *testing.T) {
	if got, want := catalog.KeyType(9).String(), "KeyType(9)"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestCanonicalKey(t *testing.T) {
	tests := []struct {
		name   string
		lookup *catalog.Lookup
		column string
		want   string
	}{
		{"integer", byInteger, "42", "42"},
		{"negative", byInteger, "-42", "-42"},
		{"zero", byInteger, "0", "0"},
		{"ZEROFILL", byInteger, "00042", "42"},
		{"ZEROFILL zero", byInteger, "00000", "0"},
		{"string keeps its case", byString, "AB", "AB"},
		{"string keeps its zeros", byString, "007", "007"},
		{"string_ci folds", byStringCI, "KÄSE", "käse"},
		{"string_ci keeps what is not UTF-8", byStringCI, "A\xff", "A\xff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.lookup.CanonicalKey([]byte(tt.column)); got != tt.want {
				t.Errorf("CanonicalKey(%q) = %q, want %q", tt.column, got, tt.want)
			}
		})
	}
}

// Every letter folds as strings.EqualFold compares, and to a letter that folds
// to itself.
func TestFoldOfEveryLetter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.IsControl(r) || !utf8.ValidRune(r) {
			continue
		}
		fold := mustKey(t, byStringCI, string(r))
		if again := mustKey(t, byStringCI, fold); again != fold {
			t.Fatalf("%U folds to %q, which folds to %q", r, fold, again)
		}
		if !strings.EqualFold(fold, string(r)) {
			t.Fatalf("%U folds to %q, which is another letter", r, fold)
		}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if got := mustKey(t, byStringCI, string(other)); got != fold {
				t.Fatalf("%U folds to %q, but its other case %U to %q", r, fold, other, got)
			}
		}
	}
}

func TestParseKeyOfCanonicalKeyDoesNotAllocate(t *testing.T) {
	for _, tt := range []struct {
		lookup *catalog.Lookup
		key    string
	}{
		{byInteger, "18446744073709551615"},
		{byString, "AB-12/ü"},
		{byStringCI, "ab-12"},
		{byStringCI, "käse οδοσ"},
	} {
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := tt.lookup.ParseKey(tt.key); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("ParseKey(%q) of %v allocates %v times, want 0", tt.key, tt.lookup.KeyType, allocs)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, tt := range keyTests {
		f.Add(uint8(tt.lookup.KeyType), tt.raw)
	}
	f.Fuzz(func(t *testing.T, keyType uint8, raw string) {
		l := &catalog.Lookup{KeyType: catalog.KeyType(keyType % 3)}
		key, err := l.ParseKey(raw)
		if l.KeyType == catalog.Integer && (err == nil) != isSpelledByStrconv(raw) {
			t.Fatalf("ParseKey(%q) = %q, %v; strconv spells it so: %v", raw, key, err, isSpelledByStrconv(raw))
		}
		if err != nil {
			if !errors.Is(err, catalog.ErrKey) {
				t.Fatalf("ParseKey(%q): %v, which is not ErrKey", raw, err)
			}
			return
		}
		if again, err := l.ParseKey(key); err != nil || again != key {
			t.Fatalf("ParseKey(%q) = %q, but that parses to %q, %v", raw, key, again, err)
		}
		if got := l.CanonicalKey([]byte(raw)); got != key {
			t.Fatalf("CanonicalKey(%q) = %q, but ParseKey says %q", raw, got, key)
		}
		if l.KeyType != catalog.StringCI && key != raw {
			t.Fatalf("ParseKey(%q) = %q, want the key unchanged", raw, key)
		}
		if !strings.EqualFold(key, raw) {
			t.Fatalf("ParseKey(%q) = %q, which is another key", raw, key)
		}
	})
}

func isSpelledByStrconv(s string) bool {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(i, 10) == s {
		return true
	}
	u, err := strconv.ParseUint(s, 10, 64)
	return err == nil && strconv.FormatUint(u, 10) == s
}

func mustKey(t *testing.T, l *catalog.Lookup, raw string) string {
	t.Helper()
	key, err := l.ParseKey(raw)
	if err != nil {
		t.Fatalf("ParseKey(%q): %v", raw, err)
	}
	return key
}
