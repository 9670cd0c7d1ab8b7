package catalog

import "strings"

// checkPlaceholders wants :keys once, alone in an IN, and no other placeholder.
func (s *statement) checkPlaceholders() {
	for i, t := range s.code {
		switch {
		case s.symbol(i) == "?":
			s.fault(t.start, "nothing fills in the ?: keys go into IN (:keys), anything else is written out")
		case t.kind != placeholderToken:
		case s.text(t) != keysMark:
			s.fault(t.start, "nothing fills in %s: only :keys is known, anything else is written out", s.text(t))
		case s.keys >= 0:
			s.fault(t.start, "a query has :keys once: join to the rows that it selects instead of repeating it")
		default:
			s.keys = i
			s.checkIn(i)
		}
	}
	if s.keys < 0 {
		s.missingKeys()
	}
}

func (s *statement) checkIn(keys int) {
	at := s.code[keys].start
	if s.symbol(keys-1) != "(" || s.keyword(keys-2) != "IN" || s.symbol(keys+1) != ")" {
		s.fault(at, "write IN (:keys): many keys are asked for at once, and nothing else may stand in the parentheses")
	} else if s.keyword(keys-3) == "NOT" {
		s.fault(at, "NOT IN (:keys) selects the rows that were not asked for: write IN (:keys)")
	}
}

// missingKeys tells a forgotten :keys from one that the server would not see.
func (s *statement) missingKeys() {
	for _, t := range s.code {
		if strings.Contains(s.text(t), keysMark) && (t.kind == stringToken || t.kind == nameToken) {
			s.fault(t.start, "this :keys is quoted: write IN (:keys) without quotes, also for text keys")
			return
		}
	}
	for _, t := range s.comments {
		if strings.Contains(s.text(t), keysMark) {
			s.fault(t.start, "the only :keys stands in this comment: the query itself needs IN (:keys)")
			return
		}
	}
	s.fault(s.code[0].start, "the query has no :keys: select the rows of the keys with WHERE … IN (:keys)")
}

// A scope is the text between two parentheses, or the whole of it.
type scope struct {
	open  int // index in code of its parenthesis
	limit int // index in code of its own first LIMIT or FETCH; -1: there is none
	keys  bool
}

// checkNesting wants parentheses in pairs, and no LIMIT on the rows that :keys
// selects. Other rows, such as those of a subquery per row, may be limited.
func (s *statement) checkNesting() {
	scopes := []scope{{limit: -1}}
	for i, t := range s.code {
		inner := &scopes[len(scopes)-1]
		switch {
		case s.symbol(i) == "(":
			scopes = append(scopes, scope{open: i, limit: -1})
		case s.symbol(i) == ")" && len(scopes) == 1:
			s.fault(t.start, "this ) closes nothing: remove it, or add its (")
			return
		case s.symbol(i) == ")":
			s.checkLimit(*inner)
			scopes[len(scopes)-2].keys = inner.keys || scopes[len(scopes)-2].keys
			scopes = scopes[:len(scopes)-1]
		case s.keyword(i) == "LIMIT" || s.keyword(i) == "FETCH":
			if inner.limit < 0 {
				inner.limit = i
			}
		case i == s.keys:
			inner.keys = true
		}
	}
	if last := scopes[len(scopes)-1]; len(scopes) > 1 {
		s.fault(s.code[last.open].start, "this ( has no closing ): add it")
		return
	}
	s.checkLimit(scopes[0])
}

func (s *statement) checkLimit(sc scope) {
	if sc.keys && sc.limit >= 0 {
		s.fault(s.code[sc.limit].start, "remove %s: it would cut the rows of many keys together, and a key that lost its rows would seem to have none (clients ask for a part of a listing by ?page=)",
			s.keyword(sc.limit))
	}
}
