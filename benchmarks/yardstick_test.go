package benchmarks

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	_ "github.com/go-sql-driver/mysql" // the database without a cache
)

// direct is the database without a cache: what a frontend would do, with a pool of connections.
type direct struct {
	pool   *sql.DB
	source string // of products
}

func openDirect(dsn, source string) (direct, error) {
	pool, err := sql.Open("mysql", dsn+"?interpolateParams=true")
	if err != nil {
		return direct{}, err
	}
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	return direct{pool, source}, nil
}

// product is a row as encoding/json writes it.
type product struct {
	ID          int    `json:"id"`
	Model       string `json:"model"`
	Name        string `json:"name"`
	Price       string `json:"price"`
	Quantity    int    `json:"quantity"`
	Updated     string `json:"updated"`
	Description string `json:"description"`
}

// load reads products and returns each as JSON.
func (d direct) load(ctx context.Context, keys ...any) (documents [][]byte, err error) {
	list := "?" + strings.Repeat(",?", len(keys)-1)
	rows, err := d.pool.QueryContext(ctx, strings.Replace(productQuery(d.source), ":keys", list, 1), keys...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p product
		if err := rows.Scan(&p.ID, &p.Model, &p.Name, &p.Price, &p.Quantity, &p.Updated, &p.Description); err != nil {
			return nil, err
		}
		text, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		documents = append(documents, text)
	}
	return documents, rows.Err()
}

// ServeHTTP implements http.Handler.
func (d direct) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var keys []any
	for _, k := range requested(r) {
		keys = append(keys, k)
	}
	documents, err := d.load(r.Context(), keys...)
	if err != nil || len(documents) != len(keys) {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	writeDocuments(w, documents...)
}

// mutexMap is the cache that everybody writes first: unbounded, without lifetimes, and every
// caller that misses loads.
type mutexMap struct {
	mu     sync.Mutex // guards values
	values map[string][]byte
	load   func(ctx context.Context, key string) ([]byte, error)
}

func (m *mutexMap) get(ctx context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	v, ok := m.values[key]
	m.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := m.load(ctx, key)
	if err == nil {
		m.mu.Lock()
		m.values[key] = v
		m.mu.Unlock()
	}
	return v, err
}

func (m *mutexMap) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
}

// ServeHTTP implements http.Handler.
func (m *mutexMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var documents [][]byte
	for _, key := range requested(r) {
		v, err := m.get(r.Context(), key)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		documents = append(documents, v)
	}
	writeDocuments(w, documents...)
}

// loading makes it load from a database.
func loading(d direct) *mutexMap {
	return &mutexMap{values: make(map[string][]byte), load: func(ctx context.Context, key string) ([]byte, error) {
		documents, err := d.load(ctx, key)
		if err != nil || len(documents) == 0 {
			return nil, fmt.Errorf("product %s: %w", key, err)
		}
		return documents[0], nil
	}}
}

// sample is a product as the bound serves it, whatever is asked for.
func sample() []byte {
	return []byte(`{"id":1,"description":"` + strings.Repeat("0123456789abcdef", 64) + `"}`)
}

// bound is unfair: it does not even look at the request.
type bound struct{ documents [][]byte }

// ServeHTTP implements http.Handler.
func (o bound) ServeHTTP(w http.ResponseWriter, _ *http.Request) { writeDocuments(w, o.documents...) }

// requested returns the keys of a request in the simplest way.
func requested(r *http.Request) []string {
	if key, ok := strings.CutPrefix(r.URL.Path, "/v1/products/"); ok {
		return []string{key}
	}
	return strings.Split(strings.TrimPrefix(r.URL.RawQuery, "keys="), ",")
}

func writeDocuments(w http.ResponseWriter, documents ...[]byte) {
	length := 0
	for _, d := range documents {
		length += len(d)
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(length)}
	w.WriteHeader(http.StatusOK)
	for _, d := range documents {
		_, _ = w.Write(d)
	}
}

// Variables of a child that is a yardstick: which, and its database.
const (
	yardstickVariable = "PRODUCTCACHE_BENCHMARK_YARDSTICK"
	databaseVariable  = "PRODUCTCACHE_BENCHMARK_DSN"
)

// serveYardstick serves until it is told to end, or its standard input ends, since its parent has.
func serveYardstick(name string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	d, err := openDirect(os.Getenv(databaseVariable), plain)
	if err != nil {
		return err
	}
	defer d.pool.Close()
	keys, _ := strconv.Atoi(strings.TrimPrefix(name, "bound="))
	handlers := map[string]http.Handler{"mysql": d, "mutexmap": loading(d)}
	h := handlers[name]
	if h == nil {
		o := bound{}
		for range max(keys, 1) {
			o.documents = append(o.documents, sample())
		}
		h = o
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info("listening", "as", "listen", "address", l.Addr().String())
	server := http.Server{Handler: h}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}
