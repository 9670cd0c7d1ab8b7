// Package fleet_test is about several nodes on one Redis: a hammer that looks for answers from before a purge (hammer_test.go), the
// figures of docs/scale.md (figures_test.go), and real runs beside the model (model_test.go). Nodes are processes of the real program,
// on a real MariaDB and a real Redis. The figures are made by `make fleet`; `make test` runs short forms that judge nothing by the clock.
package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

// reportVariable names the file that the figures are written into.
const reportVariable = "PRODUCTCACHE_FLEET"

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return "", err
	}
	return child.Build(folder)
})

// fleet is some nodes.
type fleet struct {
	t     *testing.T
	dsn   string
	flags []string

	mu    sync.Mutex // guards nodes
	nodes []*child.Process
}

func newFleet(t *testing.T, nodes int, dsn string, flags ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, dsn: dsn, flags: flags, nodes: make([]*child.Process, nodes)}
	for i := range nodes {
		f.start(i)
	}
	t.Cleanup(func() {
		for _, p := range f.nodes {
			if err := p.Stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return f
}

// start starts a node, and returns when it is ready and in touch with Redis, if there is one.
func (f *fleet) start(i int, more ...string) {
	f.t.Helper()
	program, err := binary()
	if err != nil {
		f.t.Fatal(err)
	}
	flags := append(append([]string{fmt.Sprint("-l2-node=node", i+1)}, f.flags...), more...)
	if !strings.Contains(strings.Join(f.flags, " "), "-l2=") {
		flags = flags[1:]
	}
	p, err := child.Productcache(context.Background(), program, f.dsn, flags...)
	if err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nodes[i] = p
}

func (f *fleet) node(i int) *child.Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.nodes[i]
}

func (f *fleet) public(i int) string { return "http://" + f.node(i).Address("listen") }
func (f *fleet) admin(i int) string  { return "http://" + f.node(i).Address("admin-listen") }

// client keeps its connections.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: 30 * time.Second}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func do(ctx context.Context, method, url, body string) (r reply, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return r, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	r.status, r.header = response.StatusCode, response.Header
	r.body, err = io.ReadAll(response.Body)
	return r, err
}

// stats are what a node says of itself.
type stats struct {
	Keys    map[string]int64
	Queries struct{ Sent int64 }
	Loads   struct{ Keys int64 }
	Tier    *struct {
		Usable                                          bool
		Nodes                                           []string
		Hits, Absences, Waited, Loaded, Away, Exchanges int64
		Stored, Unstored, Distrusted, Heard, Failures   int64
		Mean                                            float64 `json:"exchange_mean_seconds"`
	}
}

func (f *fleet) stats(i int) (s stats) {
	f.t.Helper()
	r, err := do(f.t.Context(), http.MethodGet, f.admin(i)+"/api/stats", "")
	if err == nil {
		err = json.Unmarshal(r.body, &s)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// usable waits until a node uses Redis.
func (f *fleet) usable(i int) {
	f.t.Helper()
	for until := time.Now().Add(30 * time.Second); !f.stats(i).Tier.Usable; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			f.t.Fatalf("node %d does not use Redis: %s", i+1, f.node(i).Log())
		}
	}
}

// duration is one of the environment, for runs longer than the short forms.
func duration(t *testing.T, variable string, short time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return short
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(variable, ": ", err)
	}
	return d
}

func keyList(from, n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = strconv.Itoa(from + i)
	}
	return strings.Join(keys, ",")
}
