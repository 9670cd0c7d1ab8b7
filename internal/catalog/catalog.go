// Package catalog reads the catalog file: which lookups the service answers,
// and by which queries.
//
// A [Catalog] is a list of lookups in the order of the file. A [Lookup] has a
// key, a [Query], and [Child] queries whose rows are nested into its answer.
// [Parse] is the way in. It reads the YAML as a tree, checks every rule of the
// file and every SQL text, and reports all that is wrong at once, each with
// its line and column. What it returns is complete: nobody downstream checks a
// catalog again, and nobody changes it, so that it may be shared freely.
//
// The package knows keys too: [Lookup.ParseKey] turns what a client asked for
// into the one spelling under which a row is cached, and
// [Lookup.CanonicalKey] does the same for what the database returned. Where
// the two are equal, the row is the answer.
//
// It does not talk to MySQL. Whether tables and columns exist, and whether a
// query is a good one, is for the server to say.
package catalog

// A Catalog is what a catalog file says.
type Catalog struct {
	Lookups []*Lookup // in the order of the file
}

// Lookup returns the lookup of that name.
func (c *Catalog) Lookup(name string) (*Lookup, bool) {
	for _, l := range c.Lookups {
		if l.Name == name {
			return l, true
		}
	}
	return nil, false
}

// A Lookup is one kind of answer: /v1/{Name}/{key}.
type Lookup struct {
	Name      string
	KeyType   KeyType
	Many      bool    // rows: many. A key has a list of rows, not one row
	Query     Query   // the rows themselves
	With      []Child // in the order of the file
	Lifetimes Lifetimes
	ChangedBy []Change // in the order of the file
}

// A Child is a query whose rows are nested, as an array, into the rows of its
// parent: the lookup, or another child.
type Child struct {
	Name string // of the array in the parent's row

	// Match is empty in a child of a lookup, whose rows are found by the key.
	// In a child of a child it names the column that both queries return:
	// rows go to the parent's rows with an equal value in it, under the same key.
	Match string

	Query Query
	With  []Child // in the order of the file
}
