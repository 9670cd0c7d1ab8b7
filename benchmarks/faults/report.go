package faults

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
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

// Slowdown is how much slower hits were in a case, which is run in several rounds: in that with the median ratio.
type Slowdown struct {
	Before, During time.Duration // 99th percentile of hits
	Least, Most    float64       // of the ratios of all rounds
}

// Ratio is how much slower hits were.
func (s Slowdown) Ratio() float64 {
	if s.Before == 0 {
		return 0
	}
	return float64(s.During) / float64(s.Before)
}

func (s Slowdown) String() string {
	return fmt.Sprintf("p99 %v -> %v (%.2f)", s.Before, s.During, s.Ratio())
}

// over returns the slowdown over several rounds, and which of them it is of.
func over(rounds []Slowdown) (_ Slowdown, of int) {
	order := make([]int, len(rounds))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(rounds[a].Ratio(), rounds[b].Ratio()) })
	of = order[len(order)/2]
	s := rounds[of]
	s.Least, s.Most = rounds[order[0]].Ratio(), rounds[order[len(order)-1]].Ratio()
	return s, of
}

// FaultRow is a fault of the database.
type FaultRow struct {
	Name, Text   string
	Hits, Others counts // of answers during the fault
	Slowdown
	Queries   int64         // that the program sent during the fault
	AtOnce    int64         // queries that were seen in MySQL together, at most, during the case
	Peak      int64         // resident memory of the program, in bytes
	Recovered time.Duration // from MySQL's return to the last answer that shows that it was away
	missed
}

func (r FaultRow) String() string {
	return fmt.Sprintf("%-16s hits %v others %v %v queries %d at once %d peak %s back %v%s", r.Name, r.Hits, r.Others,
		r.Slowdown, r.Queries, r.AtOnce, mib(r.Peak), r.Recovered.Round(time.Millisecond), r.lines())
}

// overFaults returns the row of a fault's rounds: the answers of all, the extremes of what should be small, and all findings.
func overFaults(rounds []FaultRow) FaultRow {
	slowdowns := make([]Slowdown, len(rounds))
	for i, r := range rounds {
		slowdowns[i] = r.Slowdown
	}
	s, of := over(slowdowns)
	row := rounds[of]
	row.Slowdown, row.missed, row.Hits, row.Others = s, missed{}, counts{}, counts{}
	for _, r := range rounds {
		row.Hits.add(r.Hits)
		row.Others.add(r.Others)
		row.AtOnce, row.Peak, row.Recovered = max(row.AtOnce, r.AtOnce), max(row.Peak, r.Peak), max(row.Recovered, r.Recovered)
		row.Findings = append(row.Findings, r.Findings...)
	}
	return row
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
	Name, Text string
	Hits       counts  // of answers to clients that behave
	Slowdown           // of theirs
	Rate       float64 // requests a second of those who do not
	Refused    int64   // of these
	CPU        float64 // processors that the program used
	Queries    int64
	AtOnce     int64
	Peak       int64
	missed
}

func (r FrontRow) String() string {
	return fmt.Sprintf("%-16s hits %v %v %.0f/s refused %d cpu %.2f queries %d at once %d peak %s%s", r.Name, r.Hits, r.Slowdown,
		r.Rate, r.Refused, r.CPU, r.Queries, r.AtOnce, mib(r.Peak), r.lines())
}

// overFront is overFaults for an overload.
func overFront(rounds []FrontRow) FrontRow {
	slowdowns := make([]Slowdown, len(rounds))
	for i, r := range rounds {
		slowdowns[i] = r.Slowdown
	}
	s, of := over(slowdowns)
	row := rounds[of]
	row.Slowdown, row.missed, row.Hits = s, missed{}, counts{}
	for _, r := range rounds {
		row.Hits.add(r.Hits)
		row.AtOnce, row.Peak = max(row.AtOnce, r.AtOnce), max(row.Peak, r.Peak)
		row.Findings = append(row.Findings, r.Findings...)
	}
	return row
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
