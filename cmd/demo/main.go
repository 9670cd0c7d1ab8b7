// Command demo shows the service at work: it starts a private MariaDB, fills it
// with a shop of 10,000 products, and runs the productcache program in front of
// it, as an operator would. When it ends nothing is left behind.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"productcache/internal/demoshop"
	"productcache/internal/mysqltest"
)

const database = "shop"

// options are the command's flags.
type options struct {
	program     string
	listen      string
	adminListen string
	products    int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o := options{}
	flag.StringVar(&o.program, "program", "bin/productcache", "the service to run")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address of its public API")
	flag.StringVar(&o.adminListen, "admin-listen", "127.0.0.1:8081", "address of its admin API")
	flag.IntVar(&o.products, "products", 10000, "number of products in the shop")
	flag.Parse()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run shows the demo until ctx is done or the service ends.
func run(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	fmt.Fprintf(stdout, "Starting a private MariaDB with a shop of %d products ...\n", o.products)
	server, err := mysqltest.Start(ctx, mysqltest.Config{Binlog: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if err := fill(ctx, server, o.products); err != nil {
		return interrupted(ctx, err)
	}
	folder, err := os.MkdirTemp("", "productcache-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	catalog := filepath.Join(folder, "catalog.yaml")
	if err := os.WriteFile(catalog, demoshop.Catalog(), 0o600); err != nil {
		return err
	}
	service := exec.CommandContext(ctx, o.program, "-listen", o.listen, "-admin-listen", o.adminListen, "-catalog", catalog)
	service.Env = append(os.Environ(), "PRODUCTCACHE_MYSQL_DSN="+server.DSN(database), "PRODUCTCACHE_LOG_LEVEL=warn")
	service.Stdout, service.Stderr = stdout, stderr
	service.Cancel = func() error { return service.Process.Signal(syscall.SIGTERM) }
	service.WaitDelay = 15 * time.Second
	if err := service.Start(); err != nil {
		return err
	}
	go announce(ctx, o, server.Socket(), stdout)
	return interrupted(ctx, service.Wait())
}

// interrupted returns nil for what went wrong because the user ended the demo.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func fill(ctx context.Context, server *mysqltest.Server, products int) error {
	for _, step := range []struct {
		database string
		do       func(*sql.DB) error
	}{
		{"", func(db *sql.DB) error { _, err := db.ExecContext(ctx, "CREATE DATABASE "+database); return err }},
		{database, func(db *sql.DB) error { return demoshop.Load(ctx, db, products) }},
	} {
		db, err := sql.Open("mysql", server.SocketDSN(step.database))
		if err != nil {
			return err
		}
		if err := errors.Join(step.do(db), db.Close()); err != nil {
			return err
		}
	}
	return nil
}

// announce says what to try, once the service is ready.
func announce(ctx context.Context, o options, socket string, stdout io.Writer) {
	for !ready(ctx, "http://"+o.adminListen+"/readyz") {
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	fmt.Fprintf(stdout, `
Serving on http://%[1]s. Try:

  curl -i http://%[1]s/v1/products/42
  curl -i 'http://%[1]s/v1/products?keys=42,43,99999'
  curl -i 'http://%[1]s/v1/category/7?page=2&per_page=5'

Metrics: http://%[2]s/metrics
MySQL:   mariadb --socket=%[3]s --user=root %[4]s
Ctrl-C ends the demo and leaves nothing behind.

`, o.listen, o.adminListen, socket, database)
}

func ready(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }() // nothing is read
	return response.StatusCode == http.StatusOK
}
