package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"productcache/benchmarks/internal/machine"
)

// report writes what is measured: each line to php.txt as it comes, and at the end php.md.
type report struct {
	options    *options
	raw        *os.File
	loadBefore string
	sections   []string
	verdicts   []string
}

// newReport begins php.txt with what a reader must know about the run.
func newReport(o *options) (*report, error) {
	if err := os.MkdirAll(o.results, 0o755); err != nil {
		return nil, err
	}
	raw, err := os.Create(filepath.Join(o.results, "php.txt"))
	if err != nil {
		return nil, err
	}
	r := &report{options: o, raw: raw, loadBefore: machine.Load()}
	r.line("%s", r.header())
	return r, nil
}

// header says what was measured, where, and how.
func (r *report) header() string {
	php := func(code string) string { return machine.Version("php", "-r", code) }
	extension := func(name string) string { return php("echo phpversion('" + name + "');") }
	return strings.Join(append(machine.Lines(),
		"load before: "+r.loadBefore,
		"php: "+php("echo PHP_VERSION;"),
		"php-memcached: "+extension("memcached")+", libmemcached "+php("echo dechex(Memcached::LIBMEMCACHED_VERSION_HEX)[0] . '.' . (Memcached::LIBMEMCACHED_VERSION_HEX >> 12 & 0xfff) . '.' . (Memcached::LIBMEMCACHED_VERSION_HEX & 0xfff);"),
		"php-redis: "+extension("redis"),
		"php-apcu: "+extension("apcu"),
		"memcached: "+machine.Version("memcached", "-V"),
		"redis: "+machine.Version("redis-server", "--version"),
		"mariadb: "+machine.Version("sh", "-c", "PATH=$PATH:/usr/sbin mariadbd --version"),
		"productcache: "+machine.Version(r.options.program, "-version"),
		fmt.Sprintf("rounds: %d, of %d calls, and of %v of pages", r.options.rounds, r.options.calls, r.options.duration)), "\n")
}

func (r *report) close() error { return r.raw.Close() }

// line writes to php.txt, and to the terminal, so that one sees that it goes on.
func (r *report) line(format string, args ...any) {
	fmt.Fprintf(io.MultiWriter(r.raw, r.options.progress), format+"\n", args...)
}

// section adds a part to php.md.
func (r *report) section(text string) { r.sections = append(r.sections, text) }

func (r *report) atMost(what string, measured, most float64, format string) {
	r.verdict(what, measured, "≤ ", most, measured <= most, format)
}

func (r *report) atLeast(what string, measured, least float64, format string) {
	r.verdict(what, measured, "≥ ", least, measured >= least, format)
}

func (r *report) verdict(what string, measured float64, sign string, wanted float64, met bool, format string) {
	said := "met"
	if !met {
		said = "**missed**"
	}
	r.verdicts = append(r.verdicts, fmt.Sprintf("| %s | "+format+" | %s"+format+" | %s |\n", what, measured, sign, wanted, said))
}

// finish writes php.md, and the same to the terminal.
func (r *report) finish() error {
	after := "load after: " + machine.Load()
	r.line("%s", after)
	md, err := os.Create(filepath.Join(r.options.results, "php.md"))
	if err != nil {
		return err
	}
	out := io.MultiWriter(md, r.options.progress)
	fmt.Fprintf(out, "# PHP\n\nWhat the figures mean, and what they are worth: [benchmarks](../README.md#php). Every measurement: [php.txt](php.txt).\n\n```\n%s\n%s\n```\n", r.header(), after)
	if len(r.verdicts) > 0 {
		fmt.Fprintf(out, "\n## Wanted\n\n| figure | measured | wanted | |\n|---|---:|---:|---|\n%s", strings.Join(r.verdicts, ""))
	}
	for _, s := range r.sections {
		fmt.Fprintf(out, "\n%s", s)
	}
	return md.Close()
}
