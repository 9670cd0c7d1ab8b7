package binlog

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A charset is a character set of one byte a character.
type charset struct {
	*charmap.Charmap
	controls bool   // the server reads 0x80 to 0x9f as the C1 controls where the map has holes
	differs  string // bytes that the server takes for other characters
}

var charsets = map[string]charset{
	"latin1":   {charmap.Windows1252, true, ""}, // which is what MySQL means by it
	"latin2":   {charmap.ISO8859_2, true, ""},
	"latin5":   {charmap.ISO8859_9, true, ""},
	"latin7":   {charmap.ISO8859_13, true, ""},
	"greek":    {charmap.ISO8859_7, true, "\xa1\xa2\xa4\xa5\xaa"},
	"hebrew":   {charmap.ISO8859_8, true, "\xaf"},
	"koi8r":    {charmap.KOI8R, false, ""},
	"koi8u":    {charmap.KOI8U, false, "\x95\xae\xbe"},
	"cp850":    {charmap.CodePage850, false, ""},
	"cp852":    {charmap.CodePage852, false, ""},
	"cp866":    {charmap.CodePage866, false, "\xfc\xfd"},
	"cp1250":   {charmap.Windows1250, false, ""},
	"cp1251":   {charmap.Windows1251, false, ""},
	"cp1256":   {charmap.Windows1256, false, "\x8a\x8f\x98\x9a\x9f\xaa\xc0\xff"},
	"cp1257":   {charmap.Windows1257, false, ""},
	"macroman": {charmap.Macintosh, false, ""},
}

// decodeText returns a column's bytes as UTF-8, or as they are if charset says
// that they are no text.
func decodeText(name string, raw []byte) (string, error) {
	switch name {
	case "", "binary", "utf8", "utf8mb3", "utf8mb4":
		return string(raw), nil
	}
	cs, known := charsets[name]
	if !known && name != "ascii" {
		return "", fmt.Errorf("its character set is %s", name)
	}
	var text strings.Builder
	for _, c := range raw {
		r := cs.decode(c)
		if r == utf8.RuneError {
			return "", fmt.Errorf("byte %#x in the character set %s", c, name)
		}
		text.WriteRune(r)
	}
	return text.String(), nil
}

// decode returns utf8.RuneError for bytes that are no character for sure. The
// zero charset is ASCII.
func (cs charset) decode(c byte) rune {
	switch {
	case c < utf8.RuneSelf:
		return rune(c)
	case cs.Charmap == nil || strings.IndexByte(cs.differs, c) >= 0:
		return utf8.RuneError
	}
	r := cs.DecodeByte(c)
	if r == utf8.RuneError && cs.controls && c < 0xa0 {
		return rune(c)
	}
	return r
}
