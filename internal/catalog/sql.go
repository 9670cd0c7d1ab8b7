package catalog

import (
	"fmt"
	"strings"
)

// A statement is an SQL text, with what the rules for a query find in it.
type statement struct {
	sql      string
	code     []sqlToken // without comments, and up to the first semicolon
	comments []sqlToken
	keys     int // index in code of the first keysMark; -1: there is none
	faults   []fault
}

// checkQuery returns sql as a Query if it obeys the rules: a single SELECT that
// only reads, with :keys once, alone in an IN. The rules catch mistakes. What
// makes a query harmless is the read-only transaction in which it runs.
func checkQuery(sql string) (Query, []fault) {
	tokens, bad := tokenize(sql)
	if bad != nil {
		return Query{}, []fault{*bad}
	}
	s := &statement{sql: sql, keys: -1}
	s.split(tokens)
	if len(s.code) == 0 {
		return Query{}, []fault{{0, "the query has no SQL but comments: write a SELECT with WHERE … IN (:keys)"}}
	}
	s.checkVerb()
	s.checkReadOnly()
	s.checkHints()
	s.checkPlaceholders()
	s.checkNesting()
	if len(s.faults) > 0 {
		return Query{}, s.faults
	}
	start := tokens[0].start
	return Query{
		Text:   sql[start:s.code[len(s.code)-1].end],
		keysAt: s.code[s.keys].start - start,
	}, nil
}

// checkJoinedLines refuses comments that end with their line, for a text whose
// lines YAML has joined: what followed them would be lost in silence.
func checkJoinedLines(sql string) []fault {
	tokens, _ := tokenize(sql)
	for _, t := range tokens {
		if t.kind == lineCommentToken {
			return []fault{{t.start, "YAML joins the lines of this query, so that the comment hides all that follows: write the query as a block after \"query: |\""}}
		}
	}
	return nil
}

func (s *statement) fault(at int, format string, args ...any) {
	s.faults = append(s.faults, fault{at, fmt.Sprintf(format, args...)})
}

func (s *statement) split(tokens []sqlToken) {
	ended := false
	for _, t := range tokens {
		switch {
		case t.kind == lineCommentToken || t.kind == blockCommentToken:
			s.comments = append(s.comments, t)
		case s.text(t) == ";":
			ended = true
		case ended:
			s.fault(t.start, "a query is one statement: remove what follows the semicolon")
			return
		default:
			s.code = append(s.code, t)
		}
	}
}

func (s *statement) text(t sqlToken) string {
	return s.sql[t.start:t.end]
}

// keyword returns the word at index i of the code in upper case. It returns ""
// where there is no word, or the word is a name since it follows a dot or an @.
func (s *statement) keyword(i int) string {
	if i < 0 || i >= len(s.code) || s.code[i].kind != wordToken || s.symbol(i-1) == "." || s.symbol(i-1) == "@" {
		return ""
	}
	return strings.ToUpper(s.text(s.code[i]))
}

func (s *statement) symbol(i int) string {
	if i < 0 || i >= len(s.code) || s.code[i].kind != symbolToken {
		return ""
	}
	return s.text(s.code[i])
}

func (s *statement) checkVerb() {
	verb := 0
	if s.keyword(0) == "WITH" {
		verb = s.verbAfterWith()
	}
	if s.keyword(verb) == "SELECT" {
		return
	}
	first := s.code[verb]
	if s.keyword(verb) == "CALL" {
		s.fault(first.start, "a stored procedure cannot be a query: write the SELECT that it runs")
		return
	}
	s.fault(first.start, "a query must be a SELECT, or WITH … SELECT, but this is %s", s.text(first))
}

// verbAfterWith returns the index of the word that follows the common table
// expressions: the first verb outside of parentheses. It is 0, that of WITH,
// where there is none.
func (s *statement) verbAfterWith() int {
	depth := 0
	for i := range s.code {
		switch s.symbol(i) {
		case "(":
			depth++
		case ")":
			depth--
		}
		switch s.keyword(i) {
		case "SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE", "TABLE", "VALUES":
			if depth == 0 {
				return i
			}
		}
	}
	return 0
}

func (s *statement) checkReadOnly() {
	for i, t := range s.code {
		next := s.keyword(i + 1)
		switch s.keyword(i) {
		case "INTO":
			s.fault(t.start, "a query only reads: remove INTO")
		case "FOR":
			if next == "UPDATE" || next == "SHARE" {
				s.fault(t.start, "a query must not lock rows: remove FOR %s", next)
			}
		case "LOCK":
			if next == "IN" {
				s.fault(t.start, "a query must not lock rows: remove LOCK IN SHARE MODE")
			}
		}
	}
}

// checkHints refuses the optimizer hints that would undo the session's settings.
func (s *statement) checkHints() {
	for _, t := range s.comments {
		text := strings.ToUpper(s.text(t))
		for _, hint := range []string{"MAX_EXECUTION_TIME", "SET_VAR"} {
			if strings.HasPrefix(text, "/*+") && strings.Contains(text, hint) {
				s.fault(t.start, "remove the hint %s: the service sets the limits of its session itself", hint)
			}
		}
	}
}
