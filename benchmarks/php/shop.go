package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"productcache/benchmarks/internal/child"
	"productcache/internal/demoshop"
	"productcache/internal/mysqltest"
)

const (
	shopProducts = 10_000
	pageSize     = 24
	listings     = 50 // of pageSize products each: what is asked for
	database     = "shop"
	batch        = 100 // keys in a multi-get
)

// startShop starts MariaDB with the demo's shop, the service, memcached and Redis, all with the same products.
func (b *bench) startShop(ctx context.Context) (err error) {
	b.config = config{"client": quoted(filepath.Join(b.root, "clients", "php", "autoload.php"))}
	if b.mysql, err = mysqltest.Start(ctx, mysqltest.Config{}); err != nil {
		return err
	}
	b.onClose(b.mysql.Close)
	if err := b.loadShop(ctx); err != nil {
		return err
	}
	catalog := filepath.Join(b.folder, "catalog.yaml")
	if err := os.WriteFile(catalog, demoshop.Catalog(), 0o644); err != nil {
		return err
	}
	if b.service, err = b.startService(ctx, "service", b.mysql.DSN(database), catalog, b.config); err != nil {
		return err
	}
	b.onClose(b.service.Stop)
	if err := errors.Join(b.startMemcached(ctx), b.startRedis(ctx)); err != nil {
		return err
	}
	b.config["mysql"], b.config["database"] = quoted(b.mysql.Socket()), quoted(database)
	if err := b.config.write(b.configFile()); err != nil {
		return err
	}
	return b.fill(ctx)
}

func (b *bench) configFile() string { return filepath.Join(b.folder, "config.php") }

func (b *bench) loadShop(ctx context.Context) error {
	return withPool(b.mysql, "", func(db *sql.DB) error {
		if _, err := db.ExecContext(ctx, "CREATE DATABASE "+database); err != nil {
			return err
		}
		return withPool(b.mysql, database, func(db *sql.DB) error {
			if err := demoshop.Load(ctx, db, shopProducts); err != nil {
				return err
			}
			_, err := db.ExecContext(ctx, "CREATE TABLE flat_products (product_id INT UNSIGNED NOT NULL PRIMARY KEY, body MEDIUMTEXT NOT NULL) ENGINE=InnoDB")
			return err
		})
	})
}

func withPool(s *mysqltest.Server, database string, do func(*sql.DB) error) error {
	db, err := sql.Open("mysql", s.SocketDSN(database))
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// startService starts the service on TCP and on a Unix socket, and notes both in a config under its name.
// Nothing expires, and no audit asks MySQL: what MySQL is asked is then what pages ask.
func (b *bench) startService(ctx context.Context, name, dsn, catalog string, c config) (*service, error) {
	port, err := child.FreePort()
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(b.folder, name+".sock")
	p, err := child.Productcache(ctx, b.program, dsn, "-catalog="+catalog, "-listen=127.0.0.1:"+port+",unix:"+socket, "-ttl=24h", "-audit-rate=0")
	if err != nil {
		return nil, err
	}
	c[name+"_tcp"], c[name+"_unix"] = quoted("http://127.0.0.1:"+port), quoted("unix:"+socket)
	return &service{Process: p, address: "127.0.0.1:" + port}, nil
}

// startMemcached starts memcached twice: it listens either on TCP or on a Unix socket.
func (b *bench) startMemcached(ctx context.Context) error {
	port, err := child.FreePort()
	if err != nil {
		return err
	}
	socket := filepath.Join(b.folder, "memcached.sock")
	common := []string{"-u", userName(), "-m", "512", "-c", "1024", "-t", strconv.Itoa(runtime.NumCPU())}
	tcp, err := b.launch("memcached", "memcached", append(common, "-l", "127.0.0.1", "-p", port)...)
	if err != nil {
		return err
	}
	unix, err := b.launch("memcached-unix", "memcached", append(common, "-s", socket, "-a", "0666")...)
	if err != nil {
		return err
	}
	b.config["memcached_tcp"], b.config["memcached_unix"] = hostPort(port), quoted(socket)
	return errors.Join(tcp.Await(ctx, "tcp", "127.0.0.1:"+port), unix.Await(ctx, "unix", socket))
}

// startRedis starts Redis as a cache: no files, a bound, and eviction by LRU.
func (b *bench) startRedis(ctx context.Context) error {
	port, err := child.FreePort()
	if err != nil {
		return err
	}
	socket := filepath.Join(b.folder, "redis.sock")
	s, err := b.launch("redis", "redis-server", "--bind", "127.0.0.1", "--port", port, "--unixsocket", socket, "--unixsocketperm", "777", "--dir", b.folder,
		"--save", "", "--appendonly", "no", "--maxmemory", "512mb", "--maxmemory-policy", "allkeys-lru", "--daemonize", "no")
	if err != nil {
		return err
	}
	b.config["redis_tcp"], b.config["redis_unix"] = hostPort(port), quoted(socket)
	return errors.Join(s.Await(ctx, "tcp", "127.0.0.1:"+port), s.Await(ctx, "unix", socket))
}

// fill stores the products that are asked for, as the service answers them, in the other stores.
func (b *bench) fill(ctx context.Context) error {
	products := map[string]string{}
	for id := 1; id <= listings*pageSize; id += batch {
		items, err := b.service.multiGet(ctx, span(id, min(id+batch-1, listings*pageSize)))
		if err != nil {
			return err
		}
		for key, body := range items {
			products[key] = string(body)
		}
	}
	b.service.settle()
	if len(products) != listings*pageSize {
		return fmt.Errorf("the service has %d products, want %d", len(products), listings*pageSize)
	}
	text, err := json.Marshal(products)
	if err != nil {
		return err
	}
	file := filepath.Join(b.folder, "products.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "php", b.script("fill.php"), b.configFile(), file).CombinedOutput(); err != nil {
		return fmt.Errorf("fill memcached and Redis: %w: %s", err, out)
	}
	return withPool(b.mysql, database, func(db *sql.DB) error {
		for id, body := range products {
			if _, err := db.ExecContext(ctx, "INSERT INTO flat_products VALUES (?, ?)", id, body); err != nil {
				return err
			}
		}
		return nil
	})
}

// span returns the ids from the first to the last.
func span(first, last int) (ids []int) {
	for id := first; id <= last; id++ {
		ids = append(ids, id)
	}
	return ids
}

// joined returns ids with commas between.
func joined(ids []int) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.Itoa(id)
	}
	return strings.Join(texts, ",")
}

// service is a running service.
type service struct {
	*child.Process
	address string          // host and port
	own     map[string]bool // sockets that are no connections of clients
}

// settle notes which sockets the service has without clients.
func (s *service) settle() { s.own = sockets(s.PID()) }

// multiGet asks for several products.
func (s *service) multiGet(ctx context.Context, ids []int) (map[string]json.RawMessage, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/v1/products?keys="+joined(ids), nil)
	if err != nil {
		return nil, err
	}
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	var page struct{ Items map[string]json.RawMessage }
	if err := json.Unmarshal(text, &page); err != nil || answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %w: %.200s", answer.Status, err, text)
	}
	return page.Items, nil
}
