package binlog

import (
	"bytes"
	"fmt"
)

// verdict is what a changed row means for one route.
type verdict uint8

const (
	ignorable verdict = iota // only ignored columns changed
	relevant
)

// affect adds what one changed row makes stale, and reports whether it is
// anything. before is nil for a row that is new, after for one that is gone.
func (t *table) affect(e effects, m *tableMap, before, after []cell, warn func(*route, string)) (any bool) {
	for _, r := range t.routes {
		if r.judge(before, after) == ignorable {
			continue
		}
		any = true
		if why := r.addKeys(e, t, m, before, after); why != "" {
			e.addAll(r.lookup)
			warn(r, why)
		}
	}
	return any
}

// affectAll adds everything that depends on the table.
func (t *table) affectAll(e effects) {
	for _, r := range t.routes {
		e.addAll(r.lookup)
	}
}

// judge decides whether a change of a row matters to the route.
func (r *route) judge(before, after []cell) verdict {
	isParent := r.references != nil
	switch {
	case before == nil && isParent: // a new parent has no children yet
		return ignorable
	case before == nil, after == nil:
		return relevant
	}
	for i := range after {
		if !changed(before[i], after[i]) {
			continue
		}
		// What hidden columns mean is not known: where a table keeps its history,
		// one of them alone says that a row is gone.
		if hidden := i >= len(r.watched); hidden || isParent && r.watched[i] || !isParent && !r.ignored[i] {
			return relevant
		}
	}
	return ignorable
}

// changed compares a column's two images. One that is missing from the second
// has not changed; one that is missing from the first may have.
func changed(before, after cell) bool {
	if !after.present {
		return false
	}
	return !before.present || before.null != after.null || !bytes.Equal(before.raw, after.raw)
}

// addKeys adds the keys that the row had and has. It returns why they are not
// known, "" if they are.
func (r *route) addKeys(e effects, t *table, m *tableMap, before, after []cell) (why string) {
	if r.key < 0 {
		if r.why == "" {
			e.addAll(r.lookup) // as the catalog wants it
		}
		return r.why
	}
	var had, has cell
	if before != nil {
		had = before[r.key]
	}
	if after != nil {
		has = after[r.key]
	}
	switch {
	case after == nil && !had.present, before == nil && !has.present, before != nil && after != nil && !had.present:
		// With both images present, the second alone would not tell the old key.
		return fmt.Sprintf("the row image lacks the column %s: set binlog_row_image=FULL", t.columns[r.key].Name)
	}
	for _, c := range []cell{had, has} {
		if !c.present || c.null {
			continue
		}
		text, numeric, err := m.keyText(r.key, t.columns[r.key], c.raw)
		if err != nil {
			return fmt.Sprintf("column %s: %v", t.columns[r.key].Name, err)
		}
		e.addKey(r, text, numeric)
	}
	return ""
}
