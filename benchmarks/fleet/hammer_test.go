package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"productcache/benchmarks/internal/ledger"
	"productcache/internal/faults"
	"productcache/internal/mysqltest"
	"productcache/internal/redistest"
)

// hammer is three nodes, a writer, and readers who know which versions an answer may carry.
type hammer struct {
	*fleet
	server   *mysqltest.Server
	database string
	redis    *redistest.Server
	ledger   *ledger.Ledger

	reads, confirmed, unconfirmed, refused, stale atomic.Int64
	gone                                          atomic.Bool // a node is killed: connections to it fail

	mu    sync.Mutex // guards wrong
	wrong []string
}

const hammered = 40 // products

// TestFleetHammer: whatever befalls nodes, Redis and loads, nobody who asks after a purge was confirmed gets what was there before it, on whichever
// node. PRODUCTCACHE_FLEET_HAMMER says how long; -count repeats it with other orders of events.
func TestFleetHammer(t *testing.T) {
	for _, follow := range []bool{false, true} {
		t.Run(fmt.Sprint("follow=", follow), func(t *testing.T) {
			h := &hammer{server: mysqltest.MariaDB(t, mysqltest.Private(), mysqltest.Binlog()), redis: redistest.Start(t), ledger: ledger.New(hammered)}
			h.database = h.server.Database(t)
			h.server.Exec(t, h.database, "CREATE TABLE products (id INT PRIMARY KEY, version BIGINT NOT NULL, name VARCHAR(100), text VARCHAR(100))")
			for id := 1; id <= hammered; id++ {
				h.server.Exec(t, h.database, fmt.Sprintf("INSERT INTO products VALUES (%d, 1, '%s', '')", id, ledger.NameOf(id, 1)))
			}
			proxy, err := faults.New(h.server.Addr())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { proxy.Close() })
			h.fleet = newFleet(t, 3, strings.Replace(h.server.DSN(h.database), h.server.Addr(), proxy.Addr(), 1), "-table=products", "-l2="+h.redis.URL(), "-audit-rate=0", "-ttl=1h", "-l2-warm=0",
				fmt.Sprint("-follow-binlog=", follow), "-stale-if-error=1h")
			for i := range h.nodes {
				h.usable(i)
			}
			// Answers of MySQL take a while, in which what they say can become old.
			proxy.Set(faults.Weather{Delay: 3 * time.Millisecond, Jitter: 10 * time.Millisecond})
			h.run(duration(t, "PRODUCTCACHE_FLEET_HAMMER", 6*time.Second))
		})
	}
}

// run has all of it happen.
func (h *hammer) run(long time.Duration) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), long)
	defer cancel()
	var work sync.WaitGroup
	for seed := range uint64(2) {
		work.Go(func() { h.write(ctx, rand.New(rand.NewPCG(seed, 1))) })
	}
	for seed := range uint64(12) {
		work.Go(func() { h.read(ctx, rand.New(rand.NewPCG(seed, 2))) })
	}
	work.Go(func() { h.disturb(ctx, long) })
	work.Wait()
	h.t.Logf("%d answers, %d stale-error, %d refused; %d purges confirmed, %d not", h.reads.Load(), h.stale.Load(), h.refused.Load(), h.confirmed.Load(), h.unconfirmed.Load())
	for _, w := range h.wrong {
		h.t.Error(w)
	}
	if h.confirmed.Load() == 0 || h.reads.Load() == 0 {
		h.t.Error("nothing was purged, or asked for")
	}
}

// disturb kills a node, and Redis, and starts both again, over and over, and has Redis forget what the nodes tell one another by.
func (h *hammer) disturb(ctx context.Context, long time.Duration) {
	rounds := max(1, int(long/(6*time.Second)))
	pause := long / time.Duration(6*rounds)
	sleep := func(d time.Duration) bool {
		select {
		case <-time.After(d):
			return true
		case <-ctx.Done():
			return false
		}
	}
	chance := rand.New(rand.NewPCG(1, 3))
	forget := func() bool { // as a Redis that is full may
		names := []string{"epochs", "purges", "masters", "hot"}
		if chance.IntN(4) == 0 { // seconds pass before purges are confirmed again
			names = append(names, "nodes")
		}
		for _, name := range names {
			if !sleep(time.Duration(chance.Int64N(int64(pause) / 2))) {
				return false
			}
			h.redis.Do("DEL", "{productcache}:"+name)
		}
		return true
	}
	for range rounds {
		if !forget() {
			return
		}
		h.gone.Store(true)
		if err := h.node(2).Kill(); err != nil {
			h.t.Error(err)
		}
		h.start(2)
		h.gone.Store(false)
		if !forget() {
			return
		}
		h.redis.Kill()
		sleep(pause)
		h.redis.Run()
		if !forget() {
			return
		}
		h.redis.Stop()
		sleep(pause)
		h.redis.Continue()
		if !forget() {
			return
		}
	}
}

func (h *hammer) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.wrong) < 20 {
		h.wrong = append(h.wrong, fmt.Sprintf(format, args...))
	}
}

// write writes versions, and has them purged.
func (h *hammer) write(ctx context.Context, chance *rand.Rand) {
	for ctx.Err() == nil {
		id := 1 + chance.IntN(hammered)
		p := h.ledger.Product(id)
		h.mu.Lock()
		version := p.Begun() + 1
		p.Begin(version, false)
		h.mu.Unlock()
		h.server.Exec(h.t, h.database, fmt.Sprintf("UPDATE products SET version = %d, name = '%s' WHERE id = %d AND version < %d", version, ledger.NameOf(id, version), id, version))
		remove := chance.IntN(4) == 0
		body, _ := json.Marshal(map[string]any{"lookup": "products", "keys": []string{fmt.Sprint(id)}, "mode": map[bool]string{false: "stale", true: "remove"}[remove]})
		r, err := do(ctx, http.MethodPost, h.admin(chance.IntN(2))+"/api/purge", string(body)) // not by the one that is killed
		switch {
		case err != nil && ctx.Err() == nil:
			h.note("a purge: %v", err)
		case err != nil:
		case r.status == http.StatusOK:
			p.Purge(version, remove)
			h.confirmed.Add(1)
		case r.status == http.StatusAccepted:
			h.unconfirmed.Add(1)
		default:
			h.note("a purge: %d %s", r.status, r.body)
		}
	}
}

// read asks any node, and judges.
func (h *hammer) read(ctx context.Context, chance *rand.Rand) {
	for ctx.Err() == nil {
		id, node := 1+chance.IntN(hammered), chance.IntN(3)
		p := h.ledger.Product(id)
		floor := p.Floor()
		r, err := do(ctx, http.MethodGet, fmt.Sprint(h.public(node), "/v1/products/", id), "")
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && node == 2:
			time.Sleep(time.Millisecond) // it is killed, or was when this was asked
			continue
		case err != nil:
			h.note("node %d: %v", node+1, err)
			continue
		case r.status == http.StatusServiceUnavailable || r.status == http.StatusGatewayTimeout:
			h.refused.Add(1)
			h.note("node %d refuses product %d: %d %s", node+1, id, r.status, r.body)
			continue
		}
		h.reads.Add(1)
		cacheStatus := r.header.Get("Cache-Status")
		var row ledger.Row
		if err := json.Unmarshal(r.body, &row); err != nil || r.status != http.StatusOK {
			h.note("product %d: %d %s", id, r.status, r.body)
			continue
		}
		failing := strings.Contains(cacheStatus, "stale-error")
		if failing {
			h.stale.Add(1)
		}
		if err := p.Judge(floor, ledger.Answer{Found: true, Version: row.Version, StaleError: failing}); err != nil {
			h.note("node %d, product %d, %s: %v", node+1, id, cacheStatus, err)
		}
		if err := row.Check(id); err != nil {
			h.note("node %d: %v", node+1, err)
		}
	}
}
