package binlog

import (
	"productcache/internal/catalog"
)

// maxKeys is how many keys of a lookup are told apart at a time. Where a
// transaction changes more, the whole lookup goes stale.
const maxKeys = 10000

// effects are what transactions have made stale and is not settled yet.
type effects map[*catalog.Lookup]*effect

// effect is what goes stale of one lookup.
type effect struct {
	all      bool
	keys     map[string]struct{}
	searches map[*route]*search
}

// search is what a change's query is to look for.
type search struct {
	numeric bool
	values  map[string]struct{}
}

func (e effects) of(l *catalog.Lookup) *effect {
	one := e[l]
	if one == nil {
		one = &effect{}
		e[l] = one
	}
	return one
}

// addAll makes a whole lookup stale.
func (e effects) addAll(l *catalog.Lookup) { e[l] = &effect{all: true} }

// addKey makes what stands in a row's key column stale.
func (e effects) addKey(r *route, text string, numeric bool) {
	if !r.change.Finds() {
		e.addCanonical(r.lookup, r.lookup.CanonicalKey([]byte(text)))
		return
	}
	if one := e.of(r.lookup); !one.all {
		one.addSearch(r, text, numeric)
		e.bound(r.lookup)
	}
}

// addCanonical makes a key in its canonical spelling stale.
func (e effects) addCanonical(l *catalog.Lookup, key string) {
	one := e.of(l)
	if one.all {
		return
	}
	if one.keys == nil {
		one.keys = map[string]struct{}{}
	}
	one.keys[key] = struct{}{}
	e.bound(l)
}

// bound makes a lookup of which too much is stale stale as a whole.
func (e effects) bound(l *catalog.Lookup) {
	if e[l].size() > maxKeys {
		e.addAll(l)
	}
}

func (e *effect) addSearch(r *route, text string, numeric bool) {
	s := e.searches[r]
	if s == nil {
		s = &search{numeric: numeric, values: map[string]struct{}{}}
		if e.searches == nil {
			e.searches = map[*route]*search{}
		}
		e.searches[r] = s
	}
	s.values[text] = struct{}{}
}

func (e *effect) size() int {
	n := len(e.keys)
	for _, s := range e.searches {
		n += len(s.values)
	}
	return n
}

// add takes in the effects of another transaction.
func (e effects) add(other effects) {
	for l, o := range other {
		if o.all {
			e.addAll(l)
			continue
		}
		for key := range o.keys {
			e.addCanonical(l, key)
		}
		for r, s := range o.searches {
			for text := range s.values {
				e.addKey(r, text, s.numeric)
			}
		}
	}
}
