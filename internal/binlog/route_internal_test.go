package binlog

import (
	"context"
	"errors"
	"slices"
	"testing"

	"productcache/internal/catalog"
)

// schema answers from what a test says.
type schema struct {
	columns  map[string][]Column
	cascades map[string][]Cascade
	fails    bool
}

var errAway = errors.New("away")

func (s schema) Columns(_ context.Context, _, table string) ([]Column, error) {
	if s.fails {
		return nil, errAway
	}
	return s.columns[table], nil
}

func (s schema) Cascades(_ context.Context, _, table string) ([]Cascade, error) {
	return s.cascades[table], nil
}

func (schema) Find(context.Context, *catalog.Lookup, catalog.Change, catalog.KeyType, []string) ([]string, error) {
	return nil, nil
}

func named(names ...string) (columns []Column) {
	for _, n := range names {
		columns = append(columns, Column{Name: n})
	}
	return columns
}

// family: brands have items, which have offers. Offers are of brands too, and
// items may be parts of items.
var family = schema{
	columns: map[string][]Column{"offer": named("id", "item_id", "brand_id"), "item": named("id", "brand_id", "part_of"), "brand": named("id", "name")},
	cascades: map[string][]Cascade{
		"offer": {{"shop", "item", map[string]string{"item_id": "id"}}, {"shop", "brand", map[string]string{"brand_id": "id"}}},
		"item":  {{"shop", "brand", map[string]string{"brand_id": "id"}}, {"shop", "item", map[string]string{"part_of": "id"}}},
	},
}

func routesOf(t *testing.T, fold bool, changes ...catalog.Change) *routes {
	t.Helper()
	r, err := newRoutes(t.Context(), []*catalog.Lookup{{Name: "l", ChangedBy: changes}}, "shop", fold, family)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCascadesAreInherited(t *testing.T) {
	for name, c := range map[string]struct {
		change catalog.Change
		want   map[string][]int // the key column of each route by table; -1: all
	}{
		"the key is the foreign key": {catalog.Change{Table: "offer", Key: "ITEM_ID"},
			map[string][]int{"offer": {1}, "item": {0, -1}, "brand": {-1, -1}}},
		"it is not":   {catalog.Change{Table: "offer", Key: "id"}, map[string][]int{"offer": {0}, "item": {-1, -1}, "brand": {-1, -1}}},
		"all":         {catalog.Change{Table: "offer", All: true}, map[string][]int{"offer": {-1}, "item": {-1, -1}, "brand": {-1, -1}}},
		"no column":   {catalog.Change{Table: "offer", Key: "gone"}, map[string][]int{"offer": {-1}, "item": {-1, -1}, "brand": {-1, -1}}},
		"no parents":  {catalog.Change{Table: "brand", Key: "name"}, map[string][]int{"brand": {1}}},
		"no table":    {catalog.Change{Table: "later", Key: "id"}, map[string][]int{"later": {-1}}},
		"by a search": {catalog.Change{Table: "offer", Key: "item_id", Find: catalog.Query{Text: "SELECT"}}, map[string][]int{"offer": {1}, "item": {-1, -1}, "brand": {-1, -1}}},
	} {
		r := routesOf(t, false, c.change)
		if len(r.tables) != len(c.want) {
			t.Errorf("%s: %d tables, want %d", name, len(r.tables), len(c.want))
		}
		for table, want := range c.want {
			var got []int
			for _, route := range r.find("shop", table).routes {
				got = append(got, route.key)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: keys of the routes of %s = %v, want %v", name, table, got, want)
			}
		}
	}
}

func TestRoutesWantTheDatabase(t *testing.T) {
	away := family
	away.fails = true
	_, err := newRoutes(t.Context(), []*catalog.Lookup{{Name: "l", ChangedBy: []catalog.Change{{Table: "offer", All: true}}}}, "shop", false, away)
	if !errors.Is(err, errAway) {
		t.Errorf("newRoutes = %v, want %v", err, errAway)
	}
}

func TestMentionedTables(t *testing.T) {
	r := routesOf(t, false, catalog.Change{Table: "brand", Key: "id"}, catalog.Change{Schema: "depot", Table: "stock", Key: "id"})
	for sql, want := range map[string][]string{
		"ALTER TABLE brand ADD x INT":           {"brand"},
		"ALTER TABLE `other`.`BRAND` ADD x INT": {"brand"},
		"DROP TABLE depot.stock, brand":         {"brand", "stock"},
		"ALTER TABLE brands ADD brand_id INT":   nil,
		"DROP DATABASE depot":                   {"stock"},
		"drop schema if exists `shop`":          {"brand"},
		"CREATE DATABASE depot":                 nil,
		"DROP TABLE depot.other":                nil,
		"DROP TABLE x /* brand */":              nil,
	} {
		var got []string
		for _, table := range r.mentionedBy(sql) {
			got = append(got, table.name)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("mentionedBy(%q) = %q, want %q", sql, got, want)
		}
	}
}

func TestNamesFold(t *testing.T) {
	change := catalog.Change{Schema: "Shop", Table: "Brand", All: true}
	if r := routesOf(t, true, change); r.find("sHOP", "bRAND") == nil || r.find("sHOP", "bRANDs") != nil {
		t.Error("names in other case are not found where case is folded")
	}
	if r := routesOf(t, false, change); r.find("shop", "brand") != nil || r.find("Shop", "Brand") == nil {
		t.Error("names in other case are found where case is told apart")
	}
}
