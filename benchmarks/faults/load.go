package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"productcache/benchmarks/internal/ledger"
)

// askHits asks for the hot products in turn until ctx is done, at the rate of the case and over connections that may be lost.
func (r *rig) askHits(ctx context.Context) {
	n := 0
	openLoop(ctx, time.Duration(float64(time.Second)/r.scale.rate), func() func() {
		id := n%r.scale.hot + 1
		n++
		return func() { r.askHit(ctx, id) }
	})
}

func (r *rig) askHit(ctx context.Context, id int) {
	a, err := r.get(ctx, productPath(id))
	v := away
	switch {
	case ctx.Err() != nil:
		return
	case err == nil:
		v = r.judgeHit(id, a.status, []byte(a.cacheStatus()), a.body)
	case !r.away.Overlaps(a.began):
		v = wrong
		r.findings.note("a cached product: %v", err)
	}
	r.tally().count(ofHits, v)
}

// What is asked for beside the hits, of each kind.
const (
	missPause    = 10 * time.Millisecond
	changePause  = 20 * time.Millisecond
	changedPause = 5 * time.Millisecond
	oddPause     = 50 * time.Millisecond
	mostAtOnce   = 500 // of the requests under way, of each kind
)

// others asks for everything else until ctx is done, and waits for the answers.
func (r *rig) others(ctx context.Context) {
	var running sync.WaitGroup
	chance := rand.New(rand.NewPCG(1, 1))
	running.Go(func() { r.change(ctx) })
	running.Go(func() {
		openLoop(ctx, missPause, func() func() { id := r.unasked(); return func() { r.miss(ctx, id) } })
	})
	running.Go(func() {
		openLoop(ctx, changedPause, func() func() {
			id, keeps := r.scale.hot+1+chance.IntN(changing), chance.IntN(3) == 0
			return func() { r.changed(ctx, id, keeps) }
		})
	})
	odd := rand.New(rand.NewPCG(1, 2))
	running.Go(func() {
		openLoop(ctx, oddPause, func() func() {
			absent, first := r.scale.rows+1+odd.IntN(1<<30), r.scale.hot+1+odd.IntN(changing/2)
			if odd.IntN(2) == 0 {
				return func() { r.absent(ctx, absent) }
			}
			return func() { r.several(ctx, first, 20) }
		})
	})
	running.Wait()
}

// openLoop begins something in each pause, whether or not what was begun before has ended, up to mostAtOnce.
func openLoop(ctx context.Context, pause time.Duration, next func() func()) {
	var running sync.WaitGroup
	defer running.Wait()
	places := make(chan struct{}, mostAtOnce)
	ticks := time.NewTicker(pause)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return
		}
		select {
		case places <- struct{}{}:
			do := next()
			running.Go(func() { defer func() { <-places }(); do() })
		default:
		}
	}
}

// miss asks for a product that nobody has asked for.
func (r *rig) miss(ctx context.Context, id int) { r.missOf(ctx, "products", id) }

func (r *rig) missOf(ctx context.Context, lookup string, id int) {
	path := "/v1/" + lookup + "/" + strconv.Itoa(id)
	a, err := r.get(ctx, path)
	r.judged(ctx, path, a, err, func(a reply) error { return checkBody(a, id) })
}

// absent asks for what there never was.
func (r *rig) absent(ctx context.Context, id int) {
	a, err := r.get(ctx, productPath(id))
	r.judged(ctx, productPath(id), a, err, func(a reply) error {
		if a.status != http.StatusNotFound {
			return fmt.Errorf("%d, want 404: %.200s", a.status, a.body)
		}
		return nil
	})
}

// copied is an answer that a client keeps, to ask whether it still holds.
type copied struct {
	tag     string
	version int64
}

// changed asks for a product that changes, as a client that keeps a copy if keeps is set.
func (r *rig) changed(ctx context.Context, id int, keeps bool) {
	p := r.ledger.Product(id)
	floor := p.Floor()
	var mine copied
	if kept, ok := r.copies.Load(id); ok && keeps {
		mine = kept.(copied)
	}
	a, err := r.getIf(ctx, productPath(id), mine.tag)
	r.judged(ctx, productPath(id), a, err, func(a reply) error {
		_, failing := a.old()
		got := ledger.Answer{Found: a.status != http.StatusNotFound, Version: mine.version, StaleError: failing}
		if got.Found && (a.status != http.StatusNotModified || mine.tag == "") {
			row, err := rowOf(a, id)
			if err != nil {
				return err
			}
			got.Version = row.Version
			r.copies.Store(id, copied{a.header.Get("ETag"), row.Version})
		}
		return p.Judge(floor, got)
	})
}

// several asks for products that change, in one request.
func (r *rig) several(ctx context.Context, first, n int) {
	var floors []ledger.Floor
	var keys []string
	for id := first; id < first+n; id++ {
		floors, keys = append(floors, r.ledger.Product(id).Floor()), append(keys, strconv.Itoa(id))
	}
	path := "/v1/products?keys=" + strings.Join(keys, ",")
	a, err := r.get(ctx, path)
	r.judged(ctx, path, a, err, func(a reply) error {
		var body ledger.Collection
		if a.status != http.StatusOK {
			return fmt.Errorf("status %d: %.200s", a.status, a.body)
		}
		if err := json.Unmarshal(a.body, &body); err != nil {
			return err
		}
		if len(body.Unavailable) > 0 {
			r.bad()
		}
		for i, floor := range floors {
			if err := body.Judge(r.ledger.Product(first+i), first+i, floor, strings.Contains(a.cacheStatus(), "stale-error=")); err != nil {
				return fmt.Errorf("key %d: %w", first+i, err)
			}
		}
		return nil
	})
}

// change writes versions, some of them deletions, and purges them until ctx is done. Each is written until MySQL has
// confirmed it.
func (r *rig) change(ctx context.Context) {
	chance := rand.New(rand.NewPCG(1, 3))
	for wait(ctx, changePause) {
		id := r.scale.hot + 1 + chance.IntN(changing)
		p := r.ledger.Product(id)
		version := p.Begun() + 1
		gone := p.Deleted() < version-1 && chance.IntN(4) == 0
		p.Begin(version, gone)
		for !r.write(ctx, id, version, gone) {
			if !wait(ctx, changePause) {
				return
			}
		}
		p.Wrote(version)
		remove := chance.IntN(5) == 0
		if r.purge(ctx, purge{Keys: []string{strconv.Itoa(id)}, Mode: mode(remove)}) {
			p.Purge(version, remove)
		}
	}
}

// write reports whether MySQL has confirmed a version. One that was not confirmed may yet be written, but not over a
// later one.
func (r *rig) write(ctx context.Context, id int, version int64, gone bool) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := r.pool.ExecContext(ctx, "UPDATE faults.products SET version = ?, name = ?, gone = ? WHERE id = ? AND version < ?",
		version, ledger.NameOf(id, version), gone, id, version)
	return err == nil
}

// mostBursts are tried until one is not disturbed by a machine that is busy with something else.
const mostBursts = 5

// burst asks for products that nobody has asked for, each by several callers at once, and expects that each is loaded
// once. They do not expire meanwhile.
func (r *rig) burst(ctx context.Context) error {
	for range mostBursts {
		before := r.tally().counts(ofOthers)[refused]
		loaded, err := r.burstOnce(ctx)
		switch {
		case err != nil:
			return err
		case loaded == burstProducts:
			return nil
		case r.tally().counts(ofOthers)[refused] == before: // a load that failed is tried again
			r.findings.note("%d new products, each asked for by %d callers: %v keys were loaded", burstProducts, burstCallers, loaded)
			return nil
		}
	}
	r.findings.note("of %d bursts of new products, each has seen refusals", mostBursts)
	return nil
}

const burstProducts, burstCallers = 200, 5

// burstOnce returns how many keys were loaded.
func (r *rig) burstOnce(ctx context.Context) (loaded float64, err error) {
	var ids []int
	for range burstProducts {
		ids = append(ids, r.unasked())
	}
	before, err := r.program().Metric(ctx, "productcache_load_keys_total")
	if err != nil {
		return 0, err
	}
	var asking sync.WaitGroup
	for _, id := range slices.Repeat(ids, burstCallers) {
		asking.Go(func() { r.missOf(ctx, "lasting", id) })
	}
	asking.Wait()
	after, err := r.program().Metric(ctx, "productcache_load_keys_total")
	return after - before, err
}
