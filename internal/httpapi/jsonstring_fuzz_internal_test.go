package httpapi

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzAppendString: any text is the JSON string that encoding/json makes of it, but for the short escapes; and
// what is shown of it in a problem is short, printable, and begins as it does.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", `"\`, "\x00\x1f\x7f\b\f\n\r\t", "é😀\u2028\u2029<>&", "\xff\xc3", "\xed\xa0\x80", "\ufffd", strings.Repeat("é", 33), strings.Repeat("x", 64) + "\xf0\x9f\x98", strings.Repeat("\x80", 70)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := appendString([]byte("["), s)
		theirs, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back, want string
		if err := json.Unmarshal(got[1:], &back); err != nil || json.Unmarshal(theirs, &want) != nil || back != want {
			t.Fatalf("appendString(%q) = %s, which is %q, want %q, %v", s, got[1:], back, want, err)
		}
		if !utf8.Valid(got) || strings.ContainsAny(string(got), "<>&\u2028\u2029") {
			t.Fatalf("appendString(%q) = %s, with what must be escaped", s, got[1:])
		}
		shown := quoted(s)
		text, err := strconv.Unquote(shown)
		if cut, ok := strings.CutSuffix(text, "…"); err != nil || text != s && (!ok || !strings.HasPrefix(s, cut) || len(cut) > 64 || len(cut) < 60) {
			t.Fatalf("quoted(%q) = %s, %v", s, shown, err)
		}
		if strings.ContainsFunc(shown, func(r rune) bool { return !strconv.IsPrint(r) }) {
			t.Fatalf("quoted(%q) = %q", s, shown)
		}
	})
}
