package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"productcache/internal/catalog"
)

// A Finding is something that [Store.Check] holds against a catalog.
type Finding struct {
	Lookup  string
	Query   string // name of the child, or names joined by dots; "changed_by TABLE": its find; empty: the lookup's own query
	Warning bool   // the lookup works, but probably not as meant
	Text    string
}

// String returns the finding as a line for people.
func (f Finding) String() string {
	where, level := f.Lookup, "error"
	if f.Query != "" {
		where += "." + f.Query
	}
	if f.Warning {
		level = "warning"
	}
	return where + ": " + level + ": " + f.Text
}

// Check tries every query of a catalog on MySQL, with keys that exist where
// changed_by says in which tables to find some, and has MySQL explain how it
// would run them. The error is about MySQL, findings are about the catalog.
func (s *Store) Check(ctx context.Context, c *catalog.Catalog) ([]Finding, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, named("check", err)
	}
	defer conn.Close()
	check := &checker{conn: conn, timeout: s.timeout, mariaDB: isMariaDB(s.connector.serverVersion())}
	for _, l := range c.Lookups {
		if err := check.lookup(ctx, l); err != nil {
			return nil, named("check lookup "+l.Name, err)
		}
	}
	return check.findings, nil
}

// A checker goes through a catalog over one connection. Its methods return
// errors of MySQL only; what is wrong with the catalog they write down.
type checker struct {
	conn     *sql.Conn
	timeout  time.Duration
	mariaDB  bool
	reads    footprint // of the lookup's queries
	at       Finding   // where it is: Lookup and Query
	findings []Finding
}

func (c *checker) fault(format string, args ...any) {
	f := c.at
	f.Text = fmt.Sprintf(format, args...)
	c.findings = append(c.findings, f)
}

func (c *checker) warn(format string, args ...any) {
	c.fault(format, args...)
	c.findings[len(c.findings)-1].Warning = true
}

func (c *checker) lookup(ctx context.Context, l *catalog.Lookup) error {
	c.at, c.reads = Finding{Lookup: l.Name}, footprint{}
	sample, err := c.changes(ctx, l)
	if err != nil {
		return err
	}
	list, err := keyList(l.KeyType, sample.keysOr(l.KeyType))
	if err != nil {
		return err
	}
	if err := c.part(ctx, l, newPart("", "", l.Query, l.With), sample, list); err != nil {
		return err
	}
	return c.unfollowed(ctx, l)
}

// part checks a query and its children.
func (c *checker) part(ctx context.Context, l *catalog.Lookup, p *part, sample sample, list string) error {
	at := c.at
	defer func() { c.at = at }()
	switch {
	case p.name != "" && at.Query != "":
		c.at.Query += "." + p.name
	case p.name != "":
		c.at.Query = p.name
	}
	text := p.query.Render(list)
	works, err := c.result(ctx, l, p, sample, text)
	if err != nil {
		return err
	}
	if works {
		reads, err := c.plan(ctx, text)
		if err != nil {
			return err
		}
		c.reads.add(reads)
	}
	for _, child := range p.with {
		if err := c.part(ctx, l, child, sample, list); err != nil {
			return err
		}
	}
	return nil
}

// result runs a query, and checks what it returns. It reports whether it ran.
func (c *checker) result(ctx context.Context, l *catalog.Lookup, p *part, sample sample, text string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout+grace)
	defer cancel()
	rows, err := c.conn.QueryContext(ctx, text)
	if err != nil {
		return false, c.refusal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return false, err
	}
	if !c.columns(l, p, types) {
		return true, nil
	}
	err = c.rows(l, p, sample, rows)
	return err == nil, c.refusal(err)
}

// refusal writes down what MySQL has against a query, and returns other errors.
func (c *checker) refusal(err error) error {
	switch {
	case errors.Is(kindOf(err), ErrTimeout) && fromServer(err):
		c.fault("the query takes longer than the limit of %v, even for a few keys", c.timeout)
		return nil
	case fromServer(err) && errors.Is(kindOf(err), ErrQuery):
		c.fault("MySQL refuses the query: %v", err)
		return nil
	}
	return err
}

// rows counts the rows of each key.
func (c *checker) rows(l *catalog.Lookup, p *part, sample sample, rows *sql.Rows) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	var key sql.RawBytes
	into := make([]any, len(columns))
	for i := range into {
		into[i] = ignored{}
	}
	into[slices.Index(columns, p.query.Key)] = &key
	count := map[string]int{}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		count[l.CanonicalKey(key)]++
	}
	if p.name == "" && rows.Err() == nil {
		c.counts(l, sample, count)
	}
	return rows.Err()
}

// ignored takes in a column that nobody looks at.
type ignored struct{}

func (ignored) Scan(any) error { return nil }

func (c *checker) counts(l *catalog.Lookup, sample sample, count map[string]int) {
	found := false
	for _, key := range sample.keys {
		found = found || count[key] > 0
		if count[key] > 1 && !l.Many {
			c.warn("key %s has %d rows, and only the first counts: does a join find too many? A listing is rows: many", key, count[key])
			return
		}
	}
	if len(sample.keys) > 0 && !found {
		c.warn("none of the keys %q, found in %s, has a row", sample.keys, sample.source)
	}
}
