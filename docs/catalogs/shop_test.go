package catalogs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
	"productcache/internal/store"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

// A shop is OpenCart's demo shop in a database of its own.
type shop struct {
	server *mysqltest.Server
	db     string
	store  *store.Store
}

// newShop loads the demo shop, or skips the test.
func newShop(t *testing.T, server *mysqltest.Server) *shop {
	t.Helper()
	s := &shop{server: server, db: server.OpenCart(t)}
	var err error
	s.store, err = store.Open(store.Options{DSN: server.DSN(s.db), MaxConns: 2, QueryTimeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	return s
}

func (s *shop) exec(t *testing.T, statements ...string) {
	t.Helper()
	s.server.Exec(t, s.db, append([]string{"SET sql_mode = ''"}, statements...)...)
}

// query returns the rows of a query, NULL as "NULL".
func (s *shop) query(t *testing.T, format string, args ...any) [][]string {
	t.Helper()
	return s.server.Query(t, s.db, fmt.Sprintf(format, args...))
}

// column returns the only column of a query.
func (s *shop) column(t *testing.T, format string, args ...any) []string {
	t.Helper()
	all := []string{}
	for _, row := range s.query(t, format, args...) {
		all = append(all, row[0])
	}
	return all
}

// load returns what a lookup answers for keys: nil where there is no row.
func (s *shop) load(t *testing.T, l *catalog.Lookup, keys ...string) []any {
	t.Helper()
	rows, err := s.store.Load(t.Context(), l, keys)
	if err != nil {
		t.Fatalf("Load(%s, %q): %v", l.Name, keys, err)
	}
	answers := make([]any, len(rows))
	for i, row := range rows {
		if !row.Found {
			continue
		}
		d := json.NewDecoder(strings.NewReader(string(row.Document.Body())))
		d.UseNumber()
		if err := d.Decode(&answers[i]); err != nil {
			t.Fatalf("Load(%s, %s): not JSON: %v", l.Name, keys[i], err)
		}
	}
	return answers
}

// check returns the errors, as against warnings, that Check finds.
func (s *shop) check(t *testing.T, c *catalog.Catalog) []string {
	t.Helper()
	findings, err := s.store.Check(t.Context(), c)
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	var faults []string
	for _, f := range findings {
		t.Log(f)
		if !f.Warning {
			faults = append(faults, f.Lookup+"."+f.Query)
		}
	}
	return faults
}

// file returns opencart.yaml.
func file(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("opencart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// parse parses a catalog and returns it with one of its lookups.
func parse(t *testing.T, src, lookup string) (*catalog.Catalog, *catalog.Lookup) {
	t.Helper()
	c, err := catalog.Parse([]byte(src))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	l, ok := c.Lookup(lookup)
	if !ok {
		t.Fatalf("the catalog has no lookup %s", lookup)
	}
	return c, l
}

// advice returns the statements that the file's comments tell people to run.
func advice(src string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^ *# +(ALTER TABLE .*;)$`).FindAllStringSubmatch(src, -1) {
		all = append(all, m[1])
	}
	return all
}

// switchedOn returns the file with its last lookup, which is commented out,
// switched on.
func switchedOn(t *testing.T, src string) string {
	t.Helper()
	before, lookup, found := strings.Cut(src, "\n#  model:")
	if !found {
		t.Fatal("opencart.yaml has no lookup model that is commented out")
	}
	return before + "\n  model:" + strings.ReplaceAll(lookup, "\n#", "\n")
}

func sortRows(rows [][]string) { slices.SortFunc(rows, slices.Compare[[]string]) }
