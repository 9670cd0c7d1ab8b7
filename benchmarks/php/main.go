// Phpbench measures what a shop gets: the same products by PHP from MySQL, memcached, Redis and the service, in one
// process, in pages of php-fpm, and on OpenCart's product page; and what a page costs when the service is
// dead. README.md of benchmarks says what it found. `make bench-php` installs what is needed and runs it.
//
// A run: the shop and its stores start (shop.go), and each part measures (calls.go, pages.go, opencart.go, dead.go). Every
// measurement goes to php.txt as it comes, tables and verdicts to php.md (report.go).
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
	runtime.LockOSThread() // children die with the thread that started them, and inherit its processors
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parseOptions(os.LookupEnv)
	if err == nil {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "phpbench:", err)
		os.Exit(1)
	}
}

// run must be called on a goroutine that is locked to its thread.
func run(ctx context.Context, o *options) (err error) {
	b, err := newBench(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	out, err := newReport(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	if err := b.startShop(ctx); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context, *report) error
	}{{"calls", b.measureCalls}, {"pages", b.measurePages}, {"opencart", b.measureOpenCart}, {"dead", b.measureDead}} {
		if !o.wants(part.name) {
			continue
		}
		if err := part.measure(ctx, out); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return out.finish()
}
