package fleet_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/benchmarks/fleet/model"
	"productcache/benchmarks/internal/machine"
	"productcache/benchmarks/peers/load"
	"productcache/internal/mysqltest"
	"productcache/internal/redistest"
)

// figures are lines of a report.
type figures struct{ lines []string }

func (r *figures) add(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

// TestFigures makes the figures of docs/scale.md, if PRODUCTCACHE_FLEET names that file.
func TestFigures(t *testing.T) {
	file := os.Getenv(reportVariable)
	if file == "" {
		t.Skip(reportVariable + " names no file to write the figures into: make fleet")
	}
	r := &figures{}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4)) // else the clock of the load waits for the many who read answers
	r.add("- %s\n", strings.Join(append(machine.Lines(), "Redis: "+machine.Version("redis-server", "--version"), "load averages before: "+machine.Load()), "\n- "))
	part := func(name string, make func(t *testing.T)) { t.Run(name, make) } // which ends its processes
	perKey := 0.0                                                            // seconds of Redis' processor
	part("costs", func(t *testing.T) { perKey = costs(t, r) })
	for _, redis := range []struct {
		name string
		url  func(t *testing.T) string
	}{
		{"one Redis", func(t *testing.T) string { return redistest.Start(t).URL() }},
		{"a Cluster of 3 masters", func(t *testing.T) string { return redistest.ClusterURL(redistest.Cluster(t, 3)) }},
	} {
		r.add("\n### With %s\n", redis.name)
		part("hot key", func(t *testing.T) { hotKey(t, r, redis.url(t)) })
		part("cold node", func(t *testing.T) { coldNode(t, r, redis.url(t)) })
	}
	part("stopped", func(t *testing.T) { stopped(t, r) })
	r.add("\n### The model beside real nodes\n\n5,000 products by a Zipf law of %.1f, 400 requests a second on each node, `-ttl` 4 s; rates a second over 12 s, after as long a time.\n\n"+
		"| nodes, tier | MySQL, keys: real, model | tier, keys: real, model | hit ratio of memory: real, model |\n|---|---|---|---|", skew)
	for _, nodes := range []int{1, 2, 4} {
		for _, tier := range []bool{false, true} {
			part(fmt.Sprint(nodes, " nodes, tier ", tier), func(t *testing.T) { reality(t, r, nodes, tier) })
		}
	}
	scale(r, perKey)
	if t.Failed() {
		return
	}
	if err := replace(file, strings.Join(r.lines, "\n")+"\n"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimSuffix(file, "scale.md")+"images/scale.svg", plot(), 0o644); err != nil {
		t.Fatal(err)
	}
}

const (
	beginMark = "<!-- What follows is written by make fleet. -->\n"
	endMark   = "<!-- Up to here. -->\n"
)

func replace(file, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), beginMark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return fmt.Errorf("fleet: %s has no place for the figures", file)
	}
	return os.WriteFile(file, []byte(before+beginMark+"\n"+text+"\n"+endMark+after), 0o644)
}

// shop makes a database with so many products.
func shop(t *testing.T, products int) (*mysqltest.Server, string) {
	t.Helper()
	s := mysqltest.MariaDB(t, mysqltest.Private(), mysqltest.Nice(10))
	database := s.Database(t)
	s.Exec(t, database, "CREATE TABLE products (id INT PRIMARY KEY, name VARCHAR(100), text VARCHAR(2000))",
		fmt.Sprintf("INSERT INTO products SELECT seq, CONCAT('product ', seq), REPEAT(CONCAT('text of ', seq, ' '), 70) FROM seq_1_to_%d", products))
	return s, database
}

// ask sends requests for ids to a node at a rate, from an open loop, and returns their latencies. Each answer must be 200.
func ask(t *testing.T, address string, rate float64, long time.Duration, seed uint64, ids []int) load.Result {
	t.Helper()
	work := make([]load.Work, len(ids))
	for i, id := range ids {
		work[i] = load.Work{Steps: [][]byte{[]byte(fmt.Sprintf("GET /v1/products/%d HTTP/1.1\r\nHost: shop\r\n\r\n", id))}, Answers: 1}
	}
	result, err := load.Run(t.Context(), load.Options{Network: "tcp", Address: address, Connections: 16, Work: work, Duration: long, Rate: rate, Seed: seed,
		Collects: true, Nice: -5, Answer: load.Judged(func(a load.Reply) error {
			if a.Status != http.StatusOK {
				return fmt.Errorf("%d: %.200s", a.Status, a.Body)
			}
			return nil
		})})
	if err != nil {
		t.Error(err)
	}
	return result
}

// skewed are ids by a Zipf law.
func skewed(seed uint64, products, n int) []int {
	chance := rand.New(rand.NewPCG(seed, 7))
	cumulative := make([]float64, products)
	sum := 0.0
	for i := range cumulative {
		sum += math.Pow(float64(i+1), -skew)
		cumulative[i] = sum
	}
	ids := make([]int, n)
	for i := range ids {
		at, _ := slices.BinarySearch(cumulative, chance.Float64()*sum)
		ids[i] = min(at, products-1) + 1
	}
	return ids
}

const skew = 0.9

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

// costs is what an answer costs, one after the other.
func costs(t *testing.T, r *figures) (perKey float64) {
	const n = 2000
	s, database := shop(t, 4*n)
	redis := redistest.Start(t)
	f := newFleet(t, 2, s.DSN(database), "-table=products", "-l2="+redis.URL(), "-audit-rate=0", "-l2-warm=0")
	alone := newFleet(t, 1, s.DSN(database), "-table=products", "-audit-rate=0")
	f.usable(0)
	f.usable(1)
	one := func(f *fleet, node, from int) (took []time.Duration) {
		for id := from; id < from+n; id++ {
			began := time.Now()
			a, err := do(t.Context(), http.MethodGet, fmt.Sprint(f.public(node), "/v1/products/", id), "")
			if err != nil || a.status != http.StatusOK {
				t.Fatal(err, a.status)
			}
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		return took
	}
	row := func(name string, took []time.Duration) {
		r.add("| %s | %s | %s |", name, ms(took[n/2]), ms(took[n*99/100]))
	}
	r.add("\n### What an answer costs\n\nOne request after the other over one connection, products of 1.1 kB.\n\n| answered from | p50 | p99 |\n|---|---|---|")
	miss := one(f, 0, 1)
	for until := time.Now().Add(10 * time.Second); f.stats(0).Tier.Stored < n; time.Sleep(time.Millisecond) { // which is done in the background
		if time.Now().After(until) {
			t.Fatalf("%d of %d stored", f.stats(0).Tier.Stored, n)
		}
	}
	busy := func() float64 { return redis.Count("used_cpu_sys") + redis.Count("used_cpu_user") }
	commands, bytes, cpu := redis.Count("total_commands_processed"), redis.Count("used_memory"), busy()
	second := one(f, 1, 1)
	perHit := (redis.Count("total_commands_processed") - commands) / n
	perKey = (busy() - cpu) / n
	row("the node's memory", one(f, 0, 1))
	row("the second tier", second)
	row("MySQL, with a second tier", miss)
	row("MySQL, without", one(alone, 0, 1))
	r.add("\nMySQL is asked for one row by its primary key here, which it answers in no time: the second tier is there to spare it, not to be faster.\nA key that the second tier has costs it %.1f commands (two of them inside the script) and %.0f µs of its processor, those of two nodes' heartbeats within, and %.0f bytes of its memory, of which its name and Redis' own are a part.", perHit, 1e6*perKey, bytes/n)
	return perKey
}

// hotKey has a key expire again and again on four nodes under load.
func hotKey(t *testing.T, r *figures, url string) {
	s, database := shop(t, 10)
	f := newFleet(t, 4, s.DSN(database), "-table=products", "-l2="+url, "-audit-rate=0", "-ttl=1s", "-ttl-jitter=0", "-stale-while-revalidate=0", "-l2-timeout=100ms")
	for i := range f.nodes {
		f.usable(i)
		ask(t, f.node(i).Address("listen"), 10, 200*time.Millisecond, 1, []int{7})
	}
	before := int64(0)
	for i := range f.nodes {
		before += f.stats(i).Queries.Sent
	}
	var work sync.WaitGroup
	const long = 10 * time.Second
	for i := range f.nodes {
		work.Go(func() { ask(t, f.node(i).Address("listen"), 500, long, uint64(i), []int{7}) })
	}
	work.Wait()
	after, waited := int64(0), int64(0)
	for i := range f.nodes {
		st := f.stats(i)
		after, waited = after+st.Queries.Sent, waited+st.Tier.Waited
	}
	r.add("\n- A key that expires every second, asked for 500 times a second on each of 4 nodes, for %v: %d queries to MySQL of all nodes together, %.2f an expiry; %d times a node has waited for another one's load.",
		long, after-before, float64(after-before)/long.Seconds(), waited)
}

// coldNode has a fourth node join three under load.
func coldNode(t *testing.T, r *figures, url string) {
	const products, rate = 20_000, 400
	s, database := shop(t, products)
	f := newFleet(t, 3, s.DSN(database), "-table=products", "-l2="+url, "-audit-rate=0", "-l2-timeout=100ms")
	for i := range f.nodes {
		f.usable(i)
	}
	for from := 1; from <= products; from += 100 { // as a fleet that has run for long
		a, err := do(t.Context(), http.MethodGet, f.public(from%3)+"/v1/products?keys="+keyList(from, 100), "")
		if err != nil || a.status != http.StatusOK {
			t.Fatal(err, a.status)
		}
	}
	var work sync.WaitGroup
	for i := range f.nodes {
		work.Go(func() {
			ask(t, f.node(i).Address("listen"), rate, 40*time.Second, uint64(i), skewed(uint64(i)+10, products, 40*rate))
		})
	}
	time.Sleep(10 * time.Second)
	for _, warm := range []string{"10s", "0s"} {
		one := newFleet(t, 1, s.DSN(database), "-table=products", "-l2="+url, "-audit-rate=0", "-l2-timeout=100ms", "-l2-warm="+warm)
		one.usable(0)
		filled := one.stats(0)
		ask(t, one.node(0).Address("listen"), rate, 8*time.Second, 4, skewed(99, products, 8*rate))
		st := one.stats(0)
		missed := st.Tier.Hits + st.Tier.Loaded - filled.Tier.Hits - filled.Tier.Loaded
		loaded := st.Tier.Loaded - filled.Tier.Loaded
		r.add("- A 4th node joins three that have been asked for each of %d products, and are by a Zipf law of %.1f, %d times a second each; `-l2-warm` %s: %d keys were filled in before it was ready; of the %d requests of its first 8 seconds %d missed its memory, and %d (%.1f %%) of those came from MySQL.",
			products, skew, rate, warm, filled.Tier.Hits, 8*rate, missed, loaded, 100*float64(loaded)/float64(max(1, missed)))
	}
	work.Wait()
}

// stopped has Redis stop under load.
func stopped(t *testing.T, r *figures) {
	const hot, rate = 500, 1000
	s, database := shop(t, 200_000)
	redis := redistest.Start(t)
	f := newFleet(t, 1, s.DSN(database), "-table=products", "-l2="+redis.URL(), "-audit-rate=0", "-l2-warm=0", "-ttl=1h")
	f.usable(0)
	ids := make([]int, hot)
	for i := range ids {
		ids[i] = i + 1
	}
	address, next := f.node(0).Address("listen"), hot+1
	ask(t, address, rate, 2*time.Second, 1, ids)
	both := func() (hits, misses load.Result) {
		fresh := make([]int, 5000)
		for i := range fresh {
			fresh[i], next = next, next+1
		}
		var work sync.WaitGroup
		work.Go(func() { hits = ask(t, address, rate, 5*time.Second, 2, ids) })
		work.Go(func() { misses = ask(t, address, 200, 5*time.Second, 3, fresh) })
		work.Wait()
		return hits, misses
	}
	r.add("\n### Redis stops under load\n\nOne node, 1,000 hits and 200 misses a second; `-l2-timeout` is the default, 10 ms. Each answer was 200, or nothing would stand here.\n\n| Redis | hits: p50, p99 | misses: p50, p99 |\n|---|---|---|")
	row := func(name string) {
		hits, misses := both()
		r.add("| %s | %s, %s | %s, %s |", name, ms(hits.Quantile(0.5)), ms(hits.Quantile(0.99)), ms(misses.Quantile(0.5)), ms(misses.Quantile(0.99)))
	}
	row("in use")
	go func() { time.Sleep(time.Second); redis.Stop() }()
	row("is stopped in its tracks after 1 s")
	row("stopped")
	redis.Continue()
	f.usable(0)
	row("in use again")
	go func() { time.Sleep(time.Second); redis.Kill() }()
	row("is killed after 1 s")
	row("gone")
	redis.Run()
	f.usable(0)
	row("back, and empty")
}

// small is a fleet as large as this machine can run, for a comparison of the model with reality.
func small(nodes int, tier bool) model.Fleet {
	return model.Fleet{Nodes: nodes, Keys: 5000, Skew: skew, Requests: 400, TTL: 4, Jitter: 0.1, Tier: tier, Horizon: 12, Seed: 1}
}

// reality compares the model with real nodes.
func reality(t *testing.T, r *figures, nodes int, tier bool) {
	m := small(nodes, tier)
	s, database := shop(t, m.Keys)
	flags := []string{"-table=products", "-audit-rate=0", "-ttl=4s", "-stale-while-revalidate=0", "-l2-warm=0"}
	if tier {
		flags = append(flags, "-l2="+redistest.Start(t).URL(), "-l2-timeout=100ms")
	}
	f := newFleet(t, nodes, s.DSN(database), flags...)
	run := func(seed uint64) {
		var work sync.WaitGroup
		for i := range nodes {
			work.Go(func() {
				ids := skewed(seed+uint64(i), m.Keys, int(m.Requests*m.Horizon))
				ask(t, f.node(i).Address("listen"), m.Requests, time.Duration(m.Horizon)*time.Second, seed+uint64(i), ids)
			})
		}
		work.Wait()
	}
	run(100)
	before := f.sums(tier)
	run(200)
	after := f.sums(tier)
	long := m
	long.Horizon = 100
	said := long.Run()
	r.add("| %d, %v | %.0f, %.0f | %.0f, %.0f | %.1f %%, %.1f %% |", nodes, map[bool]string{false: "without", true: "with"}[tier],
		(after.mysql-before.mysql)/m.Horizon, said.MySQL, (after.tier-before.tier)/m.Horizon, said.Tier,
		100*(after.hits-before.hits)/(after.keys-before.keys), 100*said.HitRatio)
}

// sums are what all nodes have counted.
type sums struct{ mysql, tier, hits, keys float64 }

func (f *fleet) sums(tier bool) (s sums) {
	f.t.Helper()
	for i := range f.nodes {
		of := f.stats(i)
		for outcome, n := range of.Keys {
			s.keys += float64(n)
			if outcome == "hit" || outcome == "stale" {
				s.hits += float64(n)
			}
		}
		if tier {
			s.mysql, s.tier = s.mysql+float64(of.Tier.Loaded), s.tier+float64(of.Tier.Hits+of.Tier.Loaded)
		} else {
			s.mysql += float64(of.Loads.Keys)
		}
	}
	return s
}

// large is a shop that has outgrown a machine.
func large(nodes int, tier bool) model.Fleet {
	return model.Fleet{Nodes: nodes, Keys: 200_000, Skew: skew, Requests: 2000, TTL: 300, Jitter: 0.1, Changes: 20, Restarts: 1.0 / 86400, Tier: tier,
		Horizon: 600, Seed: 1, Bins: 100}
}

// both are what the model says of each fleet, without a tier and with it.
var both = sync.OnceValue(func() (all [][2]model.Result) {
	for _, n := range fleets {
		all = append(all, [2]model.Result{large(n, false).Run(), large(n, true).Run()})
	}
	return all
})

var fleets = []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000}

// scale is the model where this machine cannot go.
func scale(r *figures, perKey float64) {
	r.add("\n### The model of 1 to 1,000 nodes\n\n200,000 products by a Zipf law of %.1f, 2,000 requests a second on each node, `-ttl` 5m, 20 changes a second that all nodes are told of, each node restarted once a day.\n\n"+
		"| nodes | hit ratio of memory | MySQL without a tier, keys a second | MySQL with it | tier, keys a second | of which it had | processors of Redis |\n|---|---|---|---|---|---|---|", skew)
	for i, n := range fleets {
		without, with := both()[i][0], both()[i][1]
		r.add("| %d | %.1f %% | %.0f | %.0f | %.0f | %.1f %% | %.2f |", n, 100*with.HitRatio, without.MySQL, with.MySQL, with.Tier, 100*with.TierHits, with.Tier*perKey)
	}
}
