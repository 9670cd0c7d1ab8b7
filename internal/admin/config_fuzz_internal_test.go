package admin

import (
	"strings"
	"testing"
)

// FuzzFlags: a shell reads a setting that is written as a flag as one word, which is the setting.
func FuzzFlags(f *testing.F) {
	for _, value := range []string{"512MiB", "/etc/shop's catalog.yaml", "", "$(rm)", "a b", "''", "\\", "\n", "~", "é", "*", "#", "a=b;c", "-", "\xff"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		text := flags([]Setting{{Name: "table", Value: value, Source: "flag"}, {Name: "mysql-dsn", Value: value, Source: "flag", Secret: true}, {Name: "ttl", Value: value, Source: "default"}})
		words, ok := shellWords(text)
		if want := "-table=" + value; !ok || len(words) != 1 || words[0] != want {
			t.Fatalf("%q is written as %s, which a shell reads as %q, %v", value, text, words, ok)
		}
	})
}

// shellWords splits text as sh does (POSIX, 2.2 and 2.3), as far as it needs no expansion; else it is not ok.
func shellWords(text string) (words []string, ok bool) {
	word, inWord := "", false
	for text != "" {
		c := text[0]
		text = text[1:]
		switch {
		case c == '\'':
			quoted, rest, closed := strings.Cut(text, "'")
			if !closed {
				return nil, false
			}
			word, text, inWord = word+quoted, rest, true
		case c == '\\' && text != "":
			word, text, inWord = word+text[:1], text[1:], true
		case c == ' ' || c == '\t' || c == '\n':
			if inWord {
				words = append(words, word)
			}
			word, inWord = "", false
		case strings.IndexByte("|&;<>()$`\\\"*?[#~!{}", c) >= 0 || c >= 0x80 || c < ' ':
			return nil, false
		default:
			word, inWord = word+string(c), true
		}
	}
	return words, !inWord
}
