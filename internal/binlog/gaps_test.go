package binlog_test

import (
	"fmt"
	"testing"
	"time"

	"productcache/internal/faults"
	"productcache/internal/mysqltest"
)

// everything is what goes stale by a gap.
var everything = []string{"products *", "sku *", "category *"}

// followingThrough follows a shop through a proxy.
func followingThrough(t *testing.T, s *mysqltest.Server) (*follow, *faults.Proxy) {
	t.Helper()
	p := newProxy(t, s.Addr())
	f := newShop(t, s)
	f.address = p.Addr()
	f.begin(t, shopCatalog)
	f.sync(t)
	return f, p
}

// away waits until the follower has noticed that the stream is gone.
func (f *follow) away(t *testing.T, disconnects uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("disconnect %d", disconnects), func() bool { return f.follower.Stats().Disconnects >= disconnects })
}

// back waits until following has begun so often.
func (f *follow) back(t *testing.T, times int) {
	t.Helper()
	f.wait(t, fmt.Sprintf("begin %d", times), func() bool { return len(f.moved) >= times })
}

// purge waits until the server sends its binlog to nobody, and purges all but
// the last file: it keeps those that it is sending, or might need after a crash.
func purge(t *testing.T, s *mysqltest.Server) {
	t.Helper()
	for _, id := range dumps(t, s) {
		s.Exec(t, "", "KILL "+id)
	}
	eventually(t, "the end of dumps", func() bool { return len(dumps(t, s)) == 0 })
	files := s.Query(t, "", "SHOW BINARY LOGS")
	eventually(t, "the purge", func() bool {
		s.Exec(t, "", "PURGE BINARY LOGS TO '"+files[len(files)-1][0]+"'")
		return len(s.Query(t, "", "SHOW BINARY LOGS")) == 1
	})
}

// eventually asks again and again: neither the servers nor Follower.Stats tell
// when something has changed.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	again, limit := time.NewTicker(time.Millisecond), time.After(30*time.Second)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

func (f *follow) counted(t *testing.T, gaps, disconnects uint64) {
	t.Helper()
	if s := f.follower.Stats(); s.Gaps != gaps || s.Disconnects != disconnects {
		t.Errorf("%d gaps, %d disconnects, want %d and %d; log:\n%s", s.Gaps, s.Disconnects, gaps, disconnects, f.log)
	}
	if n := f.log.lines("changes may have been missed"); uint64(n) != gaps {
		t.Errorf("a gap is logged %d times, want %d; log:\n%s", n, gaps, f.log)
	}
}

func TestResume(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) { resumes(t, s) })
	t.Run("MySQL without GTIDs", func(t *testing.T) {
		resumes(t, mysqltest.MySQL(t, mysqltest.Binlog(), mysqltest.Args("--gtid-mode=OFF")))
	})
}

func resumes(t *testing.T, s *mysqltest.Server) {
	f, p := followingThrough(t, s)
	f.exec(t, "FLUSH BINARY LOGS", "UPDATE product SET price = 6 WHERE product_id = 3", "FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
	expect(t, f, "products 3")
	p.Lead("")
	f.away(t, 1)
	f.exec(t, "UPDATE product SET price = 7 WHERE product_id = 3", "FLUSH BINARY LOGS", "INSERT INTO link VALUES (12, 12)")
	p.Lead(s.Addr())
	expect(t, f, "products 3", "category 12")
	for _, id := range dumps(t, s) {
		s.Exec(t, "", "KILL "+id)
	}
	f.away(t, 2)
	f.exec(t, "UPDATE product SET price = 8 WHERE product_id = 3")
	expect(t, f, "products 3")
	f.counted(t, 0, 2)
}

// TestFirstAttemptFails: what was to go stale at the begin does at the next one.
func TestFirstAttemptFails(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := newShop(t, s)
		f.mute = 2
		f.begin(t, shopCatalog)
		f.back(t, 1)
		expect(t, f, everything...)
		f.counted(t, 0, 0)
		if n := f.log.lines(errFind.Error()); n != 1 {
			t.Errorf("the failure is logged %d times, want once:\n%s", n, f.log)
		}
	})
}

// dumps returns the numbers of the connections that are sent the binlog.
func dumps(t *testing.T, s *mysqltest.Server) (ids []string) {
	for _, row := range s.Query(t, "", "SHOW PROCESSLIST") {
		if row[4] == "Binlog Dump" || row[4] == "Binlog Dump GTID" {
			ids = append(ids, row[0])
		}
	}
	return ids
}

// TestPurgedAfterRotation: what was read to its end may be purged.
func TestPurgedAfterRotation(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) { purgesWhatWasRead(t, s) })
	t.Run("MySQL without GTIDs", func(t *testing.T) {
		purgesWhatWasRead(t, mysqltest.MySQL(t, mysqltest.Binlog(), mysqltest.Args("--gtid-mode=OFF")))
	})
}

func purgesWhatWasRead(t *testing.T, s *mysqltest.Server) {
	f, p := followingThrough(t, s)
	before := f.follower.Stats().LastEvent
	f.exec(t, "FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
	eventually(t, "a heartbeat", func() bool { return f.follower.Stats().LastEvent.After(before.Add(time.Second)) })
	p.Lead("")
	f.away(t, 1)
	purge(t, s)
	p.Lead(s.Addr())
	expect(t, f)
	f.counted(t, 0, 1)
}

func TestPurged(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) { misses(t, s) })
	t.Run("MySQL without GTIDs", func(t *testing.T) {
		misses(t, mysqltest.MySQL(t, mysqltest.Binlog(), mysqltest.Args("--gtid-mode=OFF")))
	})
}

func misses(t *testing.T, s *mysqltest.Server) {
	f, p := followingThrough(t, s)
	p.Lead("")
	f.away(t, 1)
	f.exec(t, "UPDATE product SET price = 7 WHERE product_id = 3", "FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
	purge(t, s)
	p.Lead(s.Addr())
	f.back(t, 2)
	expect(t, f, everything...)
	f.exec(t, "UPDATE product SET price = 8 WHERE product_id = 3")
	expect(t, f, "products 3")
	f.counted(t, 1, 1)
}

func TestHalfOpen(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	f, p := followingThrough(t, s)
	p.Gag()
	f.exec(t, "UPDATE product SET price = 7 WHERE product_id = 3")
	f.away(t, 1)
	expect(t, f, "products 3")
	f.counted(t, 0, 1)
}
