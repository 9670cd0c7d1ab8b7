package httpapi

import (
	"iter"
	"net/url"
	"strings"
)

// parameters yields the parameters of a query with decoded names and values as
// they were sent. A name that cannot be decoded is none that is known here.
func parameters(query string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for query != "" {
			var parameter string
			parameter, query, _ = strings.Cut(query, "&")
			name, value, _ := strings.Cut(parameter, "=")
			if name, ok := unescapeQuery(name); ok && !yield(name, value) {
				return
			}
		}
	}
}

// unescapeQuery decodes a piece of a query as HTML forms write it.
func unescapeQuery(s string) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, true
	}
	s, err := url.QueryUnescape(s)
	return s, err == nil
}
