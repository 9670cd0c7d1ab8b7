package catalog_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"productcache/internal/catalog"
)

// Any catalog, written as YAML, reads back as itself.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawCatalog(t)
		src := format(want)
		got, err := catalog.Parse([]byte(src))
		if err != nil {
			t.Fatalf("Parse:\n%v\nof\n%s", err, src)
		}
		for i, l := range got.Lookups {
			if !reflect.DeepEqual(plain(l), want.Lookups[i]) {
				t.Fatalf("lookup %d:\n got %+v\nwant %+v\nof\n%s", i, plain(l), want.Lookups[i], src)
			}
		}
	})
}

func drawCatalog(t *rapid.T) *catalog.Catalog {
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9_-]{0,8}`), 1, 4, rapid.ID).Draw(t, "lookups")
	c := &catalog.Catalog{}
	for _, name := range names {
		l := &catalog.Lookup{
			Name:    name,
			KeyType: catalog.KeyType(rapid.IntRange(0, 2).Draw(t, "key type")),
			Many:    rapid.Bool().Draw(t, "many"),
			Query:   drawQuery(t),
			With:    drawChildren(t, 0),
			Lifetimes: catalog.Lifetimes{
				TTL: drawDuration(t), StaleWhileRevalidate: drawDuration(t),
				StaleIfError: drawDuration(t), NegativeTTL: drawDuration(t),
			},
			ChangedBy: drawChanges(t),
		}
		c.Lookups = append(c.Lookups, l)
	}
	return c
}

func drawChildren(t *rapid.T, depth int) (children []catalog.Child) {
	most := 2 - depth
	for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z][A-Za-z0-9_-]{0,8}`), 0, most, rapid.ID).Draw(t, "children") {
		c := catalog.Child{Name: name, Query: drawQuery(t), With: drawChildren(t, depth+1)}
		if depth > 0 {
			c.Match = c.Query.Key + "_2"
		}
		children = append(children, c)
	}
	return children
}

func drawQuery(t *rapid.T) catalog.Query {
	columns := drawColumns(t, 6)
	q := catalog.Query{
		Key:  rapid.StringMatching(`[A-Za-z_ü0-9:#'"]{1,9}`).Draw(t, "key"),
		Omit: columns[:len(columns)/3],
		JSON: columns[len(columns)/3 : len(columns)/2],
		Bool: columns[len(columns)/2:],
	}
	for _, list := range []*[]string{&q.Omit, &q.JSON, &q.Bool} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	quoted := rapid.StringMatching(`[a-z ;:#-]{0,9}`).Draw(t, "string")
	comment := rapid.StringMatching(`[a-z ;:'"#-]{0,9}`).Draw(t, "comment")
	q.Text = fmt.Sprintf("SELECT '%s', \"%s\" -- %s\nFROM t\n\n  WHERE k IN (:keys)", quoted, quoted, comment)
	return q
}

func drawColumns(t *rapid.T, most int) []string {
	return rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9*(),.$-]{1,9}`), 0, most, rapid.ID).Draw(t, "columns")
}

func drawDuration(t *rapid.T) *time.Duration {
	if rapid.Bool().Draw(t, "has duration") {
		return nil
	}
	return duration(time.Duration(rapid.Int64Range(0, 1<<62).Draw(t, "duration")))
}

func drawChanges(t *rapid.T) (changes []catalog.Change) {
	for _, table := range rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z0-9_]{1,9}`), 0, 3, rapid.ID).Draw(t, "tables") {
		schema := rapid.SampledFrom([]string{"", "shop"}).Draw(t, "schema")
		for range rapid.IntRange(1, 3).Draw(t, "ways") {
			c := catalog.Change{Schema: schema, Table: table, All: rapid.Bool().Draw(t, "all")}
			if !c.All {
				c.Key = "the_key"
				if rapid.Bool().Draw(t, "finds") {
					c.Find.Text = fmt.Sprintf("SELECT '%s' FROM t WHERE k IN (:keys)", rapid.StringMatching(`[a-z ;:#-]{0,9}`).Draw(t, "string"))
				}
			}
			if ignore := drawColumns(t, 3); len(ignore) > 0 {
				c.Ignore = ignore
			}
			changes = append(changes, c)
		}
	}
	return changes
}

// format writes c as YAML. Quoted texts of JSON are texts of YAML too.
func format(c *catalog.Catalog) string {
	var b strings.Builder
	b.WriteString("lookups:\n")
	for _, l := range c.Lookups {
		fmt.Fprintf(&b, "  %s:\n    key_type: %v\n", l.Name, l.KeyType)
		if l.Many {
			b.WriteString("    rows: many\n")
		}
		formatQuery(&b, "    ", l.Query)
		formatChildren(&b, "    ", l.With)
		for name, d := range map[string]*time.Duration{
			"ttl": l.Lifetimes.TTL, "stale_while_revalidate": l.Lifetimes.StaleWhileRevalidate,
			"stale_if_error": l.Lifetimes.StaleIfError, "negative_ttl": l.Lifetimes.NegativeTTL,
		} {
			if d != nil {
				fmt.Fprintf(&b, "    %s: %v\n", name, d)
			}
		}
		formatChanges(&b, l.ChangedBy)
	}
	return b.String()
}

func formatQuery(b *strings.Builder, indent string, q catalog.Query) {
	fmt.Fprintf(b, "%skey: %s\n%squery: |\n", indent, quote(q.Key), indent)
	for line := range strings.SplitSeq(q.Text, "\n") {
		fmt.Fprintf(b, "%s  %s\n", indent, line)
	}
	fmt.Fprintf(b, "%somit: %s\n%sjson: %s\n%sbool: %s\n", indent, quoteList(q.Omit), indent, quoteList(q.JSON), indent, quoteList(q.Bool))
}

func formatChildren(b *strings.Builder, indent string, children []catalog.Child) {
	if len(children) > 0 {
		fmt.Fprintf(b, "%swith:\n", indent)
	}
	for _, c := range children {
		fmt.Fprintf(b, "%s  %s:\n", indent, c.Name)
		if c.Match != "" {
			fmt.Fprintf(b, "%s    match: %s\n", indent, quote(c.Match))
		}
		formatQuery(b, indent+"    ", c.Query)
		formatChildren(b, indent+"    ", c.With)
	}
}

// formatChanges writes a list for a table that has one way, too, now and then.
func formatChanges(b *strings.Builder, changes []catalog.Change) {
	if len(changes) > 0 {
		b.WriteString("    changed_by:\n")
	}
	for i, c := range changes {
		table := c.Table
		if c.Schema != "" {
			table = c.Schema + "." + table
		}
		first := i == 0 || changes[i-1].Table != c.Table
		last := i == len(changes)-1 || changes[i+1].Table != c.Table
		if first && last && len(c.Ignore) < 2 {
			fmt.Fprintf(b, "      %s: %s\n", quote(table), formatChange(c))
			continue
		}
		if first {
			fmt.Fprintf(b, "      %s:\n", quote(table))
		}
		fmt.Fprintf(b, "        - %s\n", formatChange(c))
	}
}

func formatChange(c catalog.Change) string {
	switch {
	case c.All && len(c.Ignore) == 0:
		return "all"
	case c.All:
		return fmt.Sprintf("{all: true, ignore: %s}", quoteList(c.Ignore))
	case c.Find.Text != "":
		return fmt.Sprintf("{find: %s, key: %s, ignore: %s}", quote(c.Find.Text), quote(c.Key), quoteList(c.Ignore))
	}
	return fmt.Sprintf("{key: %s, ignore: %s}", quote(c.Key), quoteList(c.Ignore))
}

func quote(s string) string { return quoteAny(s) }

func quoteList(names []string) string { return quoteAny(append([]string{}, names...)) }

func quoteAny(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// plain returns l with queries that compare equal to ones made by hand.
func plain(l *catalog.Lookup) *catalog.Lookup {
	c := *l
	c.Query, c.With, c.ChangedBy = plainQuery(c.Query), plainChildren(c.With), plainChanges(c.ChangedBy)
	return &c
}

func plainChanges(changes []catalog.Change) (plain []catalog.Change) {
	for _, c := range changes {
		c.Find = plainQuery(c.Find)
		plain = append(plain, c)
	}
	return plain
}

func plainChildren(children []catalog.Child) (plain []catalog.Child) {
	for _, c := range children {
		c.Query, c.With = plainQuery(c.Query), plainChildren(c.With)
		plain = append(plain, c)
	}
	return plain
}

func plainQuery(q catalog.Query) catalog.Query {
	return catalog.Query{Text: q.Text, Key: q.Key, Omit: q.Omit, JSON: q.JSON, Bool: q.Bool}
}
