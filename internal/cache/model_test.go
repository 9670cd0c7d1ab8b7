package cache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"productcache/internal/cache"
)

const (
	loadTimeout = 5 * time.Second
	mostValue   = 300
	tick        = 4 * time.Millisecond // marks of entries are as fine
	offBeat     = 7 * time.Microsecond // keeps ends of loads off the instants of operations
)

var modelKeys = []string{"a", "b", "c", "d"}

// TestAgainstAReference does random operations on a cache, in virtual time, and holds each answer against a
// reference, and the bounds after each step. A failure is repeated by rapid's seed, which it prints; which keys share a
// shard is another each time.
func TestAgainstAReference(t *testing.T) {
	for round := range 8 { // rapid's checks are too few for one
		small, few := round%2 == 1, round/2%2 == 1
		t.Run(fmt.Sprintf("%d,small=%v,few=%v", round, small, few), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				ops := rapid.SliceOfN(rapid.Custom(drawOp), 40, 80).Draw(rt, "operations")
				var m *model
				synctest.Test(t, func(*testing.T) {
					m = newModel(small, few)
					m.run(ops)
				})
				if len(m.ref.wrong) > 0 {
					rt.Fatalf("%v", m.ref)
				}
			})
		})
	}
}

// op is one operation. N is used as it comes.
type op struct {
	Kind string
	Keys []string
	N    int
}

var kinds = []string{"get", "get", "get", "get", "many", "many", "briefly", "try", "try many", "reload", "purge", "purge all",
	"pass", "pass", "pass", "row", "database", "database", "limits", "lifetimes", "restart", "trust"}

func drawOp(t *rapid.T) op {
	return op{
		Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
		Keys: rapid.SliceOfNDistinct(rapid.SampledFrom(modelKeys), 1, 4, rapid.ID).Draw(t, "keys"),
		N:    rapid.IntRange(0, 1000).Draw(t, "n"),
	}
}

// model does operations on a cache and its reference. All but ref is the operations' goroutine's, or guarded by ref.mu.
type model struct {
	ref     *reference
	options cache.Options[string]
	cache   *cache.Cache[string]
	lookup  *cache.Lookup[string]
	restore *cache.Restoration[string]
	callers sync.WaitGroup
	rows    map[string]string
	down    bool
	bad     string // key whose row is bad
	took    time.Duration
	heeds   bool // loads end with their context
	count   int
}

func newModel(small, few bool) *model {
	m := &model{rows: map[string]string{"a": "v", "b": "v", "c": "v"}, heeds: true, options: options()}
	m.options.MaxEntryWeight, m.options.MaxNegatives, m.options.LoadTimeout = mostValue, 2, loadTimeout
	m.options.Concurrency = 64 // each load begins with its flight
	if small {
		m.options.MaxWeight = 600
	}
	if few {
		m.options.MaxWaiting = 2
	}
	m.ref = &reference{began: time.Now(), held: make(map[string][]*holding), failures: make(map[string][]time.Duration), few: few,
		evicted: func() (uint64, uint64) { s := m.cache.Stats(); return s.Evictions, s.NegativeEvictions }}
	m.ref.lives = []since[cache.Lifetimes]{{0, lifetimes}}
	m.open(lifetimes)
	return m
}

// open makes the cache. Keys that share a counter would cost one another loads: then another one is made.
func (m *model) open(lt cache.Lifetimes) {
	for {
		c, err := cache.New(m.options)
		if err != nil {
			panic(err)
		}
		l, err := c.NewLookup("products", lt, m.load)
		if err != nil {
			panic(err)
		}
		if !l.SharesCounterForTest(modelKeys...) {
			m.cache, m.lookup = c, l
			return
		}
	}
}

func (m *model) run(ops []op) {
	for _, o := range ops {
		time.Sleep(tick - m.ref.now()%tick)
		m.do(o)
		synctest.Wait()
		m.checkBounds()
	}
	m.callers.Wait()
	m.cache.Close(context.Background())
	m.checkBounds()
}

func (m *model) do(o op) {
	key := o.Keys[0]
	switch o.Kind {
	case "get":
		m.get(key, 0, false)
	case "briefly":
		m.get(key, time.Duration(o.N)*4*time.Millisecond+offBeat/2, false)
	case "reload":
		m.get(key, 0, true)
	case "many":
		m.getMany(o.Keys)
	case "try":
		m.try(o.Keys[:1], func() []cache.Result[string] {
			if a, ok := m.lookup.TryGet(key); ok {
				return []cache.Result[string]{{Answer: a}}
			}
			return nil
		})
	case "try many":
		m.try(o.Keys, func() []cache.Result[string] { results, _ := m.lookup.TryGetMany(o.Keys, nil, nil); return results })
	case "restart":
		m.restart(cache.Trust(o.N % 4))
	case "pass":
		time.Sleep([]time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second, 11 * time.Second, 29 * time.Second, 61 * time.Second, 10 * time.Minute}[o.N%7])
	default:
		m.ref.mu.Lock()
		defer m.ref.mu.Unlock()
		m.change(o)
	}
}

// change does what makes no answer.
func (m *model) change(o op) {
	key, now := o.Keys[0], m.ref.now()
	switch o.Kind {
	case "purge":
		for _, key := range o.Keys {
			m.purged(key, cache.PurgeMode(o.N%2))
		}
		m.lookup.Purge(cache.PurgeMode(o.N%2), o.Keys...)
	case "purge all":
		m.purged("", cache.PurgeMode(o.N%2))
		m.lookup.PurgeAll(cache.PurgeMode(o.N % 2))
	case "row":
		m.rows[key] = []string{"v", "v", "", strings.Repeat("large", 100)}[o.N%4]
	case "database":
		m.took = []time.Duration{0, 0, time.Second, 3 * time.Second, 9 * time.Second}[o.N%5]
		m.down, m.heeds, m.bad = o.N/5%3 == 0, o.N/15%2 == 0, ""
		if o.N/30%3 == 0 {
			m.bad, m.took = key, 0 // halves follow one another: later ones would begin long after their flights
		}
	case "limits":
		b := [][2]int{{600, 0}, {1 << 20, 0}, {1 << 20, 1}, {1 << 20, 2}}[o.N%4]
		m.must(m.cache.SetLimits(int64(b[0]), b[1]))
		m.options.MaxWeight, m.options.MaxEntries = int64(b[0]), b[1]
	case "lifetimes":
		lt := lifetimes
		lt.TTL = []time.Duration{0, 10 * time.Second, time.Minute, time.Hour}[o.N%4]
		lt.StaleWhileRevalidate = []time.Duration{0, 30 * time.Second}[o.N/4%2]
		lt.StaleIfError = []time.Duration{0, time.Minute, time.Hour}[o.N/8%3]
		lt.NegativeTTL = []time.Duration{0, 10 * time.Second}[o.N/24%2]
		m.ref.lives = append(m.ref.lives, since[cache.Lifetimes]{now, lt})
		m.must(m.lookup.SetLifetimes(lt))
	case "trust":
		if m.restore != nil {
			m.ref.trusts = append(m.ref.trusts, since[cache.Trust]{now, cache.Trust(o.N % 4)})
			m.restore.Trust(cache.Trust(o.N % 4))
		}
	}
}

func (m *model) must(err error) {
	if err != nil {
		m.ref.errorf("%v", err)
	}
}

func (m *model) purged(key string, mode cache.PurgeMode) {
	now := m.ref.now()
	m.ref.purges = append(m.ref.purges, purging{now, key, mode})
	for _, h := range m.ref.open(key) {
		if h.value == "" || mode == cache.PurgeRemove {
			h.to = now
		}
	}
}

func (m *model) get(key string, within time.Duration, reload bool) {
	q := asked{key: key, from: m.ref.now(), reload: reload}
	ctx, cancel := context.Background(), func() {}
	if within > 0 {
		q.deadline = q.from + within
		ctx, cancel = context.WithTimeout(ctx, within)
	}
	l := m.lookup
	m.callers.Go(func() {
		defer cancel()
		get := l.Get
		if reload {
			get = l.Reload
		}
		a, err := get(ctx, key)
		m.ref.check(q, a, err)
	})
}

func (m *model) getMany(keys []string) {
	from, l := m.ref.now(), m.lookup
	m.callers.Go(func() {
		for i, r := range l.GetMany(context.Background(), keys, nil) {
			m.ref.check(asked{key: keys[i], from: from}, r.Answer, r.Err)
		}
	})
}

// try asks for what needs no load, and sees that none is begun.
func (m *model) try(keys []string, ask func() []cache.Result[string]) {
	loads := m.cache.Stats().InFlight
	results := ask()
	if after := m.cache.Stats().InFlight; after != loads {
		m.ref.mu.Lock()
		defer m.ref.mu.Unlock()
		m.ref.errorf("TryGet has begun a load: %d in flight, before %d", after, loads)
		return
	}
	for i, r := range results {
		m.ref.check(asked{key: keys[i], from: m.ref.now()}, r.Answer, r.Err)
	}
	if results == nil && len(keys) == 1 {
		m.ref.checkUnanswered(asked{key: keys[0], from: m.ref.now()})
	}
}

// restart waits for all callers and loads, saves the cache and restores what it held in another.
func (m *model) restart(trust cache.Trust) {
	m.callers.Wait()
	time.Sleep(20 * time.Second)
	time.Sleep(tick - m.ref.now()%tick)
	m.ref.mu.Lock()
	sure := m.ref.sure()
	all, savedAt := save(m.cache)
	old, lt := m.cache, m.lookup.Lifetimes()
	m.open(lt)
	m.ref.mu.Unlock()
	time.Sleep(tick)
	m.ref.mu.Lock()
	m.ref.restart(trust, sure)
	m.restore = m.cache.NewRestoration(savedAt)
	for _, s := range all {
		m.must(m.restore.Put(m.lookup, s))
	}
	m.restore.Trust(trust)
	m.ref.mu.Unlock()
	old.Close(context.Background())
}

func (m *model) checkBounds() {
	m.ref.mu.Lock()
	defer m.ref.mu.Unlock()
	s := m.cache.Stats()
	if s.Weight > m.options.MaxWeight || m.options.MaxEntries > 0 && s.Entries > int64(m.options.MaxEntries) || s.Negatives > 2 {
		m.ref.errorf("%d values of %d bytes, %d absences; more than %d, %d, 2", s.Entries, s.Weight, s.Negatives, m.options.MaxEntries, m.options.MaxWeight)
	}
	m.must(m.cache.CheckForTest())
}

// load is the load function: what it reads, it reads at its begin.
func (m *model) load(ctx context.Context, keys []string) ([]cache.Loaded[string], error) {
	m.ref.mu.Lock()
	xs, loaded := m.readLocked(keys)
	took, heeds, err := m.took, m.heeds, error(nil)
	if m.down {
		err = errDown
	}
	if slices.Contains(keys, m.bad) {
		err = errBadRow
	}
	if took > loadTimeout {
		m.failedLocked(keys, m.ref.now()+loadTimeout, true)
	}
	m.ref.mu.Unlock()
	if took > 0 {
		err = wait(ctx, took+offBeat, heeds, err)
	}
	m.ref.mu.Lock()
	defer m.ref.mu.Unlock()
	m.landLocked(xs, keys, err)
	return loaded, err
}

func wait(ctx context.Context, took time.Duration, heeds bool, err error) error {
	done := ctx.Done()
	if !heeds {
		done = nil
	}
	select {
	case <-time.After(took):
		return err
	case <-done:
		return context.Cause(ctx)
	}
}

func (m *model) readLocked(keys []string) (xs []*loading, loaded []cache.Loaded[string]) {
	for _, key := range keys {
		value := m.rows[key]
		if value != "" {
			m.count++
			value = fmt.Sprintf("%s%d:%s", key, m.count, value)
		}
		xs = append(xs, m.ref.begin(key, value))
		loaded = append(loaded, cache.Loaded[string]{Value: value, Found: value != ""})
	}
	return xs, loaded
}

func (m *model) landLocked(xs []*loading, keys []string, err error) {
	now := m.ref.now()
	for _, x := range xs {
		x.flying = false
		if x.end = now; err == nil {
			m.ref.land(x)
		} else {
			x.value = "failed"
		}
	}
	switch {
	case err == nil:
		m.ref.worked = append(m.ref.worked, now)
	case err != errBadRow || len(keys) == 1:
		m.failedLocked(keys, now, err != errBadRow)
		if err == errBadRow {
			m.ref.bad = append(m.ref.bad, xs...)
		}
	}
}

func (m *model) failedLocked(keys []string, at time.Duration, database bool) {
	if database {
		m.ref.failed = append(m.ref.failed, at)
	}
	for _, key := range keys {
		m.ref.failures[key] = append(m.ref.failures[key], at)
	}
}
