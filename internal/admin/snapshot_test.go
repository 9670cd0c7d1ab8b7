package admin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"productcache/internal/admin"
	"productcache/internal/cache"
)

var snapshotStats = admin.SnapshotStats{
	Interval:    30 * time.Second,
	LastSuccess: time.Unix(1_700_000_000, 0),
	Took:        1500 * time.Millisecond,
	Bytes:       81,
	Entries:     82,
	Errors:      83,
	Restored:    84,
	Dropped:     []admin.DropStats{{Reason: "expired", Entries: 85}, {Reason: "room"}},
}

func TestSnapshotMetrics(t *testing.T) {
	d := newDesk(t, "")
	if body := d.do(request("GET", "/metrics", "", loopback)).Body.String(); strings.Contains(body, "productcache_snapshot") {
		t.Error("there are metrics of snapshots, though none are written")
	}
	d.metrics.WatchSnapshots(func() admin.SnapshotStats { return snapshotStats })
	body := d.do(request("GET", "/metrics", "", loopback)).Body.String()
	for _, line := range []string{
		`productcache_snapshot_interval_seconds 30`,
		`productcache_snapshot_last_success_timestamp_seconds 1.7e+09`,
		`productcache_snapshot_duration_seconds 1.5`,
		`productcache_snapshot_bytes 81`,
		`productcache_snapshot_entries 82`,
		`productcache_snapshot_errors_total 83`,
		`productcache_snapshot_restored_entries 84`,
		`productcache_snapshot_dropped_entries{reason="expired"} 85`,
		`productcache_snapshot_dropped_entries{reason="room"} 0`,
	} {
		if !strings.Contains(body, "\n"+line+"\n") {
			t.Errorf("no %s in the metrics", line)
		}
	}
}

// TestPurgeIsKept: who keeps purges beyond a restart is told of each that is done,
// and where that fails the purge is no success.
func TestPurgeIsKept(t *testing.T) {
	for _, tt := range []struct {
		body   string
		err    error
		status int
		told   string
	}{
		{`{"lookup":"products","keys":["A","b"]}`, nil, 200, "[0 false a,b]"},
		{`{"lookup":"products","all":true,"mode":"remove"}`, nil, 200, "[1 true ]"},
		{`{"lookup":"products","keys":["bad"]}`, nil, 400, "[]"},
		{`{"lookup":"products","keys":["a"]}`, errors.New("disk of shop-7"), 500, "[0 false a]"},
	} {
		d := newDesk(t, "")
		told := []string{}
		d.kept = func(mode cache.PurgeMode, all bool, keys []string) error {
			if len(d.done) == 0 {
				t.Error("told of a purge before it is done")
			}
			told = append(told, fmt.Sprint(mode, " ", all, " ", strings.Join(keys, ",")))
			return tt.err
		}
		w := d.do(request("POST", "/api/purge", tt.body, loopback, asJSON))
		if w.Code != tt.status || fmt.Sprint(told) != tt.told {
			t.Errorf("%s: %d, told %v; want %d, %v", tt.body, w.Code, told, tt.status, tt.told)
		}
		if tt.status == 500 && (!strings.Contains(w.Body.String(), "/problems/purge-not-kept") || strings.Contains(w.Body.String(), "shop-7")) {
			t.Errorf("the problem is %s", w.Body)
		}
	}
}
