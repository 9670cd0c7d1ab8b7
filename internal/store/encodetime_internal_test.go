package store

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// timeTests are texts of DATE and DATETIME columns, most of which no server sends.
var timeTests = []struct {
	text           string
	date, dateTime string // JSON
}{
	{"2024-02-29", `"2024-02-29"`, `"2024-02-29"`},
	{"2024-02-29 23:59:59", `"2024-02-29 23:59:59"`, `"2024-02-29T23:59:59+02:00"`},
	{"2024-02-29 23:59:59.5", `"2024-02-29 23:59:59.5"`, `"2024-02-29T23:59:59.5+02:00"`},
	{"0000-00-00", `null`, `"0000-00-00"`},
	{"0000-00-00 00:00:00.000000", `"0000-00-00 00:00:00.000000"`, `null`},
	{`2024-02-29 "},{"a":"`, `"2024-02-29 \"},{\"a\":\""`, `"2024-02-29 \"},{\"a\":\""`},
	{"2024-02-29 23:59:59\n", `"2024-02-29 23:59:59\n"`, `"2024-02-29 23:59:59\n"`},
	{"2024-02-29 23:59:59.", `"2024-02-29 23:59:59."`, `"2024-02-29 23:59:59."`},
	{"2024-02-29 23:59:59.\xff", `"2024-02-29 23:59:59.` + "\ufffd" + `"`, `"2024-02-29 23:59:59.` + "\ufffd" + `"`},
	{`abcd"00-00`, `"abcd\"00-00"`, `"abcd\"00-00"`},
	{"2024-02-29 23:59", `"2024-02-29 23:59"`, `"2024-02-29 23:59"`},
	{"", `""`, `""`},
}

// TestTextThatIsNoTimeIsEscaped: it was copied into the answer as it was behind ten
// bytes and a blank, quotes and all.
func TestTextThatIsNoTimeIsEscaped(t *testing.T) {
	for _, tt := range timeTests {
		if got := string(appendDate(nil, []byte(tt.text))); got != tt.date {
			t.Errorf("DATE %q is encoded as %s, want %s", tt.text, got, tt.date)
		}
		if got := string(dateTime("+02:00")(nil, []byte(tt.text))); got != tt.dateTime {
			t.Errorf("DATETIME %q is encoded as %s, want %s", tt.text, got, tt.dateTime)
		}
	}
}

var (
	dateForm     = regexp.MustCompile(`\A\d{4}-\d\d-\d\d(\.\d+)?\z`)
	dateTimeForm = regexp.MustCompile(`\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\z`)
	zeroForm     = regexp.MustCompile(`\A\d{4}-(00-\d\d|\d\d-00)`)
)

// FuzzAppendTime: whatever a column of times holds, the answer is JSON of the same text, of null
// for a zero date, or of the time; and that is the time that package time reads.
func FuzzAppendTime(f *testing.F) {
	for _, tt := range timeTests {
		f.Add([]byte(tt.text))
	}
	f.Add([]byte("2024-00-10 00:00:00"))
	f.Add([]byte("2023-02-29 24:00:00"))
	f.Add([]byte("-838:59:59"))
	f.Fuzz(func(t *testing.T, column []byte) {
		text := strings.Map(func(r rune) rune { return r }, string(column)) // each bad byte: U+FFFD
		for typeName, form := range map[string]*regexp.Regexp{"DATE": dateForm, "DATETIME": dateTimeForm, "TIMESTAMP": dateTimeForm, "TIME": nil} {
			got := encoderOf(typeName, "+02:00")([]byte("["), column)
			var back []*string
			if err := json.Unmarshal(append(got, ']'), &back); err != nil || !utf8.Valid(got) || len(back) != 1 {
				t.Fatalf("%s %q is encoded as %s: %v", typeName, column, got[1:], err)
			}
			isForm := form != nil && form.MatchString(text)
			isNull := isForm && zeroForm.MatchString(text)
			want := text
			if isForm && form == dateTimeForm {
				want = strings.Replace(text, " ", "T", 1) + "+02:00"
			}
			if (back[0] == nil) != isNull || !isNull && *back[0] != want {
				t.Fatalf("%s %q is encoded as %s, want %q, or null: %v", typeName, column, got[1:], want, isNull)
			}
			if at, err := time.Parse(time.DateTime, text); isForm && form == dateTimeForm && err == nil {
				if shown, err := time.Parse(time.RFC3339Nano, *back[0]); err != nil || !shown.Equal(at.Add(-2*time.Hour)) {
					t.Fatalf("%s %q is encoded as %s, which is %v, %v", typeName, column, got[1:], shown, err)
				}
			}
		}
	})
}
