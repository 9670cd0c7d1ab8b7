package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"productcache/internal/mysqltest"
	"productcache/internal/snapshot"
)

// snapshotFile names a file in a folder of its own.
func snapshotFile(t *testing.T) string { return filepath.Join(t.TempDir(), "snapshot") }

// fill has a service load targets.
func (r *running) fill(targets ...string) {
	r.t.Helper()
	for _, target := range targets {
		r.await(target+" is cached", func() bool { return strings.Contains(r.get(target).header.Get("Cache-Status"), "hit; ttl=") })
	}
}

// outcome says by what a target is answered: "hit", or another word of Cache-Status.
func (r *running) outcome(target string) string {
	r.t.Helper()
	status := r.get(target).header.Get("Cache-Status")
	var ttl int
	switch {
	case strings.Contains(status, "detail="):
		return status[strings.Index(status, "detail=")+len("detail="):]
	case strings.Contains(status, "fwd="):
		return "miss"
	}
	if _, err := fmt.Sscanf(status, "productcache; hit; ttl=%d", &ttl); err != nil || ttl < 0 {
		r.t.Errorf("Cache-Status %q", status)
	}
	return "hit"
}

func (r *running) expectOutcome(target, want string) {
	r.t.Helper()
	if got := r.outcome(target); got != want {
		r.t.Errorf("%s: %s, want %s\n%s", target, got, want, r.log)
	}
}

// TestWarmRestart: what did not change while the service was away is a hit, what
// did is loaded, and listings follow.
func TestWarmRestart(t *testing.T) {
	test := func(t *testing.T, s *mysqltest.Server) {
		file := snapshotFile(t)
		flags := []string{"-snapshot", file, "-snapshot-interval", "0"}
		r, database := startFollowing(t, s, flags...)
		r.await("following", r.isFollowing)
		r.fill("/v1/products/1", "/v1/products/2", "/v1/category/7", "/v1/category/8", "/v1/untold/3")
		etag := r.get("/v1/products/2").header.Get("ETag")
		r.end()
		s.Exec(t, database, "UPDATE products SET price = 77 WHERE id = 1")
		r = r.again(s, database, flags...)
		r.await("ready", r.isReady)
		for target, want := range map[string]string{"/v1/products/1": "miss", "/v1/category/7": "miss",
			"/v1/products/2": "hit", "/v1/category/8": "hit", "/v1/untold/3": "hit"} {
			r.expectOutcome(target, want)
		}
		if a := r.get("/v1/products/1"); !strings.Contains(a.body, `"77.00"`) {
			t.Errorf("what changed is %s", a.body)
		}
		if a := r.get("/v1/products/2", "If-None-Match: "+etag); a.status != 304 {
			t.Errorf("with the ETag from before the restart: %d, want 304", a.status)
		}
		if got := r.metric("productcache_snapshot_restored_entries"); got != "5" {
			t.Errorf("%s entries restored, want 5", got)
		}
		s.Exec(t, database, "UPDATE products SET price = 88 WHERE id = 2")
		r.await("the next change", func() bool { return strings.Contains(r.get("/v1/products/2").body, `"88.00"`) })
	}
	t.Run("MariaDB", func(t *testing.T) { test(t, mysqltest.MariaDB(t, mysqltest.Binlog())) })
	t.Run("MySQL", func(t *testing.T) { test(t, mysqltest.MySQL(t, mysqltest.Binlog())) })
}

// again starts a service once more on the followed shop.
func (r *running) again(s *mysqltest.Server, database string, flags ...string) *running {
	r.t.Helper()
	own := append([]string{"-mysql-dsn", s.DSN(database), "-follow-binlog", "-audit-rate", "0"}, catalogFile(r.t, followedShop)...)
	return start(r.t, append(own, flags...)...)
}

// TestPurgedPosition: where the server cannot tell what changed, nothing comes
// back as fresh, and all of it is there if MySQL fails.
func TestPurgedPosition(t *testing.T) {
	test := func(t *testing.T, s *mysqltest.Server) {
		flags := []string{"-snapshot", snapshotFile(t), "-snapshot-interval", "0"}
		r, database := startFollowing(t, s, flags...)
		r.await("following", r.isFollowing)
		r.fill("/v1/products/1", "/v1/products/2")
		r.end()
		s.Exec(t, database, "UPDATE products SET price = 77 WHERE id = 1", "FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
		r.await("the purge", func() bool {
			files := s.Query(t, "", "SHOW BINARY LOGS")
			s.Exec(t, "", "PURGE BINARY LOGS TO '"+files[len(files)-1][0]+"'")
			return len(s.Query(t, "", "SHOW BINARY LOGS")) == 1
		})
		r = r.again(s, database, flags...)
		r.await("ready", r.isReady)
		r.expectOutcome("/v1/products/1", "miss")
		if got := r.metric("productcache_binlog_gaps_total"); got != "1" {
			t.Errorf("%s gaps, want 1\n%s", got, r.log)
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		r.await("the old value while MySQL is away", func() bool { return r.outcome("/v1/products/2") == "stale-error" })
	}
	t.Run("MariaDB", func(t *testing.T) { test(t, mysqltest.MariaDB(t, mysqltest.Binlog(), mysqltest.Private())) })
	t.Run("MySQL", func(t *testing.T) { test(t, mysqltest.MySQL(t, mysqltest.Binlog(), mysqltest.Private())) })
}

// TestWarmRestartWithoutFollower: entries come back stale, with a refresh each.
func TestWarmRestartWithoutFollower(t *testing.T) {
	s := mysqltest.MariaDB(t)
	database, flags := shop(t, s)
	flags = append(flags, "-table", "products", "-snapshot", snapshotFile(t), "-snapshot-interval", "0", "-audit-rate", "0")
	r := start(t, flags...)
	r.await("ready", r.isReady)
	r.fill("/v1/products/1", "/v1/products/2")
	r.end()
	s.Exec(t, database, "UPDATE products SET price = 77 WHERE id = 1")
	r = start(t, flags...)
	r.await("ready", r.isReady)
	r.expectOutcome("/v1/products/1", "stale")
	r.await("the refresh", func() bool { return r.outcome("/v1/products/1") == "hit" })
	if a := r.get("/v1/products/1"); !strings.Contains(a.body, `"77.00"`) {
		t.Errorf("refreshed is %s", a.body)
	}
	r.expectOutcome("/v1/products/2", "stale")
}

// TestPurgeOutlivesACrash: the service is gone right after the purge is answered;
// what its file is then tells of the purge.
func TestPurgeOutlivesACrash(t *testing.T) {
	for _, tt := range []struct {
		keys, mode string
		follow     bool
	}{
		{`"keys":["1"]`, "stale", false},
		{`"keys":["1"]`, "remove", true},
		{`"all":true`, "stale", true},
		{`"all":true`, "remove", false},
	} {
		t.Run(fmt.Sprint(tt.keys, tt.mode, " followed: ", tt.follow), func(t *testing.T) {
			s := mysqltest.MariaDB(t, mysqltest.Binlog(), mysqltest.Private())
			file := snapshotFile(t)
			flags := []string{"-snapshot", file, "-snapshot-interval", "0", "-follow-binlog=" + fmt.Sprint(tt.follow)}
			r, database := startFollowing(t, s, flags...)
			r.await("ready", func() bool { return r.isReady() && (!tt.follow || r.isFollowing()) })
			r.fill("/v1/products/1", "/v1/category/7")
			r.end()
			r = r.again(s, database, flags...)
			r.await("ready", r.isReady)
			if a := r.do("POST", r.admin+"/api/purge", `{"lookup":"products",`+tt.keys+`,"mode":"`+tt.mode+`"}`, "Content-Type: application/json"); a.status != 200 {
				t.Fatalf("purge: %d %s", a.status, a.body)
			}
			flags[1] = crashed(t, file)
			r.end()
			r = r.again(s, database, flags...)
			r.await("ready", r.isReady)
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			want := map[string]int{"stale": 200, "remove": 503}[tt.mode]
			if a := r.get("/v1/products/1"); a.status != want || want == 200 && !strings.Contains(a.header.Get("Cache-Status"), "stale-error") {
				t.Errorf("while MySQL is away: %d %s, want %d\n%s", a.status, a.header.Get("Cache-Status"), want, r.log)
			}
			if got := r.get("/v1/category/7").status; got != 200 {
				t.Errorf("the other lookup: %d, want 200", got)
			}
		})
	}
}

// crashed returns a copy of a file, as a process leaves it that is killed now.
func crashed(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	file = snapshotFile(t)
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestSnapshotThatCannotBeUsed: whatever is in the place of the snapshot, the
// service starts without, says so, and writes a new one.
func TestSnapshotThatCannotBeUsed(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	flags = append(flags, "-table", "products", "-audit-rate", "0", "-snapshot-interval", "0")
	file := snapshotFile(t)
	r := start(t, append(flags, "-snapshot", file)...)
	r.await("ready", r.isReady)
	r.fill("/v1/products/1", "/v1/products/2")
	r.end()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func([]byte) []byte
		says   string
	}{
		"a byte is another": {func(b []byte) []byte { b[len(b)/2]++; return b }, "damaged"},
		"cut":               {func(b []byte) []byte { return b[:len(b)-1] }, "damaged"},
		"empty":             {func([]byte) []byte { return nil }, "damaged"},
		"something behind":  {func(b []byte) []byte { return append(b, "?"...) }, "damaged"},
		"no snapshot":       {func([]byte) []byte { return []byte(strings.Repeat("products\n", 1000)) }, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			file := snapshotFile(t)
			if err := os.WriteFile(file, tt.change(append([]byte{}, whole...)), 0o600); err != nil {
				t.Fatal(err)
			}
			r := start(t, append(flags, "-snapshot", file)...)
			r.await("ready", r.isReady)
			r.expectOutcome("/v1/products/1", "miss")
			if got := r.metric("productcache_snapshot_errors_total"); got != "1" || !strings.Contains(r.log.String(), tt.says) {
				t.Errorf("%s errors, want 1, and a log that says %q:\n%s", got, tt.says, r.log)
			}
			r.end()
			r = start(t, append(flags, "-snapshot", file)...)
			r.await("ready", r.isReady)
			r.expectOutcome("/v1/products/1", "stale")
			r.expectOutcome("/v1/products/2", "miss")
		})
	}
}

// TestSnapshotOfAnotherCatalog: lookups that are as they were come back, the others
// do not.
func TestSnapshotOfAnotherCatalog(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	flags = append(flags, "-snapshot", snapshotFile(t), "-snapshot-interval", "0", "-audit-rate", "0")
	r := start(t, append(flags, catalogFile(t, twoLookups)...)...)
	r.await("ready", r.isReady)
	r.fill("/v1/products/2", "/v1/slow/2", "/v1/slow/3")
	r.end()
	other := strings.Replace(twoLookups, "SLEEP(IF(id = 1, 5, 0))", "SLEEP(IF(id = 1, 4, 0))", 1)
	other = strings.Replace(other, "    key: id\n", "    key: id\n    ttl: 3m\n", 1) // products: a lifetime is no other lookup
	r = start(t, append(flags, catalogFile(t, other)...)...)
	r.await("ready", r.isReady)
	r.expectOutcome("/v1/products/2", "stale")
	r.expectOutcome("/v1/slow/2", "miss")
	if got := r.metric(`productcache_snapshot_dropped_entries{reason="catalog"}`); got != "2" {
		t.Errorf("%s entries are dropped, want 2", got)
	}
}

// TestSnapshotOfAnotherMySQL is good only for when MySQL fails; one of another
// schema, for nothing.
func TestSnapshotOfAnotherMySQL(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Private())
	database, flags := shop(t, s)
	other := s.Database(t)
	s.Exec(t, other, products, "INSERT INTO products VALUES (1,'other',1)")
	own := []string{"-table", "products", "-snapshot", snapshotFile(t), "-snapshot-interval", "0", "-audit-rate", "0"}
	r := start(t, append(flags, own...)...)
	r.await("ready", r.isReady)
	r.fill("/v1/products/1", "/v1/products/2")
	r.end()
	r = start(t, append([]string{"-mysql-dsn", s.SocketDSN(database)}, own...)...)
	r.await("ready", r.isReady)
	r.expectOutcome("/v1/products/1", "miss")
	r.end()
	r = start(t, append([]string{"-mysql-dsn", s.DSN(other)}, own...)...)
	r.await("ready", r.isReady)
	if a := r.get("/v1/products/1"); !strings.Contains(a.body, "other") || r.metric(`productcache_snapshot_dropped_entries{reason="catalog"}`) != "2" {
		t.Errorf("of the other schema: %s\n%s", a.body, r.log)
	}
}

// TestClockWasSetBack: ages are not known then, so that nothing is fresh.
func TestClockWasSetBack(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	file := snapshotFile(t)
	flags := []string{"-snapshot", file, "-snapshot-interval", "0"}
	r, database := startFollowing(t, s, flags...)
	r.await("following", r.isFollowing)
	r.fill("/v1/products/1")
	r.end()
	shiftSnapshot(t, file, time.Hour)
	r = r.again(s, database, flags...)
	r.await("ready", r.isReady)
	r.expectOutcome("/v1/products/1", "stale")
	r.end()
	shiftSnapshot(t, file, -48*time.Hour)
	r = r.again(s, database, flags...)
	r.await("ready", r.isReady)
	r.expectOutcome("/v1/products/1", "miss")
	if got := r.metric(`productcache_snapshot_dropped_entries{reason="expired"}`); got != "1" {
		t.Errorf("%s entries have expired, want 1", got)
	}
}

// shiftSnapshot writes a snapshot as if it had been written at another time.
func shiftSnapshot(t *testing.T, path string, by time.Duration) {
	t.Helper()
	f, err := snapshot.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, in, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	h := r.Header()
	h.Time = h.Time.Add(by)
	_, err = f.Replace(func() snapshot.Header { return h }, func(w *snapshot.Writer) error {
		for record, err := r.Next(); err == nil; record, err = r.Next() {
			record.LoadedAt = record.LoadedAt.Add(by)
			if err := w.Add(record); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTwoProcesses: the second serves without the file, and has it when the first
// is gone.
func TestTwoProcesses(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	flags = append(flags, "-table", "products", "-snapshot", snapshotFile(t), "-audit-rate", "0", "-snapshot-interval")
	first := start(t, append(flags, "0")...)
	first.await("ready", first.isReady)
	first.fill("/v1/products/1")
	first.end()
	first = start(t, append(flags, "0")...)
	second := start(t, append(flags, "20ms")...)
	second.await("ready", second.isReady)
	second.expectOutcome("/v1/products/1", "miss")
	second.await("an error", func() bool { return second.metric("productcache_snapshot_errors_total") != "0" })
	if !strings.Contains(second.log.String(), "another process uses the file") {
		t.Errorf("the second does not say why:\n%s", second.log)
	}
	first.await("ready", first.isReady)
	first.expectOutcome("/v1/products/1", "stale")
	first.end()
	second.await("a snapshot of the second", func() bool {
		return second.metric("productcache_snapshot_last_success_timestamp_seconds") != "0"
	})
}

// TestStoppedWhileLoading: a service that is stopped before the snapshot is loaded
// leaves it as it is.
func TestStoppedWhileLoading(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	flags := []string{"-snapshot", snapshotFile(t), "-snapshot-interval", "0"}
	r, database := startFollowing(t, s, flags...)
	r.await("following", r.isFollowing)
	r.fill("/v1/products/1", "/v1/products/2")
	r.end()
	for range 10 {
		r.again(s, database, flags...).end()
	}
	r = r.again(s, database, flags...)
	r.await("ready", r.isReady)
	r.expectOutcome("/v1/products/1", "hit")
	r.expectOutcome("/v1/products/2", "hit")
}

// TestPurgeWhileAnotherHasTheFile: what comes back from the file of a process that
// knows nothing of a purge may be what was purged, and the answer says so.
func TestPurgeWhileAnotherHasTheFile(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	file := snapshotFile(t)
	flags = append(flags, "-table", "products", "-snapshot", file, "-audit-rate", "0", "-snapshot-interval", "0")
	first := start(t, flags...)
	first.await("ready", first.isReady)
	first.fill("/v1/products/1")
	second := start(t, flags...)
	second.await("ready", second.isReady)
	purge := func() int {
		return second.do("POST", second.admin+"/api/purge", `{"lookup":"products","keys":["1"]}`, "Content-Type: application/json").status
	}
	if got := purge(); got != 500 {
		t.Errorf("purge while another process has the file: %d, want 500", got)
	}
	first.end()
	if got := purge(); got != 200 {
		t.Errorf("purge when it is gone: %d, want 200\n%s", got, second.log)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file that lacks the purge: %v, want none", err)
	}
}

// TestMySQLIsAwayAtTheStart: what came back is served, and traffic may come.
func TestMySQLIsAwayAtTheStart(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Binlog(), mysqltest.Private())
	flags := []string{"-snapshot", snapshotFile(t), "-snapshot-interval", "0"}
	r, database := startFollowing(t, s, flags...)
	r.await("following", r.isFollowing)
	r.fill("/v1/products/1", "/v1/products/2")
	r.end()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	r = r.again(s, database, flags...)
	r.await("ready", r.isReady)
	r.expectOutcome("/v1/products/1", "stale-error")
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	r.await("hits when what changed is known", func() bool { return r.outcome("/v1/products/2") == "hit" })
	if strings.Contains(r.log.String(), "may have been missed") {
		t.Errorf("there was no gap:\n%s", r.log)
	}
}

// TestSnapshotFolder: a folder that is not there, or read-only, keeps nobody from
// serving.
func TestSnapshotFolder(t *testing.T) {
	s := mysqltest.MariaDB(t)
	_, flags := shop(t, s)
	folder := filepath.Join(t.TempDir(), "later")
	r := start(t, append(flags, "-table", "products", "-snapshot", filepath.Join(folder, "snapshot"), "-snapshot-interval", "20ms", "-audit-rate", "0")...)
	r.await("ready", r.isReady)
	r.expectOutcome("/v1/products/1", "miss")
	if got := r.do("POST", r.admin+"/api/purge", `{"lookup":"products","keys":["1"]}`, "Content-Type: application/json").status; got != 200 {
		t.Errorf("purge: %d, want 200: nothing can come back", got)
	}
	r.await("errors", func() bool { return r.metric("productcache_snapshot_errors_total") > "1" })
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	r.await("a snapshot", func() bool { return r.metric("productcache_snapshot_last_success_timestamp_seconds") != "0" })
}
