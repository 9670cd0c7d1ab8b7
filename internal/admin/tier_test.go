package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"productcache/internal/admin"
	"productcache/internal/cache"
)

var tierStats = admin.TierStats{Usable: true, Nodes: []string{"two", "three"}, Hits: 6, Absences: 2, Waited: 1, Loaded: 8, Away: 3, Stored: 5, Unstored: 4,
	Broken: 7, Invalidated: 9, Heard: 10, Distrusted: 11, Failures: 12, Exchanges: 4, Waiting: 2 * time.Second}

// spread has nobody but this node do a purge, unless open says who is silent.
func (d *desk) spread(_ context.Context, mode cache.PurgeMode, all bool, keys []string, local func()) []string {
	if d.open == nil {
		local()
		return nil
	}
	d.done = append(d.done, "before")
	local()
	return d.open
}

// TestUnconfirmedPurge: the purge is done here, and 202 names who has not said that it has done it.
func TestUnconfirmedPurge(t *testing.T) {
	d := newDesk(t, "")
	d.open = []string{"two", "second tier"}
	a := d.do(request("POST", "/api/purge", `{"lookup":"products","keys":["A"]}`, loopback, asJSON))
	var body struct{ Unconfirmed []string }
	if err := json.Unmarshal(a.Body.Bytes(), &body); err != nil || a.Code != http.StatusAccepted || strings.Join(body.Unconfirmed, ",") != "two,second tier" {
		t.Errorf("got %d %s, want 202 and who has not confirmed it", a.Code, a.Body)
	}
	if len(d.done) != 2 || d.done[0] != "before" {
		t.Errorf("done: %v, want that it was done within", d.done)
	}
	d.open = nil
	if a := d.do(request("POST", "/api/purge", `{"lookup":"products","keys":["A"]}`, loopback, asJSON)); a.Code != http.StatusOK || strings.Contains(a.Body.String(), "unconfirmed") {
		t.Errorf("got %d %s, want 200", a.Code, a.Body)
	}
}

// TestTierStats: the console is told of the second tier, if there is one.
func TestTierStats(t *testing.T) {
	d := newDesk(t, "")
	tier := func() json.RawMessage {
		var body struct{ Tier json.RawMessage }
		if err := json.Unmarshal(d.do(request("GET", "/api/stats", "", loopback)).Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		return body.Tier
	}
	if got := string(tier()); got != "null" {
		t.Errorf("without one: %s, want null", got)
	}
	d.metrics.WatchTier(func() admin.TierStats { return tierStats })
	var got struct {
		Usable   bool
		Nodes    []string
		Hits     uint64
		HitRatio float64 `json:"hit_ratio"`
		Mean     float64 `json:"exchange_mean_seconds"`
	}
	if err := json.Unmarshal(tier(), &got); err != nil || !got.Usable || len(got.Nodes) != 2 || got.Hits != 6 || got.HitRatio != 0.5 || got.Mean != 0.5 {
		t.Errorf("got %+v, %v", got, err)
	}
}
