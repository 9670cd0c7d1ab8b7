package main

import (
	"math"
	"math/big"
	"strings"
	"testing"
)

var sizeTests = []struct {
	text string
	want size
}{
	{"0", 0}, {"4096", 4096}, {"64MiB", 64 << 20}, {"64m", 64 << 20}, {"64 MB", 64 << 20}, {"1.5GiB", 3 << 29}, {"1GB", 1 << 30}, {"7b", 7},
	{"0.5", 0}, {"1e3", 1000}, {"1_000", 1000}, {"8191PiB", 8191 << 50}, {"9223372036854774784", math.MaxInt64 - 1023},
}

// badSizes are no sizes at all, those of tooLargeSizes are beyond 63 bits.
var (
	badSizes      = []string{"", "-1", "1XB", "MiB", "0x10", "NaN", "Inf", "1 2", "1MiBB", "8EiB", "\u0661"}
	tooLargeSizes = []string{"8192PiB", "16384PiB", "9223372036854775807", "9223372036854775808", "99999999999999999999", strings.Repeat("9", 400), strings.Repeat("9", 300) + "PiB"}
)

func TestSize(t *testing.T) {
	for _, tt := range sizeTests {
		var s size
		if err := s.Set(tt.text); err != nil || s != tt.want {
			t.Errorf("Set(%q) = %d, %v; want %d", tt.text, s, err, tt.want)
		}
	}
	for _, text := range badSizes {
		s := size(5)
		if err := s.Set(text); err == nil || !strings.Contains(err.Error(), "such as 64MiB") || s != 5 {
			t.Errorf("Set(%q) = %d, %v; want an error that says how", text, s, err)
		}
	}
}

// TestSizeBeyond63BitsIsRefused: it became a negative or another size, silently.
func TestSizeBeyond63BitsIsRefused(t *testing.T) {
	for _, text := range tooLargeSizes {
		s := size(5)
		if err := s.Set(text); err == nil || err.Error() != "a size must be below 8192PiB" || s != 5 {
			t.Errorf("Set(%q) = %d, %v; want that it is too large", text, s, err)
		}
	}
}

// TestSizeReadsBack: four digits were shown of a size, so that another one was read from what GET
// /api/config writes.
func TestSizeReadsBack(t *testing.T) {
	for s, want := range map[size]string{
		256 << 20: "256MiB", 3 << 29: "1.5GiB", 1<<30 + 1: "1073741825B", 12345 << 20: "12345MiB", 1 << 60: "1024PiB", -1: "-1B",
		0: "0B", math.MaxInt64 - 1023: "9007199254740991KiB", math.MaxInt64: "9223372036854775807B",
	} {
		if got := s.String(); got != want {
			t.Errorf("size(%d).String() = %q, want %q", int64(s), got, want)
		}
	}
}

// FuzzSize: a size that is read reads back from what is shown of it, and is the number that was
// written, to the byte or, of more than 15 digits, nearly.
func FuzzSize(f *testing.F) {
	for _, tt := range sizeTests {
		f.Add(tt.text)
	}
	for _, text := range append(badSizes, tooLargeSizes...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := size(5)
		if err := s.Set(text); err != nil {
			if s != 5 || len(err.Error()) > 100 {
				t.Fatalf("Set(%q) = %d, %v", text, s, err)
			}
			return
		}
		if s < 0 {
			t.Fatalf("Set(%q) = %d", text, s)
		}
		var back size
		if err := back.Set(s.String()); err != nil || back != s {
			t.Fatalf("Set(%q) = %d, shown as %s, which reads as %d, %v", text, s, s, back, err)
		}
		if want, ok := exactSize(text); ok && math.Abs(float64(s)-want) > 1+want/(1<<50) {
			t.Fatalf("Set(%q) = %d, want %g", text, s, want)
		}
	})
}

// exactSize computes a size another way: a decimal number and a unit.
func exactSize(text string) (float64, bool) {
	digits := strings.TrimRight(text, "kKmMgGtTpPiIbB")
	unit := strings.ToLower(strings.TrimRight(text[len(digits):], "ibIB"))
	power := strings.Index("kmgtp", unit)
	n, ok := new(big.Float).SetPrec(200).SetString(strings.TrimSuffix(digits, " "))
	if !ok || strings.Trim(digits, "0123456789. ") != "" || power < 0 || len(unit) > 1 {
		return 0, false
	}
	if unit != "" {
		n.SetMantExp(n, 10*(power+1))
	}
	want, _ := n.Float64()
	return want, true
}
