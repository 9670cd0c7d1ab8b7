package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// foldKey folds the case of s by Unicode's simple case folding. Two keys have
// the same fold exactly if they are equal under strings.EqualFold, so folding
// twice is folding once. It returns s itself where nothing changes, and where s
// is not UTF-8, which is nobody's key.
func foldKey(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	if !utf8.ValidString(s) {
		return s
	}
	return strings.Map(foldRune, s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldRune goes by way of the upper case, since some letters have several lower
// ones: σ and ς, s and ſ, k and the Kelvin sign. The Turkish İ and ı fold to
// themselves, as in Unicode: their other cases are the Latin I and i, which are
// each other's already.
func foldRune(r rune) rune {
	if r == 'İ' || r == 'ı' {
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}
