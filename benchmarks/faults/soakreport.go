package faults

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"productcache/benchmarks/internal/child"
)

// SoakReport is what a soak came to.
type SoakReport struct {
	Seed         uint64
	Duration     time.Duration
	Events       int
	Rows         []*SoakRow // by kind of event, in the order in which they first happened
	During, Calm answers    // of all events, and between them
	AtOnce       int64      // queries that were seen in MySQL together, at most
	Peak         int64      // resident memory of a program, in bytes
	Before, Now  child.Usage
	Skipped      []string
	missed
}

// SoakRow is what was answered while events of a kind happened.
type SoakRow struct {
	Name         string
	Alone, Along int // how often
	answers
}

// answers to what is cached, and to what else was asked for.
type answers struct{ hits, others counts }

func countsOf(t *tally) answers { return answers{t.counts(ofHits), t.counts(ofOthers)} }

func (a *answers) add(b answers) {
	for v := range a.hits {
		a.hits[v] += b.hits[v]
		a.others[v] += b.others[v]
	}
}

func (r *SoakRow) add(a answers, along bool) {
	r.answers.add(a)
	if along {
		r.Along++
	} else {
		r.Alone++
	}
}

// all is the text of counts with those who were away.
func (c counts) all() string { return fmt.Sprintf("%v, %d", c, c[away]) }

func (r *SoakReport) String() string {
	var text bytes.Buffer
	r.figures(&text)
	return text.String()
}

// Markers of the part of a file that SoakReport.Write writes.
const soakMark = "<!-- What follows is written by make soak. -->\n"

// Write puts the report between the markers of a file.
func (r *SoakReport) Write(file, environment string) error {
	var text bytes.Buffer
	text.WriteString(environment)
	r.figures(&text)
	return replace(file, soakMark, text.String())
}

func (r *SoakReport) figures(out *bytes.Buffer) {
	fmt.Fprintf(out, "- seed: %d; %v; %d events\n", r.Seed, r.Duration, r.Events)
	fmt.Fprintf(out, "- queries at once: %d at most\n- peak memory: %s\n", r.AtOnce, mib(r.Peak))
	fmt.Fprintf(out, "- at rest before: %v\n- at rest after: %v\n", r.Before, r.Now)
	for _, s := range r.Skipped {
		fmt.Fprintf(out, "- not run: %s\n", s)
	}
	const verdicts = "right, stale, refused, wrong, away"
	out.WriteString("\n| event | alone, with another | cached: " + verdicts + " | others: " + verdicts + " |\n|---|---|---|---|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(out, "| %s | %d, %d | %s | %s |\n", row.Name, row.Alone, row.Along, row.hits.all(), row.others.all())
	}
	fmt.Fprintf(out, "| **all events** | %d | %s | %s |\n", r.Events, r.During.hits.all(), r.During.others.all())
	fmt.Fprintf(out, "| **the calm between them** | | %s | %s |\n", r.Calm.hits.all(), r.Calm.others.all())
	var notes []string
	for _, f := range r.Findings {
		line, _, _ := strings.Cut(f, "\n")
		notes = append(notes, "- "+line)
	}
	writeNotes(out, notes)
}

// err returns all findings as an error.
func (r *SoakReport) err() error {
	if len(r.Findings) == 0 {
		return nil
	}
	return fmt.Errorf("faults: soak: seed %d: %w", r.Seed, errors.New(strings.Join(r.Findings, "\n")))
}
