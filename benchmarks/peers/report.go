package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"productcache/benchmarks/internal/machine"
)

// report writes what is measured: each line to peers.txt as it comes, and at the end the tables.
type report struct {
	bench    *bench
	raw      *os.File
	measured []*measured
}

// newReport begins peers.txt with what a reader must know about the run.
func newReport(b *bench) (*report, error) {
	if err := os.MkdirAll(b.options.results, 0o755); err != nil {
		return nil, err
	}
	raw, err := os.Create(filepath.Join(b.options.results, "peers.txt"))
	if err != nil {
		return nil, err
	}
	r := &report{bench: b, raw: raw}
	r.line("%s", header(b))
	return r, nil
}

func (r *report) close() error { return r.raw.Close() }

// line writes to peers.txt, and to the terminal, so that one sees that it goes on.
func (r *report) line(format string, args ...any) {
	fmt.Fprintf(io.MultiWriter(r.raw, os.Stdout), format+"\n", args...)
}

// filled notes what filling has found.
func (r *report) filled(s *server) {
	network := "tcp"
	if s.tcp == "" {
		network = "unix"
	}
	r.line("filled server=%s network=%s start=%d plain=%d gzip=%d products=%d still-missed=%d", s.name, network, s.atStart, s.withPlain, s.withGzip, s.filledPlain, s.unsettled)
	if s.header != "" {
		r.line("header server=%s %d bytes: %s", s.name, len(s.header), strings.ReplaceAll(strings.TrimSpace(s.header), "\r\n", " | "))
	}
}

// add notes a measurement.
func (r *report) add(m *measured) {
	r.measured = append(r.measured, m)
	r.line("case=%s round=%d server=%s driver=%s peak/s=%.0f peak-cpu-us=%.2f fixed-cpu-us=%.2f p50-us=%.0f p99-us=%.0f p99.9-us=%.0f products=%d misses=%d",
		m.kind.name, m.round, m.server, m.driver, m.peak, micros(m.peakCPU), micros(m.fixedCPU), micros(m.p50), micros(m.p99), micros(m.p999), m.products, m.behind)
}

// finish writes the tables, to peers.md and to the terminal. What was no hit makes the run fail.
func (r *report) finish() error {
	after := "load after: " + machine.Load()
	r.line("%s", after)
	md, err := os.Create(filepath.Join(r.bench.options.results, "peers.md"))
	if err != nil {
		return err
	}
	out := io.MultiWriter(md, os.Stdout)
	fmt.Fprintf(out, "# Peers\n\nWhat the figures mean, and what they are worth: [benchmarks/peers](../peers/README.md).\n\n```\n%s\n%s\n```\n", header(r.bench), after)
	for _, k := range allCases() {
		r.table(out, k)
	}
	r.memory(out)
	if err := md.Close(); err != nil {
		return err
	}
	for _, m := range r.measured {
		if share := float64(m.behind) / float64(m.products); share > mostMissed {
			err = errors.Join(err, fmt.Errorf("round %d: %s in case %s: %d of %d were not hits", m.round, m.server, m.kind.name, m.behind, m.products))
		}
	}
	return err
}

// mostMissed is the share of products that may miss in a measurement.
const mostMissed = 1e-4

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
