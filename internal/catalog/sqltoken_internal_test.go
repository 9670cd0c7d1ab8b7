package catalog

import (
	"slices"
	"strings"
	"testing"
)

var tokenTests = []struct {
	sql  string
	want []string // no comments
}{
	{"", nil},
	{"SELECT 1.5e-3", []string{"SELECT", "1", ".", "5e", "-", "3"}},
	{"a--b", []string{"a", "-", "-", "b"}},
	{"a-- b", []string{"a"}},
	{"a--\nb", []string{"a", "b"}},
	{"a--\x01b\nc", []string{"a", "c"}},
	{"a--", []string{"a"}},
	{"a#b\nc", []string{"a", "c"}},
	{"a#b\rc\nd", []string{"a", "d"}},
	{"a/**/b", []string{"a", "b"}},
	{"/*/ a */b", []string{"b"}},
	{"a/ *b", []string{"a", "/", "*", "b"}},
	{"'a''b'", []string{"'a''b'"}},
	{"'a' 'b'", []string{"'a'", "'b'"}},
	{`'a\'b\\'c`, []string{`'a\'b\\'`, "c"}},
	{`"a\"b""'"'"'`, []string{`"a\"b""'"`, `'"'`}},
	{"`a\\`b", []string{"`a\\`", "b"}},
	{"`a``b`.`c`", []string{"`a``b`", ".", "`c`"}},
	{"IN(:keys)", []string{"IN", "(", ":keys", ")"}},
	{"@a:=:b: c", []string{"@", "a", ":", "=", ":b", ":", "c"}},
	{"a:", []string{"a", ":"}},
	{"größe$1", []string{"größe$1"}},
	{"a\t\n\v\f\r b", []string{"a", "b"}},
	{"/*! a", nil},
	{"'", nil},
	{"a\\b", nil},
	{"a\x00b", nil},
}

func TestTokenize(t *testing.T) {
	for _, tt := range tokenTests {
		tokens, _ := tokenize(tt.sql)
		if got := codeOf(tt.sql, tokens); !slices.Equal(got, tt.want) {
			t.Errorf("tokenize(%q) = %q, want %q", tt.sql, got, tt.want)
		}
	}
}

// Tokens follow one another with nothing but blanks between them, and are the
// same when a comment stands in place of the blanks. A query that is accepted
// has its :keys where the tokens say, and is accepted as it was cut.
func FuzzTokenize(f *testing.F) {
	for _, tt := range tokenTests {
		f.Add(tt.sql)
	}
	f.Add("SELECT a /*+ x */ FROM `t` WHERE b = 'it''s' AND a IN (:keys) AND 2--1; -- c")
	f.Fuzz(func(t *testing.T, sql string) {
		tokens, bad := tokenize(sql)
		if bad != nil {
			if bad.at < 0 || bad.at >= len(sql) || isSpace(sql[bad.at]) || bad.text == "" || tokens != nil {
				t.Fatalf("tokenize(%q) = %v, %+v", sql, tokens, bad)
			}
			return
		}
		at := 0
		for _, tok := range tokens {
			if strings.TrimFunc(sql[at:tok.start], isSpaceRune) != "" || tok.end <= tok.start {
				t.Fatalf("tokenize(%q) = %v, which loses %q", sql, tokens, sql[at:tok.start])
			}
			at = tok.end
		}
		if rest := strings.TrimFunc(sql[at:], isSpaceRune); rest != "" {
			t.Fatalf("tokenize(%q) loses %q", sql, rest)
		}
		code := codeOf(sql, tokens)
		joined := strings.Join(code, "/**/")
		again, bad := tokenize(joined)
		if got := codeOf(joined, again); bad != nil || !slices.Equal(got, code) {
			t.Fatalf("tokenize(%q) = %q, %+v; want %q as without the comments", joined, got, bad, code)
		}
		checkAccepted(t, sql, code)
	})
}

func checkAccepted(t *testing.T, sql string, code []string) {
	q, faults := checkQuery(sql)
	if len(faults) > 0 {
		for _, f := range faults {
			if f.at < 0 || f.at > len(sql) {
				t.Fatalf("checkQuery(%q) has a fault at %d: %s", sql, f.at, f.text)
			}
		}
		return
	}
	if strings.HasSuffix(q.Text, "--") {
		return // two minus signs of no use, before a comment: cut off, they begin one
	}
	again, faults := checkQuery(q.Text)
	if len(faults) > 0 || again.Text != q.Text || again.keysAt != q.keysAt {
		t.Fatalf("checkQuery(%q) = %+v, which itself becomes %+v, %v", sql, q, again, faults)
	}
	tokens, _ := tokenize(q.Render("1,2"))
	want := slices.DeleteFunc(slices.Clone(code), func(s string) bool { return s == ";" })
	i := slices.Index(want, keysMark)
	want = slices.Replace(want, i, i+1, "1", ",", "2")
	if got := codeOf(q.Render("1,2"), tokens); !slices.Equal(got, want) {
		t.Fatalf("Render of %q = %q, want %q", q.Text, got, want)
	}
}

func codeOf(sql string, tokens []sqlToken) (code []string) {
	for _, t := range tokens {
		if t.kind != lineCommentToken && t.kind != blockCommentToken {
			code = append(code, sql[t.start:t.end])
		}
	}
	return code
}

func isSpaceRune(r rune) bool { return r < 0x80 && isSpace(byte(r)) }
