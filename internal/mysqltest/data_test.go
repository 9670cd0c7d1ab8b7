package mysqltest_test

import (
	"os"
	"path/filepath"
	"testing"

	"productcache/internal/mysqltest"
)

// TestFreshData: a server begins empty, from the data folder that an earlier one has kept too, and where none can be kept.
func TestFreshData(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	begin := func(from string) {
		t.Helper()
		s := mysqltest.MariaDB(t, mysqltest.Private())
		if got := s.Query(t, "", "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'mysql' AND table_name = 'mine'"); got[0][0] != "0" {
			t.Errorf("a server that begins %s has the table of an earlier one", from)
		}
		s.Exec(t, "", "CREATE TABLE mysql.mine (id INT)")
	}
	begin("with nothing kept")
	kept, err := filepath.Glob(filepath.Join(cache, "productcache-test", "*", "mysql", "global_priv.frm"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept: %v, %v", kept, err)
	}
	before, err := os.Stat(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	begin("with the copy of a kept folder")
	after, err := os.Stat(kept[0])
	if err != nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("the kept folder was touched: %v", err)
	}
	t.Setenv("XDG_CACHE_HOME", filepath.Join(kept[0], "no folder"))
	begin("where nothing can be kept")
}
