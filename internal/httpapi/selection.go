package httpapi

import (
	"fmt"
	"strings"
)

// selection is the keys of a multi-get, kept between requests.
type selection struct {
	asked []asked  // what the client asked for, each spelling once, in its order
	keys  []string // canonical, each once
	seen  map[string]place
}

// asked is a key as the client spelled it, under which it finds the answer:
// where case is folded, several may name one canonical key.
type asked struct {
	spelling string
	index    int // of its canonical key in selection.keys
}

// place is where a spelling or a canonical key is known to be.
type place struct {
	index    int
	spelling bool // it is in asked; else it is only some other spelling's canonical key
}

// refusal is why a request's keys cannot be served.
type refusal struct {
	kind
	detail string
}

// parse takes the keys from all keys parameters of a query.
func (s *selection) parse(query string, most int, canonical func(string) (string, error)) *refusal {
	for name, list := range parameters(query) {
		if name != "keys" || list == "" {
			continue
		}
		for raw := range strings.SplitSeq(list, ",") {
			if r := s.add(raw, canonical); r != nil {
				return r
			}
			if len(s.asked) > most {
				return &refusal{tooManyKeys, fmt.Sprintf("A request may ask for at most %d different keys.", most)}
			}
		}
	}
	if len(s.asked) == 0 {
		return &refusal{noKeys, "Parameter keys must name at least one key; a comma separates keys."}
	}
	return nil
}

// add adds a key as it stands in the query.
func (s *selection) add(raw string, canonical func(string) (string, error)) *refusal {
	spelling, ok := unescapeQuery(raw)
	if !ok {
		return &refusal{malformedKey, "Key " + quoted(raw) + " is not percent-encoded."}
	}
	at, known := s.seen[spelling]
	if at.spelling {
		return nil
	}
	key, err := canonical(spelling)
	if err != nil {
		return &refusal{malformedKey, "Key " + quoted(spelling) + ": " + err.Error() + "." + commaHint(raw)}
	}
	if key != spelling {
		at, known = s.seen[key]
	}
	if !known {
		at.index = len(s.keys)
		s.keys = append(s.keys, key)
		if key != spelling {
			s.seen[key] = at
		}
	}
	s.seen[spelling] = place{index: at.index, spelling: true}
	s.asked = append(s.asked, asked{spelling, at.index})
	return nil
}

// commaHint explains the commonest mistake: to encode the list, not its keys.
func commaHint(raw string) string {
	if !strings.Contains(raw, "%2C") && !strings.Contains(raw, "%2c") {
		return ""
	}
	return " %2C is a comma within a key; between keys it must not be encoded."
}

func (s *selection) reset() {
	clear(s.asked)
	clear(s.keys)
	clear(s.seen)
	s.asked, s.keys = s.asked[:0], s.keys[:0]
}
