package binlog

import (
	"strings"
	"unicode/utf8"
)

// mentions reports whether a statement contains a word that names knows: alone
// or as part of a qualified name, quoted or not, but not in a comment. It rather
// takes a text for a name than a name for a text, since the log does not say how
// the session quoted: names is asked about texts in double quotes as well.
// Words come as they are written; one that is not UTF-8 may be any name.
func mentions(sql string, names func(word string) bool) bool {
	return mentionsWith(sql, true, names) ||
		strings.Contains(sql, `\`) && mentionsWith(sql, false, names)
}

func mentionsWith(sql string, escapes bool, names func(word string) bool) bool {
	s := statement{rest: sql, escapes: escapes}
	for {
		word, ok := s.next()
		if !ok {
			return false
		}
		if !utf8.ValidString(word) || names(word) {
			return true
		}
	}
}

// controls are the statements that begin, end and part transactions, or set
// variables. None changes rows.
var controls = map[string]bool{
	"": true, "BEGIN": true, "START": true, "COMMIT": true, "ROLLBACK": true, "SAVEPOINT": true, "RELEASE": true, "XA": true, "SET": true,
}

// isTransactionControl reports whether a statement is one of those that need not
// be looked at: nothing but comments is one too, as MariaDB sends it in place of
// events that a replica would not understand.
func isTransactionControl(sql string) bool {
	s := statement{rest: sql, escapes: true}
	first, _ := s.next()
	second, _ := s.next()
	first, second = strings.ToUpper(first), strings.ToUpper(second)
	switch first {
	case "BEGIN": // NOT ATOMIC: a block of MariaDB's
		return second == "" || second == "WORK"
	case "START":
		return second == "TRANSACTION"
	case "SET": // STATEMENT variable = value FOR any statement, MariaDB's
		return second != "STATEMENT"
	}
	return controls[first]
}

// A statement gives its words one by one. All else it leaves out.
type statement struct {
	rest    string
	escapes bool // \ escapes a quote within a text
}

// next returns the next word or quoted name, without the quotes. Comments that the
// server executes count as what is in them.
func (s *statement) next() (word string, ok bool) {
	for s.rest != "" {
		switch c := s.rest[0]; {
		case c == '\'':
			s.quoted(c)
		case c == '"' || c == '`':
			return s.quoted(c), true
		case isWordByte(c):
			return s.word(), true
		case !s.comment():
			s.rest = s.rest[1:]
		}
	}
	return "", false
}

func (s *statement) word() string {
	end := strings.IndexFunc(s.rest, func(r rune) bool { return r < utf8.RuneSelf && !isWordByte(byte(r)) })
	return s.cut(end, 0)
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '$' || c >= utf8.RuneSelf
}

// cut returns what stands before end, and leaves what follows the mark there, which
// is of that many bytes. An end below zero is that of the statement.
func (s *statement) cut(end, mark int) string {
	if end < 0 {
		end, mark = len(s.rest), 0
	}
	before := s.rest[:end]
	s.rest = s.rest[end+mark:]
	return before
}

// quoted leaves out a text or a name, and returns it without its quotes and escapes.
func (s *statement) quoted(quote byte) string {
	var text strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '\\' && s.escapes && quote != '`':
			i++
			continue
		case c == quote && !strings.HasPrefix(s.rest[i+1:], string(quote)):
			s.rest = s.rest[i+1:]
			return text.String()
		case c == quote:
			i++
		}
		text.WriteByte(s.rest[i])
	}
	s.rest = ""
	return text.String()
}

// comment leaves out a comment, or the mark that makes it executable, if there is one.
func (s *statement) comment() bool {
	for _, executable := range []string{"/*!", "/*M!"} {
		if after, ok := strings.CutPrefix(s.rest, executable); ok {
			s.rest = strings.TrimLeft(after, "0123456789")
			return true
		}
	}
	switch {
	case strings.HasPrefix(s.rest, "/*"):
		s.rest = s.rest[2:]
		s.cut(strings.Index(s.rest, "*/"), 2)
	case s.rest[0] == '#', strings.HasPrefix(s.rest, "--") && (len(s.rest) == 2 || s.rest[2] <= ' ' || s.rest[2] == 0x7f):
		s.cut(strings.IndexByte(s.rest, '\n'), 1)
	default:
		return false
	}
	return true
}
