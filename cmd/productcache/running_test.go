package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) {
	if os.Getenv(runVariable) != "" {
		main()
	}
	os.Exit(mysqltest.Main(m))
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// running is a service under test.
type running struct {
	t             *testing.T
	client        *http.Client
	public, admin string // base URLs
	publicAddrs   []net.Addr
	adminAddrs    []net.Addr
	log           *buffer
	stop          context.CancelFunc
	done          chan struct{} // closed when serve has returned err
	err           error
	waited        bool // the test has looked at err itself
}

// start runs the service on free ports, with these flags, until the test ends.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{t: t, log: &buffer{}, done: make(chan struct{})}
	args = append([]string{"-listen", "127.0.0.1:0", "-admin-listen", "127.0.0.1:0"}, args...)
	c, err := parseConfig("serve", args, noEnvironment, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan struct{})
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() {
		defer close(r.done)
		r.err = serve(ctx, c, newLogger(c, r.log), func(public, admin []net.Addr) {
			r.publicAddrs, r.adminAddrs = public, admin
			close(opened)
		})
	}()
	select {
	case <-opened:
	case <-r.done:
		t.Fatalf("serve: %v\n%s", r.err, r.log)
	}
	r.public, r.admin = "http://"+r.publicAddrs[0].String(), "http://"+r.adminAddrs[0].String()
	r.client = &http.Client{Transport: &http.Transport{}}
	t.Cleanup(r.end)
	return r
}

// end stops the service as SIGTERM does, if it runs.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	r.client.CloseIdleConnections()
	if err := r.wait(); err != nil && !r.waited {
		r.t.Errorf("serve: %v\n%s", err, r.log)
	}
}

// wait returns what serve has returned.
func (r *running) wait() error {
	<-r.done
	return r.err
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (r *running) do(method, url, body string, headers ...string) answer {
	r.t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	response, err := r.client.Do(request)
	if err != nil {
		r.t.Fatalf("%s %s: %v\n%s", method, url, err, r.log)
	}
	defer func() { _ = response.Body.Close() }() // read to its end below
	read, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, url, err)
	}
	return answer{response.StatusCode, response.Header, string(read)}
}

func (r *running) get(target string, headers ...string) answer {
	r.t.Helper()
	return r.do(http.MethodGet, r.public+target, "", headers...)
}

// expect gets a target and compares its status and Cache-Status.
func (r *running) expect(target string, status int, cacheStatus string) answer {
	r.t.Helper()
	a := r.get(target)
	if got := a.header.Get("Cache-Status"); a.status != status || got != cacheStatus {
		r.t.Errorf("GET %s = %d, Cache-Status %q, %s; want %d, %q", target, a.status, got, a.body, status, cacheStatus)
	}
	return a
}

// await repeats a question until the answer is yes, for at most ten seconds.
func (r *running) await(what string, yes func() bool) {
	r.t.Helper()
	r.awaitWithin(10*time.Second, what, yes)
}

func (r *running) awaitWithin(most time.Duration, what string, yes func() bool) {
	r.t.Helper()
	limit := time.NewTimer(most)
	defer limit.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-limit.C:
			r.t.Fatalf("not within %v: %s\n%s", most, what, r.log)
		}
	}
}

func (r *running) isReady() bool {
	return r.do(http.MethodGet, r.admin+"/readyz", "").status == http.StatusOK
}

// metric returns the value of a metric, given with its labels.
func (r *running) metric(name string) string {
	r.t.Helper()
	for line := range strings.Lines(r.do(http.MethodGet, r.admin+"/metrics", "").body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	r.t.Fatalf("there is no metric %s", name)
	return ""
}

const products = `CREATE TABLE products (id INT PRIMARY KEY, name VARCHAR(50), price DECIMAL(10,2))`

// shop makes a database of ten products on a server and returns flags for it.
func shop(t *testing.T, s *mysqltest.Server) (database string, flags []string) {
	t.Helper()
	database = s.Database(t)
	s.Exec(t, database, products, `INSERT INTO products VALUES (1,'mug',4.50),(2,'lamp',29.90),(3,'c',1),(4,'d',1),(5,'e',1),(6,'f',1),(7,'g',1),(8,'h',1),(9,'i',1),(10,'j',1)`)
	return database, []string{"-mysql-dsn", s.DSN(database)}
}

// catalogFile writes a catalog and returns the flag for it.
func catalogFile(t *testing.T, text string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "catalog.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"-catalog", file}
}

const twoLookups = `
lookups:
  products:
    key: id
    key_type: integer
    query: SELECT id, name, price FROM products WHERE id IN (:keys)
  slow:
    key: id
    key_type: integer
    query: SELECT id, SLEEP(IF(id = 1, 5, 0)) AS slept FROM products WHERE id IN (:keys)
`
