package benchmarks

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"productcache/benchmarks/internal/child"
)

const (
	// snapshotProducts fill a file of a little more than 1 GiB.
	snapshotProducts = 830_000

	// snapshotPause is between two snapshots of the benchmark, and hitPause
	// between two hits.
	snapshotPause = 8 * time.Second
	hitPause      = time.Millisecond
)

// BenchmarkSnapshot fills the real program until its snapshot has 1 GiB, hits it
// while snapshots are written and while none is, stops it, and starts it again.
func BenchmarkSnapshot(b *testing.B) {
	s := openShop(b)
	binary := program(b)
	folder := b.TempDir()
	catalog := filepath.Join(folder, "catalog.yaml")
	if err := os.WriteFile(catalog, []byte(endlessCatalog), 0o600); err != nil {
		b.Fatal(err)
	}
	flags := []string{"-catalog=" + catalog, "-cache-bytes=3GiB", "-ttl=24h", "-audit-rate=0",
		"-snapshot=" + filepath.Join(folder, "snapshot"), "-snapshot-interval=" + snapshotPause.String()}
	for b.Loop() {
		p, err := child.Productcache(context.Background(), binary, s.dsn(), flags...)
		if err != nil {
			b.Fatal(err)
		}
		f := &filler{b: b, process: p}
		for range fillers {
			f.clients = append(f.clients, dial(b, p.Address("listen")))
		}
		f.upTo(snapshotProducts)
		w := &watcher{filler: f}
		w.watch(3 * snapshotPause)
		w.report()
		began := time.Now()
		if err := p.Stop(); err != nil {
			b.Error(err)
		}
		b.ReportMetric(time.Since(began).Seconds(), "stop-s")
		began = time.Now()
		p = startProgram(b, binary, s.dsn(), flags...)
		for found := []string(nil); found == nil; time.Sleep(10 * time.Millisecond) {
			if found = loadedSnapshot.FindStringSubmatch(p.Log()); found != nil {
				took, _ := strconv.ParseFloat(found[1], 64)
				b.ReportMetric(took/1e9, "load-s")
			} else if time.Since(began) > time.Minute {
				b.Fatalf("no snapshot is loaded:\n%s", p.Log())
			}
		}
		now, most, err := p.Memory()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(now>>20), "loaded-rss-MiB")
		b.ReportMetric(float64(most>>20), "loaded-peak-MiB")
		f.process = p
		b.ReportMetric(f.metric("productcache_snapshot_restored_entries"), "restored-entries")
	}
}

var loadedSnapshot = regexp.MustCompile(`"msg":"snapshot loaded".*"took":(\d+)`)

// A watcher hits a process all the time and looks at its memory.
type watcher struct {
	*filler
	samples []timedHit
	written []span // when snapshots were
}

type timedHit struct {
	at   time.Time // when the hit was answered
	took time.Duration
	rss  int64
}

type span struct{ from, to time.Time }

func (w *watcher) watch(d time.Duration) {
	c := dial(w.b, w.process.Address("listen"))
	for end := time.Now().Add(d); time.Now().Before(end) && !w.b.Failed(); time.Sleep(hitPause) {
		began := time.Now()
		c.get(w.b, target(number(1+len(w.samples)*7919%snapshotProducts)))
		one := timedHit{at: time.Now(), took: time.Since(began)}
		if len(w.samples)%20 == 0 {
			now, _, err := w.process.Memory()
			if err != nil {
				w.b.Fatal(err)
			}
			one.rss = now
		}
		if len(w.samples)%500 == 0 {
			w.noteSnapshot()
		}
		w.samples = append(w.samples, one)
		c.took = c.took[:0]
	}
	w.noteSnapshot()
}

// noteSnapshot asks when the last snapshot was written.
func (w *watcher) noteSnapshot() {
	to := time.UnixMicro(int64(w.metric("productcache_snapshot_last_success_timestamp_seconds") * 1e6))
	took := time.Duration(w.metric("productcache_snapshot_duration_seconds") * float64(time.Second))
	if n := len(w.written); n == 0 || !w.written[n-1].to.Equal(to) {
		w.written = append(w.written, span{to.Add(-took), to})
	}
}

// while tells a hit that was under way while a snapshot was written.
func (s *timedHit) while(written []span) bool {
	return slices.ContainsFunc(written, func(w span) bool { return s.at.After(w.from) && s.at.Add(-s.took).Before(w.to) })
}

func (w *watcher) report() {
	for _, writing := range []bool{false, true} {
		var took []time.Duration
		var most int64
		for i := range w.samples {
			if s := &w.samples[i]; s.while(w.written) == writing {
				took = append(took, s.took)
				most = max(most, s.rss)
			}
		}
		if len(took) == 0 {
			w.b.Fatalf("no hits while writing is %v; snapshots were written %v", writing, w.written)
		}
		slices.Sort(took)
		when := map[bool]string{false: "idle-", true: "writing-"}[writing]
		w.b.ReportMetric(took[len(took)/2].Seconds()*1e6, when+"hit-p50-µs")
		w.b.ReportMetric(took[len(took)*999/1000].Seconds()*1e6, when+"hit-p99.9-µs")
		w.b.ReportMetric(took[len(took)-1].Seconds()*1e6, when+"hit-max-µs")
		w.b.ReportMetric(float64(most>>20), when+"rss-MiB")
	}
	w.b.ReportMetric(w.metric("productcache_snapshot_duration_seconds"), "write-s")
	w.b.ReportMetric(w.metric("productcache_snapshot_bytes")/(1<<20), "file-MiB")
}
