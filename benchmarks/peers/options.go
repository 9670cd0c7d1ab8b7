package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options of a run; each is an environment variable.
type options struct {
	rounds   int           // PEERS_ROUNDS: how often each is measured
	duration time.Duration // PEERS_SECONDS: of one measurement; each has two, peak and fixed rate
	rate     float64       // PEERS_RATE: requests per second of the fixed rate; pages are a 24th
	only     []string      // PEERS_ONLY: names of servers, with commas; none: all
	cases    []string      // PEERS_CASES: names of cases, with commas; none: all
	services []service     // PEERS_SERVICES: see parseServices
	results  string        // PEERS_RESULTS: where peers.txt and peers.md go
	program  string        // PEERS_PROGRAM: the service
	rivals   string        // PEERS_RIVALS: the program of the module rivals
}

// service is a way to run the service, measured as a server of its own.
type service struct {
	name, program string
	flags         []string
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
		rounds:   int(number("PEERS_ROUNDS", "5")),
		duration: time.Duration(int(number("PEERS_SECONDS", "1"))) * time.Second, // wrk knows whole seconds only
		rate:     number("PEERS_RATE", "10000"),
		only:     list(text("PEERS_ONLY", "")),
		cases:    list(text("PEERS_CASES", "")),
		results:  text("PEERS_RESULTS", "benchmarks/results"),
		program:  text("PEERS_PROGRAM", "bin/productcache"),
		rivals:   text("PEERS_RIVALS", "bin/rivals"),
	}
	o.services = parseServices(text("PEERS_SERVICES", "productcache"), o.program)
	if o.rounds < 1 || o.duration < time.Second {
		broken = append(broken, errors.New("PEERS_ROUNDS, PEERS_SECONDS: want whole numbers, 1 at least"))
	}
	for _, name := range o.cases {
		if !slices.ContainsFunc(allCases(), func(c *kind) bool { return c.name == name }) {
			broken = append(broken, fmt.Errorf("PEERS_CASES: there is no case %q", name))
		}
	}
	return o, errors.Join(broken...)
}

// parseServices reads ways to run the service, separated by ";". Each is a name, and then flags; a
// word that is no flag is another program:
//
//	productcache; small -cache-bytes=16MiB; before /tmp/old/productcache
func parseServices(text, program string) (services []service) {
	for part := range strings.SplitSeq(text, ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		s := service{name: words[0], program: program}
		for _, w := range words[1:] {
			if strings.HasPrefix(w, "-") {
				s.flags = append(s.flags, w)
			} else {
				s.program = w
			}
		}
		services = append(services, s)
	}
	return services
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// wants reports whether a server was asked for.
func (o *options) wants(name string) bool { return len(o.only) == 0 || slices.Contains(o.only, name) }

func (o *options) wantsCase(name string) bool {
	return len(o.cases) == 0 || slices.Contains(o.cases, name)
}
