package store

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"

	"productcache/internal/catalog"
)

// fuzzRow is a row of a part: of a key, or of nobody's, with a value to match by or NULL.
type fuzzRow struct {
	key   int // of fuzzKeys; beyond: nobody's, the last: NULL
	match int // -1: NULL
	text  string
}

const fuzzKeys = 4

// fuzzTree is a lookup with a child by key and match, which has a child by key and match itself, and a
// child by key alone.
func fuzzTree(many bool) *catalog.Lookup {
	query := catalog.Query{Key: "k"}
	return &catalog.Lookup{Name: "l", Many: many, Query: query, With: []catalog.Child{
		{Name: "a", Match: "m", Query: query, With: []catalog.Child{{Name: "c", Match: "m", Query: query}}},
		{Name: "b", Query: query},
	}}
}

// FuzzNest hangs any rows on one another: the documents are those that a few loops make of them.
func FuzzNest(f *testing.F) {
	f.Add(true, []byte{0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0})
	f.Add(true, []byte{0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 0, 1, 2, 0, 1, 3, 1, 2, 3, 0, 2})
	f.Add(false, []byte{0, 1, 7, 0, 1, 0, 1, 1, 255, 2, 4, 1, 3, 5, 0, 1, 255, 3})
	f.Add(true, []byte{})
	f.Fuzz(func(t *testing.T, many bool, data []byte) {
		var rows [4][]fuzzRow
		for n := 0; len(data) >= 3; data, n = data[3:], n+1 {
			part := data[0] % 4
			rows[part] = append(rows[part], fuzzRow{int(data[1]) % (fuzzKeys + 2), int(data[2])%4 - 1, "row \"" + strconv.Itoa(n)})
		}
		l := fuzzTree(many)
		b := &batch{store: &Store{}, lookup: l, keys: fuzzKeys, index: map[string]int{}, root: newPart("", "", l.Query, l.With)}
		for key := range fuzzKeys {
			b.index[strconv.Itoa(key)] = key
		}
		a, c, other := b.root.with[0], b.root.with[0].with[0], b.root.with[1]
		for i, p := range []*part{b.root, a, c, other} {
			readFuzzRows(t, b, p, rows[i])
		}
		for key, got := range b.documents() {
			checkNested(t, many, got, key, rows)
		}
	})
}

// readFuzzRows has a part's rows taken in as the driver hands them over.
func readFuzzRows(t *testing.T, b *batch, p *part, rows []fuzzRow) {
	r := &reader{batch: b, part: p, lastIndex: none, captured: make([]value, childValues+len(p.with))}
	columns := []column{{name: "k", reader: r}, {name: "m", reader: r, label: appendLabel(nil, "m"), encode: appendNumber}, {name: "t", reader: r, label: appendLabel(nil, "t"), encode: appendText}}
	if err := r.connect(columns); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		values := []any{any(int64(row.key)), any(int64(row.match)), any([]byte(row.text))}
		if row.key == fuzzKeys+1 {
			values[0] = nil
		}
		if row.match < 0 {
			values[1] = nil
		}
		r.begin()
		for i := range columns {
			if err := columns[i].Scan(values[i]); err != nil {
				t.Fatal(err)
			}
		}
		r.end()
	}
}

// checkNested holds a key's document against what loops over all rows find.
func checkNested(t *testing.T, many bool, got Row, key int, rows [4][]fuzzRow) {
	t.Helper()
	object := func(r fuzzRow) map[string]any {
		o := map[string]any{"t": r.text, "m": any(nil)}
		if r.match >= 0 {
			o["m"] = float64(r.match)
		}
		return o
	}
	under := func(part int, key int, parent *fuzzRow, f func(fuzzRow) map[string]any) []any {
		all := []any{}
		for _, r := range rows[part] {
			if r.key == key && (parent == nil || r.match >= 0 && r.match == parent.match) {
				all = append(all, f(r))
			}
		}
		return all
	}
	want := under(0, key, nil, func(root fuzzRow) map[string]any {
		o := object(root)
		o["a"] = under(1, key, &root, func(a fuzzRow) map[string]any {
			o := object(a)
			o["c"] = under(2, key, &a, object)
			return o
		})
		o["b"] = under(3, key, nil, object)
		return o
	})
	if got.Found != (len(want) > 0) {
		t.Fatalf("key %d of %v: found %v", key, rows, got.Found)
	}
	if !got.Found {
		return
	}
	var value any
	if err := json.Unmarshal(got.Document.Body(), &value); err != nil {
		t.Fatalf("key %d of %v: %s: %v", key, rows, got.Document.Body(), err)
	}
	var wanted any = want
	if !many {
		wanted = want[0]
	} else if got.Document.Len() != len(want) {
		t.Fatalf("key %d of %v has %d elements, want %d", key, rows, got.Document.Len(), len(want))
	}
	if !reflect.DeepEqual(value, wanted) {
		t.Fatalf("key %d of %v is\n%v, want\n%v", key, rows, value, wanted)
	}
}
