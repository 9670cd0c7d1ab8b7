package binlog_test

import (
	"fmt"
	"slices"
	"testing"

	"productcache/internal/catalog"
	"productcache/internal/mysqltest"
)

// reroute follows the lookups of another catalog.
func (f *follow) reroute(t *testing.T, text string, newcomers ...string) {
	t.Helper()
	c, err := catalog.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	f.catalog = c
	f.follower.Reroute(c.Lookups, slices.DeleteFunc(slices.Clone(c.Lookups), func(l *catalog.Lookup) bool {
		return !slices.Contains(newcomers, l.Name)
	}))
}

const reroutedCatalog = `
lookups:
  products:
    key: product_id
    key_type: integer
    query: SELECT product_id, price FROM product WHERE product_id IN (:keys)
    changed_by:
      product: {key: product_id, ignore: [price]}
  makers:
    key: maker_id
    key_type: integer
    query: SELECT maker_id, name FROM maker WHERE maker_id IN (:keys)
    changed_by:
      maker: {key: maker_id}
  category:
    rows: many
    key: category_id
    key_type: integer
    query: SELECT category_id, product_id FROM link WHERE category_id IN (:keys)
    changed_by:
      link: {key: category_id}
` + markLookup

// TestReroute: new routes, and nothing of the old ones. Newcomers go stale once,
// the others not at all.
func TestReroute(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		f.reroute(t, reroutedCatalog, "products", "makers")
		f.wait(t, "the newcomers", func() bool { return f.count("products *") > 0 && f.count("makers *") > 0 })
		expect(t, f, "products *", "makers *")
		f.try(t, []change{
			{"a price, ignored now", "UPDATE product SET price = price + 1", nil},
			{"a view, no longer ignored", "UPDATE product SET viewed = 1 WHERE product_id = 2", []string{"products 2"}},
			{"a table of a new lookup", "UPDATE maker SET name = 'two'", []string{"makers 1"}},
			{"a lookup as before", "INSERT INTO link VALUES (9, 3)", []string{"category 9"}},
		})
		if got := f.follower.Stats(); got.Gaps != 0 || got.Disconnects != 0 {
			t.Errorf("%d gaps and %d disconnects, want none", got.Gaps, got.Disconnects)
		}
	})
}

// TestRerouteMissesNothing reroutes again and again while rows change.
func TestRerouteMissesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		done := make(chan struct{})
		var want []string
		for i := range 300 {
			want = append(want, fmt.Sprintf("category %d", 1000+i))
		}
		go func() {
			defer close(done)
			for i := range 300 {
				if _, err := f.db.ExecContext(t.Context(), "INSERT INTO link VALUES (?, 3)", 1000+i); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		for i := 0; ; i++ {
			select {
			case <-done:
				expect(t, f, want...)
				if got := f.follower.Stats(); got.Gaps != 0 || i == 0 {
					t.Errorf("%d gaps after %d reroutes", got.Gaps, i)
				}
				return
			default:
				f.reroute(t, []string{shopCatalog, reroutedCatalog}[i%2])
				f.wait(t, "followed again", func() bool { return len(f.moved) > i+1 })
			}
		}
	})
}

// TestRerouteWhileAway: what comes new while the server is away goes stale when
// it is followed, though it was replaced once more in the meantime.
func TestRerouteWhileAway(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog(), mysqltest.Private())
	f := following(t, s)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	f.reroute(t, reroutedCatalog, "makers")
	f.reroute(t, reroutedCatalog, "products")
	if got := f.follower.Bookmark(); got != "" {
		t.Errorf("changes before the bookmark %s may have been missed: want none", got)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	f.wait(t, "the newcomers", func() bool { return f.count("products *") > 0 && f.count("makers *") > 0 })
	expect(t, f, "products *", "makers *")
}
