package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"productcache/internal/cache"
	"productcache/internal/catalog"
	"productcache/internal/document"
	"productcache/internal/httpapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(bothPaths{m}) }

var (
	errAway   = errors.New("dial tcp db.internal:3306: connection refused")
	errSlow   = errors.New("query execution was interrupted")
	errBroken = errors.New("error 1146: table shop.oc_product does not exist")
)

func classify(err error) httpapi.Fault {
	switch {
	case errors.Is(err, errAway):
		return httpapi.Unavailable
	case errors.Is(err, errSlow):
		return httpapi.Timeout
	}
	return httpapi.Internal
}

// shop is a handler over a real cache, whose loads are scripted.
type shop struct {
	*httpapi.API
	pipes *pipes // nil: requests go to API without a connection

	products, names, folded, category *cache.Lookup[*document.Document]
	closeCache                        func(context.Context) error
	log                               *strings.Builder

	mu      sync.Mutex // guards all below
	seen    []httpapi.Observation
	rows    map[string]*document.Document // by lookup/key
	err     error
	badKeys map[string]error
	took    time.Duration
	gate    chan struct{} // if set, loads wait until it is closed
	started chan struct{} // if set, gets a value with each load
	loads   int
	panics  any // if set, parsing the key "666" panics with it
}

var lifetimes = cache.Lifetimes{
	TTL: 5 * time.Minute, StaleWhileRevalidate: 30 * time.Second, StaleIfError: 24 * time.Hour, NegativeTTL: 10 * time.Second,
}

// settings are what a test may change before its shop opens.
type settings struct {
	cache cache.Options[*document.Document]
	api   httpapi.Options

	anyKey bool // let all keys through
}

// open opens a shop with a few products, and closes it with the test.
func open(t testing.TB, change ...func(*settings)) *shop {
	t.Helper()
	s := &shop{rows: make(map[string]*document.Document), badKeys: make(map[string]error), log: new(strings.Builder)}
	set := &settings{
		cache: cache.Options[*document.Document]{
			MaxWeight: 64 << 20, MaxEntryWeight: 1 << 20, MaxNegatives: 1000, Concurrency: 2, BatchKeys: 100, MaxWaiting: 1000,
			LoadTimeout: time.Minute, Weigh: (*document.Document).Weight,
			Splittable: func(err error) bool { return errors.Is(err, errBroken) },
		},
		api: httpapi.Options{MaxKeys: 100, RequestTimeout: 5 * time.Second, Classify: classify, Observe: s.observe},
	}
	set.api.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	for _, c := range change {
		c(set)
	}
	c, err := cache.New(set.cache)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s.closeCache = c.Close
	s.products = s.register(t, c, set, "products", catalog.Integer, false)
	s.names = s.register(t, c, set, "names", catalog.String, false)
	s.folded = s.register(t, c, set, "folded", catalog.StringCI, false)
	s.category = s.register(t, c, set, "category", catalog.Integer, true)
	s.register(t, c, set, "shelves", catalog.String, true)
	s.stock()
	if s.API, err = httpapi.New(set.api); err != nil {
		t.Fatal(err)
	}
	if overListener {
		s.pipes = serveOverPipes(t, s.API)
	}
	return s
}

func (s *shop) register(t testing.TB, c *cache.Cache[*document.Document], set *settings, name string, kt catalog.KeyType, many bool) *cache.Lookup[*document.Document] {
	t.Helper()
	l, err := c.NewLookup(name, lifetimes, func(ctx context.Context, keys []string) ([]cache.Loaded[*document.Document], error) {
		return s.load(ctx, name, keys)
	})
	if err != nil {
		t.Fatal(err)
	}
	keys := &catalog.Lookup{Name: name, KeyType: kt}
	set.api.Lookups = append(set.api.Lookups, httpapi.Lookup{Name: name, Many: many, ParseKey: func(raw string) (string, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.panics != nil && raw == "666" {
			panic(s.panics)
		}
		if set.anyKey {
			return raw, nil
		}
		return keys.ParseKey(raw)
	}, Cache: l})
	return l
}

// stock fills the shelves: products 1 to 200, of which 42 has a gzip form.
func (s *shop) stock() {
	for id := 1; id <= 200; id++ {
		s.put(fmt.Sprintf("products/%d", id), fmt.Sprintf(`{"id":%d}`, id))
	}
	s.put("products/42", mug)
	for _, key := range []string{"a b", "a/b", "a,b", "a+b", "a%b", "a%2Fb", `"<é>\`, "mug", "07", "日本"} {
		s.put("names/"+key, fmt.Sprintf(`{"length":%d}`, len(key)))
	}
	s.put("folded/mug", `{"name":"Mug"}`)
	s.list("category/20", 5)
	s.list("category/21", 0)
}

var mug = `{"id":42,"name":"mug","description":"` + strings.Repeat("a mug of good clay; ", 20) + `"}`

func (s *shop) put(name, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[name] = document.New([]byte(body), nil)
}

// list puts a listing with the elements {"n":1} to {"n":size}.
func (s *shop) list(name string, size int) {
	body, ends := []byte("["), []uint32{}
	for i := range size {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"n":%d}`, i+1)
		ends = append(ends, uint32(len(body)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[name] = document.New(append(body, ']'), ends)
}

func (s *shop) load(ctx context.Context, lookup string, keys []string) ([]cache.Loaded[*document.Document], error) {
	s.mu.Lock()
	s.loads++
	var loaded []cache.Loaded[*document.Document]
	err := s.err
	for _, key := range keys {
		d, found := s.rows[lookup+"/"+key]
		loaded = append(loaded, cache.Loaded[*document.Document]{Value: d, Found: found})
		err = errors.Join(err, s.badKeys[lookup+"/"+key])
	}
	took, gate, started := s.took, s.gate, s.started
	s.mu.Unlock()
	if started != nil {
		started <- struct{}{}
	}
	if gate != nil {
		<-gate
	}
	select {
	case <-time.After(took):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return loaded, err
}

// change changes the script of the loads to come.
func (s *shop) change(f func(*shop)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

func (s *shop) observe(o httpapi.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.Method, o.Target = "", "" // the second is the request's, and gone with it
	s.seen = append(s.seen, o)
}

// lastSeen returns the last observation without its duration.
func (s *shop) lastSeen() httpapi.Observation {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) == 0 {
		return httpapi.Observation{}
	}
	o := s.seen[len(s.seen)-1]
	o.Duration = 0
	return o
}

// do sends a request; header has names and values in turn.
func (s *shop) do(t testing.TB, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	if s.pipes != nil {
		return s.pipes.roundTrip(t, r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *shop) get(t testing.TB, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return s.do(t, http.MethodGet, target, header...)
}

// text is all of a response: its status, its header in order, its body.
func text(w *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintln(&b, w.Code)
	var lines []string
	for name, values := range w.Header() {
		for _, v := range values {
			lines = append(lines, name+": "+v)
		}
	}
	slices.Sort(lines)
	fmt.Fprintln(&b, strings.Join(lines, "\n"))
	fmt.Fprint(&b, "\n", w.Body)
	return b.String()
}

// expect fails the test unless all of a response is as wanted.
func expect(t testing.TB, w *httptest.ResponseRecorder, want string) {
	t.Helper()
	if got := text(w); got != want {
		t.Errorf("answer:\n%s\n\nwant:\n%s", got, want)
	}
}

func tag(body string) string { return document.New([]byte(body), nil).ETag() }

// problem is the body of a problem.
func problem(status int, name, title, detail string) string {
	body := fmt.Sprintf(`{"type":"/problems/%s","title":"%s","status":%d`, name, title, status)
	if detail != "" {
		body += `,"detail":"` + detail + `"`
	}
	return body + "}"
}
