package faults

import (
	"errors"
	"fmt"
	"time"
)

// Report is what the cases of a run came to.
type Report struct {
	Database []FaultRow
	Refill   []RefillRow
	Front    []FrontRow
	Skipped  []string // cases that could not run here, and why
}

// missed are the findings of a case.
type missed struct{ Findings []string }

func (m *missed) miss(format string, args ...any) {
	m.Findings = append(m.Findings, fmt.Sprintf(format, args...))
}

// FaultRow is a fault of the database.
type FaultRow struct {
	Name, Text     string
	Hits, Others   counts        // of answers during the fault
	Before, During time.Duration // 99th percentile of hits
	Queries        int64         // that the program sent during the fault
	AtOnce         int64         // queries that were seen in MySQL together, at most, during the case
	Peak           int64         // resident memory of the program, in bytes
	Recovered      time.Duration // from MySQL's return to the last answer that shows that it was away
	missed
}

// Ratio is how much slower hits were.
func (r FaultRow) Ratio() float64 { return ratio(r.During, r.Before) }

func (r FaultRow) String() string {
	return fmt.Sprintf("%-16s hits %v others %v p99 %v -> %v (%.2f) queries %d at once %d peak %s back %v%s", r.Name, r.Hits, r.Others,
		r.Before, r.During, r.Ratio(), r.Queries, r.AtOnce, mib(r.Peak), r.Recovered.Round(time.Millisecond), r.lines())
}

// RefillRow is the return of MySQL to an empty cache.
type RefillRow struct {
	Keys                     int     // that are asked for at random
	Rate                     float64 // requests a second
	Requests, Distinct, Read int     // requests since MySQL is back, different products among them, rows that MySQL sent
	Queries                  int
	AtOnce                   int64
	Answers                  counts
	Median, P99              time.Duration // of all answers since MySQL is back
	Peak                     int64
	Recovered                time.Duration
	missed
}

func (r RefillRow) String() string {
	return fmt.Sprintf("refill           %d requests for %d of %d products: %d rows sent by %d queries, %d at once; answers %v p50 %v p99 %v peak %s back %v%s",
		r.Requests, r.Distinct, r.Keys, r.Read, r.Queries, r.AtOnce, r.Answers, r.Median, r.P99, mib(r.Peak), r.Recovered.Round(time.Millisecond), r.lines())
}

// FrontRow is an overload from the front.
type FrontRow struct {
	Name, Text     string
	Hits           counts
	Before, During time.Duration // 99th percentile of hits of clients that behave
	Rate           float64       // requests a second of those who do not
	Refused        int64         // of these
	CPU            float64       // processors that the program used
	Queries        int64
	AtOnce         int64
	Peak           int64
	missed
}

// Ratio is how much slower hits were.
func (r FrontRow) Ratio() float64 { return ratio(r.During, r.Before) }

func (r FrontRow) String() string {
	return fmt.Sprintf("%-16s hits %v p99 %v -> %v (%.2f) %.0f/s refused %d cpu %.2f queries %d at once %d peak %s%s", r.Name, r.Hits, r.Before, r.During,
		r.Ratio(), r.Rate, r.Refused, r.CPU, r.Queries, r.AtOnce, mib(r.Peak), r.lines())
}

func ratio(a, b time.Duration) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func mib(bytes int64) string { return fmt.Sprintf("%d MiB", bytes>>20) }

func (m missed) lines() (text string) {
	for _, f := range m.Findings {
		text += "\n    " + f
	}
	return text
}

// each calls f for the findings of each case.
func (r *Report) each(f func(name string, m missed)) {
	for _, row := range r.Database {
		f(row.Name, row.missed)
	}
	for _, row := range r.Refill {
		f(refillName, row.missed)
	}
	for _, row := range r.Front {
		f(row.Name, row.missed)
	}
}

// err returns all findings as an error.
func (r *Report) err() error {
	var errs []error
	r.each(func(name string, m missed) {
		for _, f := range m.Findings {
			errs = append(errs, fmt.Errorf("%s: %s", name, f))
		}
	})
	return errors.Join(errs...)
}
