package catalog

import (
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A position counts lines, and characters of a line, from 1.
type position struct {
	line, column int
}

// position returns where n begins, which for a mapping in block style is not at
// its token, the first colon.
func (r *reader) position(n ast.Node) position {
	if m, ok := n.(ast.MapNode); ok && n.GetToken().Type == token.MappingValueType {
		if it := m.MapRange(); it.Next() {
			return r.position(it.Key())
		}
	}
	return r.tokenPosition(n.GetToken())
}

// tokenPosition returns where t begins. For a scalar without quotes the YAML
// parser adds the blanks at the end of its line to the column, so that here the
// scalar is looked for behind what precedes it in the line.
func (r *reader) tokenPosition(t *token.Token) position {
	if t == nil || t.Position == nil || t.Position.Line > len(r.lines) {
		return position{1, 1}
	}
	at := position{t.Position.Line, t.Position.Column}
	line := r.lines[at.line-1]
	if isPlain(t) {
		at.column = 1
		if t.Prev != nil && t.Prev.Position.Line == at.line {
			at.column = t.Prev.Position.Column + len(t.Prev.Value)
		}
		for at.column <= len(line) && unicode.IsSpace(line[at.column-1]) {
			at.column++
		}
	}
	at.column = min(at.column, len(line)+1)
	return at
}

// isPlain reports whether t is a scalar without quotes. A missing value is not.
func isPlain(t *token.Token) bool {
	return t.CharacterType == token.CharacterTypeMiscellaneous && t.Type != token.NullType && t.Type != token.ImplicitNullType
}

// positionIn returns where the text of the scalar n goes on after its beginning
// before. YAML has changed blanks and line breaks at most, if n is not quoted, so
// only the other characters are counted off. Where a quoted text has escapes, its
// beginning has to do.
func (r *reader) positionIn(n ast.Node, before string) position {
	start := r.position(n)
	c := cursor{r.lines, start}
	switch n.GetToken().Type {
	case token.LiteralType, token.FoldedType:
		c.at = position{start.line + 1, 1}
	case token.SingleQuoteType, token.DoubleQuoteType:
		c.at.column++
	}
	for _, char := range before {
		if !unicode.IsSpace(char) && c.next() != char {
			return start
		}
	}
	c.skipBlanks()
	return c.at
}

// A cursor walks over the characters of the file that are not blank.
type cursor struct {
	lines [][]rune
	at    position
}

func (c *cursor) next() rune {
	c.skipBlanks()
	if c.at.line > len(c.lines) {
		return -1
	}
	c.at.column++
	return c.lines[c.at.line-1][c.at.column-2]
}

func (c *cursor) skipBlanks() {
	for ; c.at.line <= len(c.lines); c.at = (position{c.at.line + 1, 1}) {
		for line := c.lines[c.at.line-1]; c.at.column <= len(line); c.at.column++ {
			if !unicode.IsSpace(line[c.at.column-1]) {
				return
			}
		}
	}
}
