// Rivals serves cached bodies by HTTP as a Go program does that is built out of libraries: fasthttp, or
// net/http with chi, each over golang-lru. It is a module of its own, so that the project's go.mod does
// not know its libraries.
//
//	rivals -server fasthttp|chi -listen 127.0.0.1:PORT -origin http://127.0.0.1:PORT
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "rivals:", err)
		os.Exit(1)
	}
}

func run() error {
	server := flag.String("server", "fasthttp", "fasthttp or chi")
	listen := flag.String("listen", "127.0.0.1:0", "`address`")
	origin := flag.String("origin", "", "`URL` that misses are fetched from")
	entries := flag.Int("entries", 100_000, "`number` of entries kept")
	flag.Parse()
	c, err := newCache(*origin, *entries)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch *server {
	case "fasthttp":
		return serveFast(ctx, l, c)
	case "chi":
		return serveChi(ctx, l, c)
	}
	return fmt.Errorf("there is no server %q", *server)
}
