package catalog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A catalog is written by hand; the YAML parser's time grows with the square of
// the nesting, which this bounds.
const maxFileLen = 1 << 20

// Parse reads a catalog file. The error joins one error for each broken rule, in
// the order of the file, each with the text "line:column: what to do". Columns
// count characters from 1.
func Parse(src []byte) (*Catalog, error) {
	r := &reader{}
	body := r.parseYAML(src)
	if len(r.problems) > 0 {
		return nil, r.err()
	}
	c := r.catalog(body)
	if len(r.problems) > 0 {
		return nil, r.err()
	}
	return c, nil
}

// A reader reads a catalog out of YAML and collects what is wrong with it.
type reader struct {
	lines    [][]rune // of the file
	problems []problem
}

type problem struct {
	at   position
	text string
}

func (e problem) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.at.line, e.at.column, e.text)
}

func (r *reader) add(at position, format string, args ...any) {
	r.problems = append(r.problems, problem{at, fmt.Sprintf(format, args...)})
}

func (r *reader) err() error {
	slices.SortStableFunc(r.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
	errs := make([]error, len(r.problems))
	for i, e := range r.problems {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// parseYAML returns the root of the only document in src.
func (r *reader) parseYAML(src []byte) ast.Node {
	start := position{1, 1}
	if len(src) > maxFileLen {
		r.add(start, "a catalog has at most %d bytes: this file is another one", maxFileLen)
		return nil
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	src = bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))
	for line := range bytes.SplitSeq(src, []byte("\n")) {
		r.lines = append(r.lines, []rune(string(line)))
		if !utf8.Valid(line) {
			r.add(position{len(r.lines), validRunes(line) + 1}, "this is not UTF-8: save the file as UTF-8")
		}
	}
	if len(r.problems) > 0 {
		return nil
	}
	file, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.addSyntax(err)
		return nil
	}
	if len(file.Docs) > 1 {
		r.add(r.tokenPosition(file.Docs[1].Start), "a catalog is one YAML document: remove the line ---")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		r.add(start, "the catalog is empty: it begins with \"lookups:\"")
		return nil
	}
	ast.Walk(plainYAML{r}, file.Docs[0].Body)
	return file.Docs[0].Body
}

// validRunes counts the characters before the first byte that is not UTF-8.
func validRunes(line []byte) int {
	n := 0
	for len(line) > 0 {
		char, size := utf8.DecodeRune(line)
		if char == utf8.RuneError && size == 1 {
			break
		}
		n, line = n+1, line[size:]
	}
	return n
}

func (r *reader) addSyntax(err error) {
	var located interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &located) && located.GetToken() != nil {
		r.add(r.tokenPosition(located.GetToken()), "not YAML: %s", located.GetMessage())
		return
	}
	r.add(position{1, 1}, "not YAML: %v", err)
}

// plainYAML refuses what makes a catalog say something else than it shows.
type plainYAML struct{ *reader }

func (r plainYAML) Visit(n ast.Node) ast.Visitor {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		r.add(r.position(n), "anchors, aliases and merges are not for catalogs: write the value out")
		return nil
	case *ast.TagNode:
		r.add(r.position(n), "tags are not for catalogs: remove this word with its !")
		return nil
	case *ast.MappingKeyNode:
		r.add(r.position(n), "write \"name: value\" instead of \"? name\"")
		return nil
	}
	return r
}
