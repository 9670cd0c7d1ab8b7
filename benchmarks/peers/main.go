// Peers compares the service with nginx, Varnish, HAProxy, memcached, Redis and two servers made of Go
// libraries: the same products, the same load, on the same machine, in turn. README.md says how, and
// what it is worth. `make bench-peers` installs what is needed and runs it.
//
// A run: the shop is drawn (shop.go), the origin and the servers start (origin.go, servers.go), each is
// filled and every answer compared (fill.go), and then each round drives every server through every
// case (cases.go, measure.go). What was measured goes to peers.txt line by line, and as medians to
// peers.md (report.go).
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	runtime.LockOSThread() // children die with the thread that started them
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	o, err := parseOptions(os.LookupEnv)
	if err != nil {
		return err
	}
	b, err := newBench(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.start(ctx); err != nil {
		return err
	}
	out, err := newReport(b)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	for _, s := range b.servers {
		if err := b.fill(ctx, s); err != nil {
			return fmt.Errorf("fill %s: %w", s.name, err)
		}
		out.filled(s)
	}
	if err := b.measureAll(ctx, out); err != nil {
		return err
	}
	return out.finish()
}
