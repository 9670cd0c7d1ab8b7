package catalog

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A fault is a broken rule at an offset of an SQL text.
type fault struct {
	at   int
	text string
}

type tokenKind uint8

const (
	wordToken         tokenKind = iota // keyword, unquoted name, or number
	nameToken                          // `name`
	stringToken                        // 'text' or "text"
	placeholderToken                   // :word
	lineCommentToken                   // from -- or # to the end of the line
	blockCommentToken                  // /* … */
	symbolToken                        // any other single byte
)

type sqlToken struct {
	kind       tokenKind
	start, end int
}

// tokenize splits sql as MySQL and MariaDB do in their default SQL mode, in
// which a backslash escapes and double quotes are quotes of text. It stops at
// the first fault.
func tokenize(sql string) ([]sqlToken, *fault) {
	var tokens []sqlToken
	for at := 0; at < len(sql); {
		if isSpace(sql[at]) {
			at++
			continue
		}
		kind, length, problem := scan(sql[at:])
		if problem != "" {
			return nil, &fault{at, problem}
		}
		tokens = append(tokens, sqlToken{kind, at, at + length})
		at += length
	}
	return tokens, nil
}

// scan returns the token that s begins with. S begins with no space.
func scan(s string) (kind tokenKind, length int, problem string) {
	switch c := s[0]; {
	case c == '\'' || c == '"':
		return scanQuoted(s, stringToken)
	case c == '`':
		return scanQuoted(s, nameToken)
	case c == '#' || beginsDashComment(s):
		return lineCommentToken, lineLength(s), ""
	case strings.HasPrefix(s, "/*"):
		return scanBlockComment(s)
	case c == ':' && len(s) > 1 && isWord(s[1]):
		return placeholderToken, 1 + wordLength(s[1:]), ""
	case isWord(c):
		return wordToken, wordLength(s), ""
	case c == '\\':
		return 0, 0, `a backslash outside of quotes is not SQL: remove it (\G and the like belong to the mysql client)`
	case c < ' ' || c == 0x7f:
		return 0, 0, fmt.Sprintf("the control character %U has no place in a query: remove it", c)
	}
	return symbolToken, 1, ""
}

func scanQuoted(s string, kind tokenKind) (tokenKind, int, string) {
	quote := s[0]
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote != '`':
			i++
		case s[i] != quote:
		case i+1 < len(s) && s[i+1] == quote:
			i++
		default:
			return kind, i + 1, ""
		}
	}
	return 0, 0, fmt.Sprintf("this %c has no closing %c: add it (a query is best written as a block after \"query: |\", since YAML cuts other text at a \" #\")", quote, quote)
}

func scanBlockComment(s string) (tokenKind, int, string) {
	if strings.HasPrefix(s, "/*!") || strings.HasPrefix(s, "/*M!") {
		return 0, 0, "the server runs what stands in a /*! comment: write it as plain SQL or remove it"
	}
	end := strings.Index(s[2:], "*/")
	if end < 0 {
		return 0, 0, "this /* has no closing */: add it"
	}
	return blockCommentToken, 2 + end + 2, ""
}

// beginsDashComment reports whether s begins with the two dashes of a comment.
// Without a space or control character after them they are two minus signs.
func beginsDashComment(s string) bool {
	return strings.HasPrefix(s, "--") && (len(s) == 2 || s[2] <= ' ' || s[2] == 0x7f)
}

func lineLength(s string) int {
	if end := strings.IndexByte(s, '\n'); end >= 0 {
		return end
	}
	return len(s)
}

func wordLength(s string) int {
	n := 0
	for n < len(s) && isWord(s[n]) {
		n++
	}
	return n
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '$' || c >= utf8.RuneSelf
}

func isSpace(c byte) bool {
	return c == ' ' || '\t' <= c && c <= '\r'
}
