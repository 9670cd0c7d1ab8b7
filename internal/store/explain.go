package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// What is read as a whole and may be: a table this small that is joined
// without an index (three order states), and one that has an index which MySQL,
// knowing how small it is, does not care to use.
const (
	smallJoined  = 100
	smallIndexed = 1000
)

// An access is how a query reads one table: a line of EXPLAIN.
type access struct {
	table   string
	kind    string // "type"
	usable  string // names of indexes: "possible_keys"
	ref     string
	rows    int64
	unusual bool // no table of the database: <derived2>, or nothing read at all
}

// plan has MySQL explain a query and looks for tables that are read as a whole.
// It returns what the query reads.
func (c *checker) plan(ctx context.Context, text string) (f footprint, err error) {
	explain := "EXPLAIN FORMAT=TRADITIONAL " // MySQL's default format is a tree
	if c.mariaDB {
		explain = "EXPLAIN EXTENDED " // with the query in the notes
	}
	header, lines, err := table(ctx, c.conn, explain+text)
	if err != nil {
		return f, c.refusal(err)
	}
	notes, err := records(ctx, c.conn, "SHOW WARNINGS")
	if err != nil {
		return f, err
	}
	c.judge(accesses(header, lines), indexDisabled(notes))
	return footprintOf(notes), nil
}

func accesses(header []string, lines [][]string) []access {
	field := func(line []string, name string) string {
		if i := slices.Index(header, name); i >= 0 {
			return line[i]
		}
		return ""
	}
	all := make([]access, len(lines))
	for i, line := range lines {
		a := &all[i]
		a.table, a.kind, a.ref = field(line, "table"), field(line, "type"), field(line, "ref")
		a.usable = field(line, "possible_keys")
		a.rows, _ = strconv.ParseInt(field(line, "rows"), 10, 64)
		a.unusual = a.table == "" || strings.HasPrefix(a.table, "<")
	}
	return all
}

// indexDisabled reports whether the server noted that an index exists but
// cannot be used, because what is compared has another type or collation:
// MySQL with a number of its own, MariaDB as a general note.
func indexDisabled(notes [][]string) bool {
	for _, note := range notes {
		if len(note) > 1 && (note[1] == "1739" || note[1] == "1105") {
			return true
		}
	}
	return false
}

// judge is hard on the table in which the keys are sought: it will grow, and
// what reads all of it is wrong however small it is today. Of other tables it
// is the size that counts, for a query may well join all three order states.
// A full read of a small table that has a fitting index is the optimiser's choice,
// and changes by itself as the table grows, unless the index cannot be used.
func (c *checker) judge(all []access, disabled bool) {
	sought := slices.ContainsFunc(all, access.byConstants)
	for _, a := range all {
		if a.unusual || a.kind != "ALL" && a.kind != "index" {
			continue
		}
		switch {
		case a.usable != "" && disabled:
			c.fault("the query reads all of table %s: it has an index, but of another type or collation than the keys", a.table)
		case a.usable != "" && a.rows <= smallIndexed:
		case a.usable != "":
			c.faultOfScan(a)
		case sought && a.rows <= smallJoined:
		case !sought:
			c.fault("the query reads all of table %s to find a few keys: an index is missing", a.table)
		default:
			c.fault("the query reads all %d rows of table %s: an index is missing", a.rows, a.table)
		}
	}
}

// faultOfScan tells of a table that has an index, and is read as a whole all the same: it may be for another condition than the keys.
func (c *checker) faultOfScan(a access) {
	advice := ""
	if strings.HasPrefix(c.at.Query, "changed_by ") {
		advice = " (all: true costs MySQL less then)"
	}
	c.fault("the query reads all %d rows of table %s: an index is missing, or MySQL does not use %s, since most rows belong to a few keys%s",
		a.rows, a.table, strings.ReplaceAll(a.usable, ",", ", "), advice)
}

// byConstants reports whether rows are found by an index and values that stand
// in the query, as those with our keys are.
func (a access) byConstants() bool {
	switch a.kind {
	case "const", "system", "range", "index_merge", "fulltext":
		return true
	case "ref", "eq_ref", "ref_or_null":
		return strings.Trim(strings.ReplaceAll(a.ref, "const", ""), ",") == ""
	}
	return a.table == "" // found, or known to be absent, while planning
}
