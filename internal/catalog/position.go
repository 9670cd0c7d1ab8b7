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

// nodePosition returns where n begins, which for a mapping in block style is not
// at its token, the first colon.
func nodePosition(n ast.Node) position {
	if m, ok := n.(ast.MapNode); ok && n.GetToken().Type == token.MappingValueType {
		if it := m.MapRange(); it.Next() {
			return nodePosition(it.Key())
		}
	}
	return tokenPosition(n.GetToken())
}

func tokenPosition(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{t.Position.Line, t.Position.Column}
}

// positionIn returns where the text of the scalar n goes on after its beginning
// before. YAML has changed blanks and line breaks at most, if n is not quoted, so
// only the other characters are counted off. Where a quoted text has escapes, its
// beginning has to do.
func (r *reader) positionIn(n ast.Node, before string) position {
	start := nodePosition(n)
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
