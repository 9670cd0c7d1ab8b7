package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"productcache/benchmarks/internal/child"
	"productcache/benchmarks/internal/machine"
	"productcache/internal/mysqltest"
)

const catalogText = `lookups:
  products:
    key: id
    key_type: integer
    json: [attributes]
    query: SELECT id, sku, name, price, stock, attributes, description FROM products WHERE id IN (:keys)
`

// startService starts the service over a database of its own.
func (b *bench) startService(ctx context.Context, of service) error {
	db, err := mysqltest.Start(ctx, mysqltest.Config{})
	if err != nil {
		return err
	}
	b.onClose(db.Close)
	if err := b.fillDatabase(ctx, db); err != nil {
		return err
	}
	file := strings.ReplaceAll(of.name, "/", "-")
	catalog := filepath.Join(b.folder, file+".yaml")
	if err := os.WriteFile(catalog, []byte(catalogText), 0o644); err != nil {
		return err
	}
	tcp, _, unix, err := b.addresses(file)
	if err != nil {
		return err
	}
	// Audits load on purpose: they would look like misses.
	args := append([]string{"-catalog=" + catalog, "-listen=" + tcp + ",unix:" + unix, "-ttl=24h", "-audit-rate=0"}, of.flags...)
	p, err := child.Productcache(ctx, of.program, db.DSN(database), args...)
	if err != nil {
		return err
	}
	b.onClose(p.Stop)
	b.servers = append(b.servers, &server{name: of.name, version: machine.Version(of.program, "-version") + " " + strings.Join(of.flags, " "),
		speaks: serviceHTTP{}, tcp: tcp, unix: unix, pid: p.PID(), behind: loads(p)})
	return nil
}

const database = "shop"

// fillDatabase stores the products.
func (b *bench) fillDatabase(ctx context.Context, s *mysqltest.Server) error {
	pool, err := sql.Open("mysql", s.SocketDSN(""))
	if err != nil {
		return err
	}
	defer pool.Close()
	for _, q := range []string{"CREATE DATABASE " + database, `CREATE TABLE ` + database + `.products (
		id INT UNSIGNED NOT NULL PRIMARY KEY, sku VARCHAR(32) NOT NULL, name VARCHAR(255) NOT NULL, price DECIMAL(15,4) NOT NULL,
		stock INT NOT NULL, attributes JSON NOT NULL, description TEXT NOT NULL) ENGINE=InnoDB`} {
		if _, err := pool.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	const rows = 500 // of a statement
	for at := 0; at < len(b.products); at += rows {
		values := []byte("INSERT INTO " + database + ".products VALUES ")
		for i, p := range b.products[at:min(at+rows, len(b.products))] {
			if i > 0 {
				values = append(values, ',')
			}
			values = fmt.Appendf(values, "(%d,'%s','%s',%s,%d,'%s','%s')", p.id, p.sku, p.name, p.price, p.stock, p.attributes, p.description)
		}
		if _, err := pool.ExecContext(ctx, string(values)); err != nil {
			return err
		}
	}
	return nil
}
