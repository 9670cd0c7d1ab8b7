package tier_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"productcache/internal/redistest"
	"productcache/internal/tier"
)

func version(v string) func(*tier.Options[string]) {
	return func(o *tier.Options[string]) {
		o.Versions = func() map[string]tier.Version {
			return map[string]tier.Version{"products": {Version: v, Life: time.Minute}}
		}
	}
}

// TestPurgeAcrossVersions: a purge holds on a node that serves another version of the lookup, as while a catalog is rolled out.
func TestPurgeAcrossVersions(t *testing.T) {
	servers(t, func(t *testing.T, url string) {
		d := newDatabase("a", "old")
		one := open(t, url, d)
		two := open(t, url, d, version("2"))
		two.lookup.Version = "2"
		one.expect("a", "old", false)
		two.expect("a", "old", false)
		two.stored(1)
		d.set("a", "new")
		if open := one.Purge(t.Context(), tier.Purge{Lookup: "products", Keys: []string{"a"}}, func() {}); len(open) > 0 {
			t.Errorf("not confirmed by %v", open)
		}
		one.expect("a", "new", false)
		two.expect("a", "new", false)
	})
}

// TestPurgeTakesAllVersions: a purge takes away what was stored by nodes with another catalog, though none of them runs any more.
func TestPurgeTakesAllVersions(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "old")
	one := open(t, s.URL(), d)
	other := open(t, s.URL(), d, version("2"))
	other.lookup.Version = "2"
	other.expect("a", "old", false)
	other.stored(1)
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.set("a", "new")
	if open := one.Purge(t.Context(), purge("a"), func() {}); len(open) > 0 {
		t.Errorf("not confirmed by %v", open)
	}
	again := open(t, s.URL(), d, version("2"))
	again.lookup.Version = "2"
	again.expect("a", "new", false)
}

// TestUnknownVersion: values of a version that others have not heard of yet are not shared, until they have.
func TestUnknownVersion(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "1")
	one := open(t, s.URL(), d, version("1"))
	one.lookup.Version = "2"
	one.expect("a", "1", false)
	if st := one.Stats(); st.Away != 1 {
		t.Errorf("%+v, want that Redis was not asked", st)
	}
}

// TestExpiredVersion: a version that nobody has used for longer than its values live is forgotten.
func TestExpiredVersion(t *testing.T) {
	s := redistest.Start(t)
	s.Do("HSET", "{test}:epochs", "products@0", fmt.Sprint(time.Now().Add(-2*time.Hour).UnixMilli()), "products@9", fmt.Sprint(time.Now().Add(time.Hour).UnixMilli()))
	n := open(t, s.URL(), newDatabase())
	n.eventually("forgotten", func(tier.Stats) bool { return !strings.Contains(s.Do("HKEYS", "{test}:epochs"), "products@0") })
	if fields := s.Do("HKEYS", "{test}:epochs"); !strings.Contains(fields, "products@9") || !strings.Contains(fields, "products@1") {
		t.Errorf("%s, want 9 and 1", fields)
	}
}

// TestFollowedByAnotherVersion: what a node with another catalog has invalidated by the binlog is not enough for this one.
func TestFollowedByAnotherVersion(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("a", "old")
	followed := func(o *tier.Options[string]) { o.Followed = func() string { return "5" } }
	one := open(t, s.URL(), d, followed)
	other := open(t, s.URL(), d, version("2"), followed)
	other.lookup.Version = "2"
	other.expect("a", "old", false)
	other.stored(1)
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.set("a", "new") // which in the first one's catalog changes nothing
	one.eventually("its place is known", func(tier.Stats) bool {
		return strings.Contains(s.Do("HVALS", "{test}:nodes"), `"followed":"5"`)
	})
	again := open(t, s.URL(), d, version("2"), followed)
	again.lookup.Version = "2"
	again.BeginFollowing("products", "5")
	again.eventually("in use", func(s tier.Stats) bool { return s.Usable })
	again.expect("a", "new", false)
}

// TestSpelling: a node that spells a key otherwise takes away what stands under its own spelling.
func TestSpelling(t *testing.T) {
	s := redistest.Start(t)
	d := newDatabase("foo", "old")
	one := open(t, s.URL(), d)
	two := open(t, s.URL(), d, named("two"), version("2"), func(o *tier.Options[string]) {
		o.Spelling = func(_ string, keys []string) []string { return []string{strings.ToLower(keys[0])} }
	})
	two.lookup.Version = "2"
	one.knows(1)
	two.expect("foo", "old", false)
	two.stored(1)
	d.set("foo", "new")
	if open := one.Purge(t.Context(), purge("Foo"), func() {}); len(open) > 0 {
		t.Errorf("not confirmed by %v", open)
	}
	two.expect("foo", "new", false)
}
