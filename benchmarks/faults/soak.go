package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/internal/faults"
	"productcache/internal/mysqltest"
)

// SoakConfig of a soak.
type SoakConfig struct {
	Binary   string            // the program
	MySQL    *mysqltest.Server // a MariaDB that nobody else uses
	Folder   string            // for catalog and snapshot
	Out      io.Writer         // gets the seed, and a line an event
	Seed     uint64            // of the events and their order
	Duration time.Duration     // that the events take together, with the calm after each
	Only     string            // parts of the names of events, with commas between; "": all
	Short    bool              // few keys; nothing is judged by the clock
}

// soak has one program, which is now and then restarted, live through one event after the other.
type soak struct {
	*rig
	config  SoakConfig
	steps   []step
	calm    tally // of all that is asked between two events
	tallies []tally
	bound   int64 // of resident memory: that of a program that has borne the heaviest event so far
	peak    int64
}

// Sizes of a soak: connections that a test's limit of descriptors allows beside each other, and what is asked for at a rate that
// leaves the machine time for the events.
func (c SoakConfig) sizes() scale {
	s := Config{Short: c.Short}.sizes()
	s.rate, s.tool = 500, false
	if c.Short {
		s.rate, s.during, s.after = 250, time.Second, 500*time.Millisecond
		return s
	}
	s.idle, s.slow, s.deaf, s.flood = 2000, 1000, 50, 100_000
	s.refill, s.refillRate = 20_000, 2000
	s.after = recovery + 2*time.Second
	return s
}

// snapshotInterval lets snapshots come often enough for one to be there whenever the program is killed.
const snapshotInterval = time.Second

// fairWeather is that of a database on another machine: while an answer of MySQL is on its way, what it says can become
// old.
const fairWeather = 2 * time.Millisecond

// Soak runs and returns what there is to say of it. The error says which promises were broken, or what kept it from going
// on.
func Soak(ctx context.Context, c SoakConfig) (report *SoakReport, err error) {
	h, err := openShop(ctx, c.MySQL, c.sizes(), c.Folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.pool.Close()) }()
	r, err := newRig(ctx, Config{Binary: c.Binary, MySQL: c.MySQL, Folder: c.Folder, Out: c.Out, Short: c.Short}, h,
		"-snapshot="+filepath.Join(c.Folder, "soak.snapshot"), fmt.Sprint("-snapshot-interval=", snapshotInterval))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	r.fair = faults.Weather{Delay: fairWeather}
	r.proxy.Set(r.fair)
	s := &soak{rig: r, config: c, steps: plan(c.Seed, c.kinds(h.scale), h.scale, c.Duration), bound: memoryBound}
	s.tallies = make([]tally, len(s.steps))
	fmt.Fprintf(c.Out, "seed %d: %d events\n", c.Seed, len(s.steps))
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	if report, err = s.end(ctx); err != nil {
		return nil, err
	}
	return report, report.err()
}

// run lets the events happen, one after the other, while the load runs.
func (s *soak) run(ctx context.Context) error {
	s.begin(after, &s.calm)
	s.back.Store(time.Now().UnixNano())
	if err := s.snapshotted(ctx); err != nil {
		return err
	}
	loading, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { s.askHits(loading) })
	running.Go(func() { s.others(loading) })
	running.Go(func() { s.watch.run(loading, s.shop) })
	wait(ctx, s.scale.after) // what changes is cached, too
	for i, st := range s.steps {
		s.findings.in(fmt.Sprintf("%d. %v", i+1, st))
		if err := s.step(ctx, st, &s.tallies[i]); err != nil {
			return fmt.Errorf("faults: soak: seed %d: event %d, %v: %w", s.config.Seed, i+1, st, err)
		}
		fmt.Fprintf(s.config.Out, "%d. %v: cached %s, others %s; findings %d\n", i+1, st, s.tallies[i].counts(ofHits).all(), s.tallies[i].counts(ofOthers).all(), s.findings.number())
	}
	return nil
}

// snapshotted waits for a snapshot with the hot products.
func (s *soak) snapshotted(ctx context.Context) error {
	for {
		n, err := s.program().Metric(ctx, "productcache_snapshot_entries")
		if err != nil || n >= float64(s.scale.hot) {
			return err
		}
		if !wait(ctx, lookPause) {
			return ctx.Err()
		}
	}
}

// step lets one event, or two, happen, and then nothing for a while. An error is what the soak cannot go on after.
func (s *soak) step(ctx context.Context, st step, t *tally) error {
	var extra int64
	phase := int32(after)
	for _, k := range st.kinds {
		extra += k.extra
		if k.disturbs() {
			phase = during
		}
		if k.renews() {
			s.watch.resting.Store(true)
		}
	}
	s.bound = max(s.bound, memoryBound+extra)
	s.begin(phase, t)
	err := s.happen(ctx, st)
	if phase == during {
		s.back.Store(time.Now().UnixNano())
	}
	s.begin(after, &s.calm)
	if err != nil || !wait(ctx, st.calm) {
		return errors.Join(err, ctx.Err())
	}
	s.comesBack(ctx, false)
	s.watch.resting.Store(false)
	if err := s.fillAgain(ctx); err != nil {
		return err
	}
	return s.notePeak()
}

// happen lets the kinds of a step happen at the same time, for its length. An error is that the program is gone for good; what else
// goes wrong with an event is a finding.
func (s *soak) happen(ctx context.Context, st step) error {
	happening, over := context.WithTimeout(ctx, st.length)
	defer over()
	var running sync.WaitGroup
	var lost atomic.Pointer[error]
	for _, k := range st.kinds {
		running.Go(func() {
			switch err := k.happen(happening, s.rig); {
			case err == nil:
			case k.of == ofProgram:
				lost.Store(&err)
			default:
				s.findings.note("%s broke off: %v", k.name, err)
			}
		})
	}
	running.Wait()
	if err := lost.Load(); err != nil {
		return *err
	}
	return nil
}

// fillAgain has the hot products cached again, if they were removed.
func (s *soak) fillAgain(ctx context.Context) error {
	if !s.emptied.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for id := 1; id <= s.scale.hot; id++ {
		for a, err := s.get(ctx, productPath(id)); err != nil || a.status != 200; a, err = s.get(ctx, productPath(id)) {
			if !wait(ctx, lookPause) {
				return fmt.Errorf("product %d is not cached again: %d %v", id, a.status, err)
			}
		}
	}
	s.emptied.Store(false)
	return nil
}

// notePeak compares the most memory that the program of now has had with what it may.
func (s *soak) notePeak() error {
	_, peak, err := s.program().Memory()
	if s.peak = max(s.peak, peak); peak > s.bound {
		s.findings.note("peak memory %d bytes, want at most %d", peak, s.bound)
	}
	return err
}

// end looks at what is left when the load is over.
func (s *soak) end(ctx context.Context) (*SoakReport, error) {
	s.findings.in("at the end")
	s.comesBack(ctx, true)
	if err := s.burst(ctx); err != nil {
		return nil, err
	}
	s.client.CloseIdleConnections()
	now, err := s.program().Settle(ctx, s.idle, pooled)
	if err != nil {
		s.findings.note("%v", err)
	}
	if now.Resident, err = s.shrunk(ctx); now.Resident > memoryBound {
		s.findings.note("at rest %d bytes are resident, want at most %d", now.Resident, int64(memoryBound))
	}
	if n := s.watch.most.Load(); n > maxConns {
		s.findings.note("%d queries at once in MySQL, want at most %d", n, maxConns)
	}
	return s.report(now), err
}

// shrunk returns the memory that is resident once the program has given back what it no longer needs: within the bound, or
// after a minute.
func (s *soak) shrunk(ctx context.Context) (resident int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if resident, _, err = s.program().Memory(); err != nil || resident <= memoryBound || !wait(ctx, lookPause) {
			return resident, err
		}
	}
}

// report is what the soak has come to.
func (s *soak) report(now child.Usage) *SoakReport {
	r := &SoakReport{Seed: s.config.Seed, Duration: s.config.Duration, Events: len(s.steps), AtOnce: s.watch.most.Load(), Peak: s.peak, Before: s.idle, Now: now,
		Calm: countsOf(&s.calm), Skipped: skipped()}
	r.Findings = s.findings.all()
	rows := map[string]*SoakRow{}
	for i, st := range s.steps {
		for _, k := range st.kinds {
			row := rows[k.name]
			if row == nil {
				row = &SoakRow{Name: k.of.String() + ": " + k.name}
				rows[k.name] = row
				r.Rows = append(r.Rows, row)
			}
			row.add(countsOf(&s.tallies[i]), len(st.kinds) > 1)
		}
		r.During.add(countsOf(&s.tallies[i]))
	}
	return r
}
