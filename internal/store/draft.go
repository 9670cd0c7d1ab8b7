package store

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"productcache/internal/catalog"
)

// A draft is what the starter's template shows.
type draft struct {
	Lookups []draftLookup
	Private []string // tables left out because of what their names suggest
	Keyless []string // tables left out because they have no key of one column
}

type draftLookup struct {
	Name, Table, Key string
	KeyType          catalog.KeyType
	Columns          []string
	Bool, Ignore     []string
	Children         []draftChild
}

type draftChild struct {
	Name, Table, Key string
	Columns, Order   []string
}

func newDraft(tables []*tableInfo) *draft {
	d := &draft{}
	prefix := commonPrefix(tables)
	names := map[string]bool{}
	nested := map[string]bool{}
	for _, t := range productsFirst(tables) {
		key, keyType, ok := t.key()
		switch {
		case nested[t.name]:
			continue
		case privateTable.MatchString(t.name):
			d.Private = append(d.Private, t.name)
			continue
		case !ok:
			d.Keyless = append(d.Keyless, t.name)
			continue
		}
		l := draftLookup{Name: lookupName(strings.TrimPrefix(t.name, prefix), names), Table: t.name, Key: key, KeyType: keyType,
			Columns: t.names(func(c columnInfo) bool { return c.name == key || !counterColumn.MatchString(c.name) }),
			Bool:    t.names(func(c columnInfo) bool { return c.tiny }),
			Ignore:  t.names(func(c columnInfo) bool { return counterColumn.MatchString(c.name) && c.name != key }),
		}
		if len(d.Lookups) == 0 {
			l.Children = children(t, key, tables, prefix)
			for _, child := range l.Children {
				nested[child.Table] = true
			}
		}
		d.Lookups = append(d.Lookups, l)
	}
	return d
}

// productsFirst returns the tables in their order, but first the one that looks
// most like products: oc_product rather than oc_product_option_value.
func productsFirst(tables []*tableInfo) []*tableInfo {
	best := -1
	for i, t := range tables {
		_, _, ok := t.key()
		if ok && productTable.MatchString(t.name) && !privateTable.MatchString(t.name) &&
			(best < 0 || len(t.name) < len(tables[best].name)) {
			best = i
		}
	}
	if best < 0 {
		return tables
	}
	return append([]*tableInfo{tables[best]}, slices.Delete(slices.Clone(tables), best, best+1)...)
}

// children returns tables whose rows seem to belong to those of parent.
func children(parent *tableInfo, key string, tables []*tableInfo, prefix string) []draftChild {
	taken := map[string]bool{}
	for _, c := range parent.columns {
		taken[c.name] = true
	}
	// oc_product_image rather than oc_googleshopping_product.
	stem := strings.TrimSuffix(parent.name, "s")
	tables = slices.Clone(tables)
	slices.SortStableFunc(tables, func(a, b *tableInfo) int {
		return cmp.Compare(strings.Index(a.name+stem, stem), strings.Index(b.name+stem, stem))
	})
	var all []draftChild
	for _, t := range tables {
		column := reference(t, parent, key, prefix)
		if column == "" || privateTable.MatchString(t.name) || len(all) == maxChildren {
			continue
		}
		all = append(all, draftChild{Name: childName(t.name, parent.name, prefix, taken), Table: t.name, Key: column,
			Columns: t.names(func(columnInfo) bool { return true }),
			Order:   t.names(func(c columnInfo) bool { return c.name == "sort_order" || c.name == "position" })})
	}
	return all
}

// reference returns the indexed column of t that holds parent's key: by a
// foreign key, or by its name, product_id for the key of product or products.
func reference(t, parent *tableInfo, key, prefix string) string {
	if t == parent {
		return ""
	}
	singular := strings.TrimSuffix(strings.TrimPrefix(parent.name, prefix), "s")
	for _, c := range t.columns {
		fits := c.name == singular+"_id" || c.name == key && key != "id"
		if c.indexed && (t.refers[c.name] == parent.name || t.refers[c.name] == "" && fits) {
			return c.name
		}
	}
	return ""
}

// commonPrefix returns what nearly all tables begin with: "oc_", or "".
func commonPrefix(tables []*tableInfo) string {
	count := map[string]int{}
	for _, t := range tables {
		if i := strings.IndexByte(t.name, '_'); i > 0 {
			count[t.name[:i+1]]++
		}
	}
	for prefix, n := range count {
		if n > 2 && n*10 > len(tables)*9 {
			return prefix
		}
	}
	return ""
}

var unfit = regexp.MustCompile(`[^a-z0-9_-]+`)

// lookupName makes a name for URLs, once each.
func lookupName(table string, taken map[string]bool) string {
	name := unfit.ReplaceAllString(strings.ToLower(table), "_")
	if name = strings.TrimLeft(name, "_-0123456789"); name == "" {
		name = "table"
	}
	return unique(name, taken)
}

// childName names an array: oc_product_image under oc_product is "images".
func childName(table, parent, prefix string, taken map[string]bool) string {
	name := strings.TrimPrefix(table, prefix)
	if short := strings.TrimPrefix(table, strings.TrimSuffix(parent, "s")); short != table {
		name = strings.TrimPrefix(strings.TrimPrefix(short, "s"), "_")
	}
	name = lookupName(strings.TrimPrefix(name, "to_"), map[string]bool{})
	return unique(plural(name), taken)
}

var (
	consonantY = regexp.MustCompile(`[^aeiou]y$`)
	hiss       = regexp.MustCompile(`(ss|sh|ch|x|status)$`)
)

// plural makes a plural as English does it, most of the time.
func plural(name string) string {
	switch {
	case consonantY.MatchString(name):
		return strings.TrimSuffix(name, "y") + "ies"
	case hiss.MatchString(name):
		return name + "es"
	case strings.HasSuffix(name, "s"):
		return name
	}
	return name + "s"
}

func unique(name string, taken map[string]bool) string {
	for i, base := 2, name; taken[name]; i++ {
		name = base + "_" + strconv.Itoa(i)
	}
	taken[name] = true
	return name
}

func speakable(name string) bool {
	return name == strings.TrimSpace(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// sqlNames quotes names for SQL. All of them: the list of words that some
// version reserves is long.
func sqlNames(names any) string {
	list := listOf(names)
	quoted := make([]string, len(list))
	for i, name := range list {
		quoted[i] = quoteName(name)
	}
	return strings.Join(quoted, ", ")
}

var plain = regexp.MustCompile(`^[a-z_][a-z0-9_]*[a-z0-9]$`)

// yamlNames writes names for YAML, in quotes where they could be something
// else; a JSON string is one in YAML too.
func yamlNames(names any) string {
	list := listOf(names)
	written := make([]string, len(list))
	for i, name := range list {
		written[i] = name
		if !plain.MatchString(name) || slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off"}, name) {
			text, _ := json.Marshal(name)
			written[i] = string(text)
		}
	}
	return strings.Join(written, ", ")
}

// comment writes a list into lines of a comment.
func comment(names []string) string {
	const width = 100
	text, line := "", "#"
	for i, name := range names {
		if i < len(names)-1 {
			name += ","
		}
		if len(line)+len(name) >= width {
			text, line = text+line+"\n", "#"
		}
		line += " " + name
	}
	return text + line
}

// listOf takes what a template has: one name, or several.
func listOf(names any) []string {
	if name, ok := names.(string); ok {
		return []string{name}
	}
	list, _ := names.([]string)
	return list
}
