// Command productcache serves a shop's products, read from MySQL, as ready JSON
// out of bounded memory.
//
//	productcache [flags]         serve
//	productcache check [flags]   run and EXPLAIN every query of the catalog, and say what is wrong
//	productcache init [flags]    write a starter catalog, from the database's schema, to standard output
//	productcache health [flags]  ask the service at -admin-listen whether it is alive
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, takeArguments(os.Args[1:]), os.LookupEnv, os.Stdout, os.Stderr))
}

// exit codes, as Go's own tools have them.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// run is the program: args without its name, the environment by lookupEnv.
// What was asked for goes to stdout, messages and the log to stderr.
func run(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) int {
	command, args := splitCommand(args)
	c, err := parseConfig(command, args, lookupEnv, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintln(stderr, "productcache:", complaint(err))
		return exitUsage
	case c.Version:
		fmt.Fprintln(stdout, "productcache", version)
		return exitOK
	}
	log := newLogger(c, stderr)
	if command != "health" {
		warnOfStrangers(os.Environ(), log)
	}
	switch command {
	case "serve":
		err = serve(ctx, c, log, nil)
	case "check":
		err = check(ctx, c, stdout, log)
	case "init":
		err = starter(ctx, c, stdout, log)
	case "health":
		err = health(ctx, c, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "productcache:", complaint(err))
		return exitFailure
	}
	return exitOK
}

// splitCommand takes the command off the arguments; without one it is serve. Help is a flag of every command.
func splitCommand(args []string) (string, []string) {
	if len(args) > 0 && args[0] == "help" {
		return "serve", []string{"-help"}
	}
	if len(args) > 0 && slices.Contains([]string{"serve", "check", "init", "health"}, args[0]) {
		return args[0], args[1:]
	}
	return "serve", args
}
