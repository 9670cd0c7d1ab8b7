package catalog_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"productcache/internal/catalog"
)

const fullFile = `lookups:
  products:
    key: product_id
    key_type: integer
    query: |
      SELECT p.product_id, p.model, p.status, p.data
      FROM oc_product p  -- the shop's
      WHERE p.product_id IN (:keys) AND p.status = 1;
    with:
      options:
        key: product_id
        omit: [product_id]
        query: SELECT product_id, option_id, name FROM options WHERE product_id IN (:keys)
        with:
          values:
            key: product_id
            match: option_id
            omit: [product_id, option_id]
            query: >
              SELECT product_id, option_id, name
              FROM option_values
              WHERE product_id IN (:keys)
            with: {}
      images: {key: id, json: [exif], query: 'SELECT id, exif FROM images WHERE id IN (:keys)'}
    omit: []
    json: [data]
    bool: [status]
    ttl: 5m
    stale_while_revalidate: 30s
    stale_if_error: 24h
    negative_ttl: 0
    changed_by:
      oc_product: {key: product_id, ignore: [viewed, date_modified]}
      shop.images: {key: id}
      oc_manufacturer: all
      oc_stock: {all: true, ignore: [amount]}
      oc_link: {key: 2, ignore: [added], find: SELECT product_id FROM l WHERE link_id IN (:keys)}
      shop.related:
        - key: product_id
        - key: related_id
          find: |
            SELECT a FROM b -- by
            WHERE c IN (:keys);
        - {all: true}
  by-sku:
    rows: one
    key: sku
    key_type: string
    query: SELECT sku FROM p WHERE sku IN (:keys)
  category_2:
    rows: many
    key: name
    key_type: string_ci
    query: SELECT name FROM p WHERE name IN (:keys)
`

func TestParse(t *testing.T) {
	c := mustParse(t, fullFile)
	if got, want := names(c.Lookups), []string{"products", "by-sku", "category_2"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("lookups %q, want %q", got, want)
	}
	products, found := c.Lookup("products")
	if !found || products != c.Lookups[0] {
		t.Fatalf("Lookup(products) = %v, %v; want the first", products, found)
	}
	if l, found := c.Lookup("product"); found {
		t.Fatalf("Lookup(product) = %v, want none", l)
	}
	want := &catalog.Lookup{
		Name: "products",
		Query: catalog.Query{
			Text: "SELECT p.product_id, p.model, p.status, p.data\n" +
				"FROM oc_product p  -- the shop's\n" +
				"WHERE p.product_id IN (:keys) AND p.status = 1",
			Key: "product_id", JSON: []string{"data"}, Bool: []string{"status"},
		},
		With: []catalog.Child{
			{
				Name: "options",
				Query: catalog.Query{
					Text: "SELECT product_id, option_id, name FROM options WHERE product_id IN (:keys)",
					Key:  "product_id", Omit: []string{"product_id"},
				},
				With: []catalog.Child{{
					Name: "values", Match: "option_id",
					Query: catalog.Query{
						Text: "SELECT product_id, option_id, name FROM option_values WHERE product_id IN (:keys)",
						Key:  "product_id", Omit: []string{"product_id", "option_id"},
					},
				}},
			},
			{
				Name: "images",
				Query: catalog.Query{
					Text: "SELECT id, exif FROM images WHERE id IN (:keys)",
					Key:  "id", JSON: []string{"exif"},
				},
			},
		},
		Lifetimes: catalog.Lifetimes{
			TTL: duration(5 * time.Minute), StaleWhileRevalidate: duration(30 * time.Second),
			StaleIfError: duration(24 * time.Hour), NegativeTTL: duration(0),
		},
		ChangedBy: []catalog.Change{
			{Table: "oc_product", Key: "product_id", Ignore: []string{"viewed", "date_modified"}},
			{Schema: "shop", Table: "images", Key: "id"},
			{Table: "oc_manufacturer", All: true},
			{Table: "oc_stock", All: true, Ignore: []string{"amount"}},
			{Table: "oc_link", Key: "2", Ignore: []string{"added"}, Find: catalog.Query{Text: "SELECT product_id FROM l WHERE link_id IN (:keys)"}},
			{Schema: "shop", Table: "related", Key: "product_id"},
			{Schema: "shop", Table: "related", Key: "related_id", Find: catalog.Query{Text: "SELECT a FROM b -- by\nWHERE c IN (:keys)"}},
			{Schema: "shop", Table: "related", All: true},
		},
	}
	if got := plain(products); !reflect.DeepEqual(got, want) {
		t.Errorf("products:\n got %+v\nwant %+v", got, want)
	}
	if l := c.Lookups[1]; l.Many || l.KeyType != catalog.String || l.Lifetimes != (catalog.Lifetimes{}) {
		t.Errorf("by-sku: %+v, want one row, string keys and the flags' lifetimes", l)
	}
	if l := c.Lookups[2]; !l.Many || l.KeyType != catalog.StringCI {
		t.Errorf("category_2: %+v, want many rows and string_ci keys", l)
	}
}

const (
	lookupFields = "key, query, omit, json, bool, key_type, rows, with, changed_by, ttl, stale_while_revalidate, stale_if_error, negative_ttl"
	selectA      = "query: SELECT a FROM t WHERE a IN (:keys)"
	lookupHead   = "lookups:\n  x:\n    key: a\n    key_type: integer\n    " + selectA + "\n"
	childHead    = lookupHead + "    with:\n      c:\n        key: a\n        " + selectA + "\n"
)

// A parseError is a file that is refused.
type parseError struct {
	name string
	src  string
	want string // lines of the error
}

var parseErrors = slices.Concat(fileErrors, childErrors, changeErrors)

var fileErrors = []parseError{
	// The file.
	{"empty", "", `1:1: the catalog is empty: it begins with "lookups:"`},
	{"comments only", "# lookups:\n", `1:1: the catalog is empty: it begins with "lookups:"`},
	{"too large", strings.Repeat("#", 1<<20+1), "1:1: a catalog has at most 1048576 bytes: this file is another one"},
	{"largest", strings.Repeat("#", 1<<20), `1:1: the catalog is empty: it begins with "lookups:"`},
	{"no line end", "lookups: {}\nmore: 1", "1:10: lookups is empty: a catalog has one lookup or more\n2:1: a catalog has no field more: its fields are lookups"},
	{"no line end after a query", "lookups:\n  x: {key: a, key_type: integer,\n    query: 'SELECT ?'}",
		"3:13: the query has no :keys: select the rows of the keys with WHERE … IN (:keys)\n" +
			"3:20: nothing fills in the ?: keys go into IN (:keys), anything else is written out"},
	{"latin1", "lookups:\n  ü: \xfc\n  y: \xe4\n", "2:6: this is not UTF-8: save the file as UTF-8\n3:6: this is not UTF-8: save the file as UTF-8"},
	{"tab", "lookups:\n\tx: 1\n", "2:1: not YAML: found character '\t' that cannot start any token"},
	{"colon in a plain query", "lookups:\n  x:\n    query: SELECT a: b\n", "3:12: not YAML: mapping value is not allowed in this context"},
	{"backtick in a plain value", "lookups:\n  x:\n    key: `a`\n", "3:10: not YAML: '`' is a reserved character"},
	{"two documents", lookupHead + "---\nlookups: {}\n", "6:1: a catalog is one YAML document: remove the line ---"},
	{"anchor and alias", "lookups:\n  x: &a {key: a}\n  y: *a\n",
		"2:6: anchors, aliases and merges are not for catalogs: write the value out\n" +
			"3:6: anchors, aliases and merges are not for catalogs: write the value out"},
	{"merge", "lookups:\n  x:\n    <<: {key: a}\n", "3:5: anchors, aliases and merges are not for catalogs: write the value out"},
	{"tag", "lookups:\n  x:\n    key: !!str a\n", "3:10: tags are not for catalogs: remove this word with its !"},
	{"explicit key", "? lookups\n: {}\n", `1:1: write "name: value" instead of "? name"`},
	{"list", "- lookups\n", `1:1: the catalog must be names with values, as in "name: value", not a list`},
	{"text", "lookups\n", `1:1: the catalog must begin with "lookups:", but is one text of 7 bytes: is it another file?`},
	{"unknown top field", "lookup:\n  x: {}\n", "1:1: a catalog has no field lookup: its fields are lookups\n1:1: a catalog needs the field lookups"},
	{"no lookups", "lookups: {}\n", "1:10: lookups is empty: a catalog has one lookup or more"},
	{"null lookups", "lookups:\n", `1:9: lookups is empty: it needs names with values, as in "name: value"`},
	{"list of lookups", "lookups:\n  - x: {}\n", `2:3: lookups must be names with values, as in "name: value", not a list`},

	{"blanks at the ends of lines", "lookups:  \n  x:   \n    ttl:  x   \n    rows: \"2\"  \n    omit: [ '' , a b , a b ]  \n    query:  \n       SELECT 1  \n    key: { }  \n",
		"2:3: a lookup needs the field key_type\n" +
			badDuration("3:11", "ttl", "x") + "\n" +
			"4:11: rows cannot be 2: it is one (a key has one row) or many (a key has a list of rows)\n" +
			"5:13: a column in omit is empty: write the name of a column\n" +
			"5:24: omit names the column a b twice: remove one\n" +
			"7:8: the query has no :keys: select the rows of the keys with WHERE … IN (:keys)\n" +
			"8:10: key must be text, not names with values"},

	// Lookups.
	{"empty lookup", "lookups:\n  x:\n", `2:5: x is empty: it needs names with values, as in "name: value"`},
	{"missing fields", "lookups:\n  x: {}\n",
		"2:3: a lookup needs the field key\n2:3: a lookup needs the field query\n2:3: a lookup needs the field key_type"},
	{"unknown field", lookupHead + "    tll: 5m\n", "6:5: a lookup has no field tll: its fields are " + lookupFields},
	{"field twice", lookupHead + "    key: b\n", "6:5: key stands twice: keep this one or that of line 3"},
	{"lookup twice", lookupHead + "  x: {}\n", "6:3: x stands twice: keep this one or that of line 2"},
	{"lookup twice, quoted", lookupHead + "  \"x\": {}\n", "6:3: x stands twice: keep this one or that of line 2"},
	{"upper-case name", strings.Replace(lookupHead, "x:", "Products:", 1), badLookupName("Products")},
	{"name begins with a digit", strings.Replace(lookupHead, "x:", "9x:", 1), badLookupName("9x")},
	{"name begins with an underscore", strings.Replace(lookupHead, "x:", "_x:", 1), badLookupName("_x")},
	{"name with a slash", strings.Replace(lookupHead, "x:", "a/b:", 1), badLookupName("a/b")},
	{"name with an umlaut", strings.Replace(lookupHead, "x:", "bücher:", 1), badLookupName("bücher")},
	{"name with a dollar", strings.Replace(lookupHead, "x:", "a$:", 1), badLookupName("a$")},
	{"empty name", strings.Replace(lookupHead, "x:", `"":`, 1), badLookupName("")},
	{"key type", strings.Replace(lookupHead, "integer", "int", 1), "4:15: there is no key_type int: it is integer, string or string_ci"},
	{"key type list", strings.Replace(lookupHead, "integer", "[integer]", 1), "4:15: key_type must be text, not a list"},
	{"rows", lookupHead + "    rows: 5\n", "6:11: rows cannot be 5: it is one (a key has one row) or many (a key has a list of rows)"},
	{"null rows", lookupHead + "    rows:\n", "6:10: rows is empty: it needs text"},
	{"null key", strings.Replace(lookupHead, "key: a", "key:", 1), "3:9: key is empty: it needs text"},
	{"empty key", strings.Replace(lookupHead, "key: a", `key: ""`, 1), "3:10: key is empty: write the name of a column"},
	{"blank around the key", strings.Replace(lookupHead, "key: a", `key: " a"`, 1),
		`3:10: key " a" has a blank around it or a control character: write the name of a column`},
	{"composite key", strings.Replace(lookupHead, "key: a", "key: [a, b]", 1), "3:10: key must be text, not a list"},
	{"key with a type", strings.Replace(lookupHead, "key: a", "key: {a: integer}", 1), "3:10: key must be text, not names with values"},
	{"key with a type in a block", strings.Replace(lookupHead, "key: a", "key:\n      a: integer", 1), "4:7: key must be text, not names with values"},

	// Columns.
	{"omit is no list", lookupHead + "    omit: a\n", "6:11: omit must be a list, as in [a, b], not the text a"},
	{"null omit", lookupHead + "    omit:\n", "6:10: omit is empty: it needs a list, as in [a, b]"},
	{"empty column", lookupHead + "    json: [b, '']\n", "6:15: a column in json is empty: write the name of a column"},
	{"null column", lookupHead + "    bool:\n    -\n", "7:6: a column in bool is empty: it needs text"},
	{"column with a line break", lookupHead + "    bool: [\"a\\n\"]\n",
		`6:12: a column in bool "a\n" has a blank around it or a control character: write the name of a column`},
	{"column twice", lookupHead + "    omit: [b, c, b]\n", "6:18: omit names the column b twice: remove one"},
	{"column in two lists", lookupHead + "    json: [b]\n    bool: [b]\n", "7:12: the column b stands in json and in bool: remove one"},

	// Lifetimes.
	{"ttl without unit", lookupHead + "    ttl: 300\n", badDuration("6:10", "ttl", "300")},
	{"ttl in days", lookupHead + "    ttl: 1d\n", badDuration("6:10", "ttl", "1d")},
	{"stale_while_revalidate", lookupHead + "    stale_while_revalidate: 5 m\n", badDuration("6:29", "stale_while_revalidate", "5 m")},
	{"stale_if_error", lookupHead + "    stale_if_error: always\n", badDuration("6:21", "stale_if_error", "always")},
	{"negative negative_ttl", lookupHead + "    negative_ttl: -5s\n",
		"6:19: negative_ttl cannot be negative: write 0s or more, or leave it out to have the flag's"},
	{"ttl list", lookupHead + "    ttl: [5m]\n", "6:10: ttl must be text, not a list"},

	// All at once, by position.
	{"many", "lookups:\n  A:\n    ttl: 1\n    query: SELECT ?\n    key: []\nmore: 1\n",
		`2:3: the lookup "A" stands in URLs: begin its name with a letter from a to z, and go on with a-z, 0-9, _ and -` + "\n" +
			"2:3: a lookup needs the field key_type\n" +
			badDuration("3:10", "ttl", "1") + "\n" +
			"4:12: the query has no :keys: select the rows of the keys with WHERE … IN (:keys)\n" +
			"4:19: nothing fills in the ?: keys go into IN (:keys), anything else is written out\n" +
			"5:10: key must be text, not a list\n" +
			"6:1: a catalog has no field more: its fields are lookups"},
	{"behind old line ends", "lookups:\r  x: {}\rmore: 1\r",
		"2:3: a lookup needs the field key\n2:3: a lookup needs the field query\n2:3: a lookup needs the field key_type\n" +
			"3:1: a catalog has no field more: its fields are lookups"},
	{"behind a byte order mark and CRLF", "\ufefflookups:\r\n  x: {}\r\nmore: 1\r\n",
		"2:3: a lookup needs the field key\n2:3: a lookup needs the field query\n2:3: a lookup needs the field key_type\n" +
			"3:1: a catalog has no field more: its fields are lookups"},
}

func badLookupName(name string) string {
	return `2:3: the lookup "` + name + `" stands in URLs: begin its name with a letter from a to z, and go on with a-z, 0-9, _ and -`
}

func badDuration(at, field, text string) string {
	return at + ": " + field + ` cannot be "` + text + `": write numbers with the units h, m, s or ms, such as 30s, 1h30m, or 24h for a day`
}

func TestParseErrors(t *testing.T) {
	for _, tt := range parseErrors {
		t.Run(tt.name, func(t *testing.T) {
			c, err := catalog.Parse([]byte(tt.src))
			if err == nil || c != nil {
				t.Fatalf("Parse = %+v, %v; want no catalog, but the error\n%s", c, err, tt.want)
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("Parse:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func mustParse(tb testing.TB, src string) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.Parse([]byte(src))
	if err != nil {
		tb.Fatalf("Parse:\n%v\nof\n%s", err, src)
	}
	return c
}

func duration(d time.Duration) *time.Duration { return &d }

func names(lookups []*catalog.Lookup) (names []string) {
	for _, l := range lookups {
		names = append(names, l.Name)
	}
	return names
}
