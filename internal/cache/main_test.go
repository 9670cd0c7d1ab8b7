package cache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"productcache/internal/cache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// origin is where values come from in these tests. It records every load.
type origin struct {
	mu    sync.Mutex // guards all below
	loads [][]string
	rows  map[string]string
	err   error
	took  time.Duration    // how long a load lasts
	gate  chan struct{}    // if set, a load waits for one receive after it has read
	bad   map[string]error // of rows that cannot be loaded
}

var (
	errBadRow = errors.New("bad row")
	errHuge   = fmt.Errorf("%w: too large", errBadRow)
)

func newOrigin(keysAndValues ...string) *origin {
	o := &origin{rows: make(map[string]string), bad: make(map[string]error)}
	for i := 0; i < len(keysAndValues); i += 2 {
		o.rows[keysAndValues[i]] = keysAndValues[i+1]
	}
	return o
}

func (o *origin) load(ctx context.Context, keys []string) ([]cache.Loaded[string], error) {
	o.mu.Lock()
	o.loads = append(o.loads, slices.Clone(keys))
	loaded, err := o.readLocked(keys)
	took, gate := o.took, o.gate
	o.mu.Unlock()
	if took > 0 {
		select {
		case <-time.After(took):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if gate != nil {
		<-gate
	}
	return loaded, err
}

func (o *origin) readLocked(keys []string) (loaded []cache.Loaded[string], err error) {
	for _, key := range keys {
		if bad := o.bad[key]; bad != nil {
			err = bad
		}
		value, found := o.rows[key]
		loaded = append(loaded, cache.Loaded[string]{Value: value, Found: found})
	}
	return loaded, errors.Join(o.err, err)
}

func (o *origin) set(key, value string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rows[key] = value
}

func (o *origin) remove(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.rows, key)
}

func (o *origin) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

func (o *origin) slow(took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.took = took
}

// sizes returns how many keys each load had.
func (o *origin) sizes() []int {
	o.mu.Lock()
	defer o.mu.Unlock()
	sizes := []int{}
	for _, keys := range o.loads {
		sizes = append(sizes, len(keys))
	}
	return sizes
}

func (o *origin) count() int { return len(o.sizes()) }

var lifetimes = cache.Lifetimes{
	TTL:                  60 * time.Second,
	StaleWhileRevalidate: 30 * time.Second,
	StaleIfError:         time.Hour,
	NegativeTTL:          10 * time.Second,
}

func options() cache.Options[string] {
	return cache.Options[string]{
		MaxWeight:      1 << 20,
		MaxEntryWeight: 1 << 14,
		MaxNegatives:   100,
		Concurrency:    2,
		BatchKeys:      10,
		MaxWaiting:     10000,
		LoadTimeout:    5 * time.Second,
		Weigh:          func(v string) int { return len(v) },
		Splittable:     func(err error) bool { return errors.Is(err, errBadRow) },
		Lasting:        func(err error) bool { return errors.Is(err, errHuge) },
	}
}

// open makes a cache with one lookup, and closes it with the test.
func open(t testing.TB, o cache.Options[string], lt cache.Lifetimes, load cache.LoadFunc[string]) (*cache.Cache[string], *cache.Lookup[string]) {
	t.Helper()
	c, err := cache.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	l, err := c.NewLookup("products", lt, load)
	if err != nil {
		t.Fatal(err)
	}
	return c, l
}

// ask gets a key and fails the test unless outcome and value are as wanted.
func ask(t *testing.T, l *cache.Lookup[string], key string, outcome cache.Outcome, value string) cache.Answer[string] {
	t.Helper()
	a, err := l.Get(context.Background(), key)
	if err != nil {
		t.Fatalf("Get(%q): %v, want %v %q", key, err, outcome, value)
	}
	if a.Outcome != outcome || a.Value != value {
		t.Fatalf("Get(%q) = %v %q, want %v %q", key, a.Outcome, a.Value, outcome, value)
	}
	return a
}
