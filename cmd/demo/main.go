// Command demo shows the service at work: it starts a private MariaDB, fills it
// with a shop of 10,000 products, and runs the productcache program in front of
// it, as an operator would; if asked to, with a storefront in PHP before it.
// When it ends nothing is left behind.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"productcache/internal/phpserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	program     string
	listen      string
	adminListen string
	products    int
	storefront  phpserver.Config // without an address there is none
}

// run shows the demo until ctx is done or the service ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Starting a private MariaDB with a shop of %d products ...\n", o.products)
	s, err := openShop(ctx, o.products)
	if err != nil {
		return unlessDone(ctx, err)
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return unlessDone(ctx, serve(ctx, o, s, stdout, stderr))
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.program, "program", "bin/productcache", "the service to run: a `file`")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`address` of its public API")
	flags.StringVar(&o.adminListen, "admin-listen", "127.0.0.1:8081", "`address` of its admin API")
	flags.IntVar(&o.products, "products", 10000, "`number` of products in the shop")
	flags.StringVar(&o.storefront.Address, "storefront", "", "`address` of a storefront in PHP; none without")
	flags.StringVar((*string)(&o.storefront.Kind), "storefront-server", string(phpserver.BuiltIn), "what serves it: php, PHP's own `server`, or fpm, php-fpm with nginx")
	flags.StringVar(&o.storefront.Folder, "storefront-folder", "clients/php/storefront/public", "its `folder`")
	return o, flags.Parse(args)
}

// validate finds what would otherwise be found after the shop has been loaded,
// and addresses where something else would answer in the service's place.
func (o options) validate() (err error) {
	if info, e := os.Stat(o.program); e != nil || info.IsDir() {
		err = fmt.Errorf("there is no program %s: `make build` makes it", o.program)
	}
	if o.products < 1 {
		err = errors.Join(err, fmt.Errorf("-products %d: a shop has one at least", o.products))
	}
	addresses := []struct{ address, flag, variable string }{
		{o.listen, "-listen", "LISTEN"},
		{o.adminListen, "-admin-listen", "ADMIN_LISTEN"},
	}
	if o.storefront.Address != "" {
		err = errors.Join(err, o.storefront.Validate())
		addresses = append(addresses, struct{ address, flag, variable string }{o.storefront.Address, "-storefront", "STOREFRONT"})
	}
	for _, a := range addresses {
		l, e := net.Listen("tcp", a.address)
		switch {
		case e == nil:
			e = l.Close()
		case errors.Is(e, syscall.EADDRINUSE):
			e = fmt.Errorf("%s is in use: choose another address by %s, or by `make demo %s=127.0.0.1:9090`", a.address, a.flag, a.variable)
		}
		err = errors.Join(err, e)
	}
	return err
}

// unlessDone drops an error of what was interrupted on the user's demand.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
