package binlog_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// onEachForm runs a test on all servers that tell positions in ways of their own.
func onEachForm(t *testing.T, test func(t *testing.T, s *mysqltest.Server)) {
	t.Helper()
	onEach(t, test, mysqltest.Private())
	t.Run("MySQL without GTIDs", func(t *testing.T) {
		test(t, mysqltest.MySQL(t, mysqltest.Binlog(), mysqltest.Private(), mysqltest.Args("--gtid-mode=OFF")))
	})
}

// left follows a shop, stops, and returns it with the bookmark.
func left(t *testing.T, s *mysqltest.Server) *follow {
	t.Helper()
	f := following(t, s)
	f.stop()
	if f.bookmark = f.follower.Bookmark(); f.bookmark == "" {
		t.Fatalf("no bookmark; stats %+v", f.follower.Stats())
	}
	return f
}

// resumed begins a new follower at the bookmark, and returns what it has said
// when it has caught up, each once.
func (f *follow) resumed(t *testing.T) []string {
	t.Helper()
	f.said, f.moved, f.begun = nil, nil, nil
	f.begin(t, shopCatalog)
	f.wait(t, "caught up", func() bool { return f.begun != nil })
	f.mu.Lock()
	defer f.mu.Unlock()
	begun := slices.Clone(f.begun)
	f.said = nil
	slices.Sort(begun)
	return slices.Compact(begun)
}

func (f *follow) expectResumed(t *testing.T, want ...string) {
	t.Helper()
	want = append(want, "caught up")
	slices.Sort(want)
	if got := f.resumed(t); !slices.Equal(got, want) {
		t.Errorf("when it has caught up, it has said %q, want %q\nlog:\n%s", got, want, f.log)
	}
}

// TestBookmark: what changed while nobody followed is stale before the follower
// says that it has caught up, and nothing else is.
func TestBookmark(t *testing.T) {
	onEachForm(t, func(t *testing.T, s *mysqltest.Server) {
		f := left(t, s)
		f.expectResumed(t)
		f.stop()
		f.exec(t, "UPDATE product SET price = 7 WHERE product_id = 2", "FLUSH BINARY LOGS",
			"UPDATE product SET viewed = viewed + 1", "INSERT INTO link VALUES (12, 3)")
		f.expectResumed(t, "products 2", "category 7", "category 8", "category 12")
		f.exec(t, "UPDATE product SET price = 8 WHERE product_id = 3")
		expect(t, f, "products 3", "category 12")
		f.counted(t, 0, 0)

		f.stop()
		f.bookmark = f.follower.Bookmark()
		f.exec(t, "UPDATE product SET price = 9 WHERE product_id = 1")
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
		f.expectResumed(t, "products 1", "category 7")
		f.counted(t, 0, 0)
	})
}

// TestBookmarkOfAnIdleServer: the last transaction may be long ago, and its file gone.
func TestBookmarkOfAnIdleServer(t *testing.T) {
	onEachForm(t, func(t *testing.T, s *mysqltest.Server) {
		f := following(t, s)
		f.exec(t, "FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
		eventually(t, "the last file", func() bool { return strings.Contains(f.follower.Bookmark(), last(t, s)) })
		f.stop()
		f.bookmark = f.follower.Bookmark()
		purge(t, s)
		f.expectResumed(t)
		f.counted(t, 0, 0)
	})
}

// last returns the name of the server's last binlog file.
func last(t *testing.T, s *mysqltest.Server) string {
	files := s.Query(t, "", "SHOW BINARY LOGS")
	return files[len(files)-1][0]
}

// TestBookmarkIsPurged: everything is stale when the follower says that it has
// caught up.
func TestBookmarkIsPurged(t *testing.T) {
	onEachForm(t, func(t *testing.T, s *mysqltest.Server) {
		f := left(t, s)
		f.exec(t, "UPDATE product SET price = 7 WHERE product_id = 2", "FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
		purge(t, s)
		f.expectResumed(t, append(everything, "mark *")...)
		f.counted(t, 1, uint64(f.follower.Stats().Disconnects))
	})
}

// TestBookmarkOfAResetServer, whose binlog has grown beyond the place again, in
// the same file or an earlier one.
func TestBookmarkOfAResetServer(t *testing.T) {
	onEachForm(t, func(t *testing.T, s *mysqltest.Server) { resets(t, s) })
	t.Run("earlier file", func(t *testing.T) {
		onEachForm(t, func(t *testing.T, s *mysqltest.Server) { resets(t, s, "FLUSH BINARY LOGS") })
	})
}

// resets does so, with statements before the bookmark and behind it.
func resets(t *testing.T, s *mysqltest.Server, flush ...string) {
	f := following(t, s)
	if len(flush) > 0 {
		f.exec(t, flush...)
		f.sync(t)
	}
	f.stop()
	f.bookmark = f.follower.Bookmark()
	eventually(t, "the end of dumps", func() bool { return len(dumps(t, s)) == 0 })
	f.exec(t, reset(s))
	time.Sleep(1100 * time.Millisecond) // files tell in seconds when they were made
	for range 300 {
		f.exec(t, "UPDATE mark SET n = n + 1")
	}
	f.exec(t, flush...)
	f.exec(t, flush...)
	f.expectResumed(t, append(everything, "mark *")...)
}

// TestBookmarkThatCannotBeRead is a gap.
func TestBookmarkThatCannotBeRead(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	for _, text := range []string{"binlog.000001:4", "{}", `{"file":"binlog.000001","has_gtids":true,"gtids":"?"}`} {
		f := newShop(t, s)
		f.bookmark = text
		f.expectResumed(t, append(everything, "mark *")...)
		f.counted(t, 1, 0)
		f.stop()
	}
}

// TestNoBookmark before there is a place for one, and caught up at once.
func TestNoBookmark(t *testing.T) {
	f := newShop(t, mysqltest.MariaDB(t, mysqltest.Binlog()))
	f.expectResumed(t, append(everything, "mark *")...)
	f.counted(t, 0, 0)
}
