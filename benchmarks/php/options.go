package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options of a run; each is an environment variable.
type options struct {
	rounds   int           // PHPBENCH_ROUNDS: how often each is measured
	duration time.Duration // PHPBENCH_SECONDS: of one measurement of pages
	calls    int           // PHPBENCH_CALLS: calls of one measurement from the command line
	parts    []string      // PHPBENCH_PARTS: calls, pages, opencart, dead, with commas; none: all
	products int           // PHPBENCH_PRODUCTS: that OpenCart's demo shop is multiplied to
	results  string        // PHPBENCH_RESULTS: where php.txt and php.md go
	program  string        // PHPBENCH_PROGRAM: the service
	root     string        // PHPBENCH_ROOT: of the project
	progress io.Writer     // sees every measurement as it comes
	retry    time.Duration // after which the client looks whether a dead service is back
}

func parseOptions(lookup func(string) (string, bool)) (*options, error) {
	text := func(name, or string) string {
		if s, ok := lookup(name); ok && s != "" {
			return s
		}
		return or
	}
	var broken []error
	number := func(name, or string) float64 {
		n, err := strconv.ParseFloat(text(name, or), 64)
		if err != nil || n <= 0 {
			broken = append(broken, fmt.Errorf("%s=%s: want a number above 0", name, text(name, or)))
		}
		return n
	}
	o := &options{
		rounds:   int(number("PHPBENCH_ROUNDS", "3")),
		duration: time.Duration(number("PHPBENCH_SECONDS", "1") * float64(time.Second)),
		calls:    int(number("PHPBENCH_CALLS", "1000")),
		parts:    strings.FieldsFunc(text("PHPBENCH_PARTS", ""), func(r rune) bool { return r == ',' || r == ' ' }),
		products: int(number("PHPBENCH_PRODUCTS", "20000")),
		results:  text("PHPBENCH_RESULTS", "benchmarks/results"),
		program:  text("PHPBENCH_PROGRAM", "bin/productcache"),
		root:     text("PHPBENCH_ROOT", "."),
		progress: os.Stdout,
		retry:    100 * time.Millisecond,
	}
	if o.rounds < 1 || o.calls < 1 {
		broken = append(broken, errors.New("PHPBENCH_ROUNDS and PHPBENCH_CALLS must be 1 at least"))
	}
	for _, name := range o.parts {
		if !slices.Contains([]string{"calls", "pages", "opencart", "dead"}, name) {
			broken = append(broken, fmt.Errorf("PHPBENCH_PARTS: there is no part %q", name))
		}
	}
	for _, path := range []*string{&o.program, &o.root, &o.results} {
		var err error
		*path, err = filepath.Abs(*path)
		broken = append(broken, err)
	}
	return o, errors.Join(broken...)
}

func (o *options) wants(part string) bool { return len(o.parts) == 0 || slices.Contains(o.parts, part) }
