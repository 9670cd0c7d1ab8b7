package faults

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"productcache/benchmarks/internal/machine"
)

// Markers of the part of a file that Write writes; what is around it is people's.
const (
	beginMark = "<!-- What follows is written by make faults. -->\n"
	endMark   = "<!-- Up to here. -->\n"
)

// Write puts the tables between the markers of a file.
func (r *Report) Write(file, environment string) error {
	var text bytes.Buffer
	text.WriteString(environment)
	r.database(&text)
	r.refill(&text)
	r.front(&text)
	r.notes(&text)
	return replace(file, beginMark, text.String())
}

// replace puts a text between a marker of a file and the next endMark.
func replace(file, mark, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), mark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return fmt.Errorf("faults: %s has no place for the tables", file)
	}
	return os.WriteFile(file, []byte(before+mark+"\n"+text+"\n"+endMark+after), 0o644)
}

// Environment says what a run was made on, before it begins: it is busy then only with what is not ours.
func Environment(server string) string {
	return "- " + strings.Join(append(machine.Lines(), "MariaDB: "+server, "load averages before: "+machine.Load()), "\n- ") + "\n"
}

func (r *Report) database(out *bytes.Buffer) {
	out.WriteString("\n### Faults of the database\n\n" +
		"| fault | cached: right, stale, refused, wrong | others: right, stale, refused, wrong | p99 of hits, before and during | ratio | queries, at once | peak memory | back after |\n" +
		"|---|---|---|---|---|---|---|---|\n")
	for _, row := range r.Database {
		fmt.Fprintf(out, "| **%s**: %s | %v | %v | %s, %s | %s | %d, %d | %s | %s |\n", row.Name, row.Text, row.Hits, row.Others,
			milliseconds(row.Before), milliseconds(row.During), marked(row.Slowdown, mostSlowdown), row.Queries, row.AtOnce, mib(row.Peak), seconds(row.Recovered))
	}
}

func (r *Report) refill(out *bytes.Buffer) {
	out.WriteString("\n### MySQL is back, and the cache empty\n\n" +
		"| products, requests a second | requests, different products | rows sent, queries, at once | right, stale, refused, wrong | p50, p99 | peak memory | last refusal after |\n" +
		"|---|---|---|---|---|---|---|\n")
	for _, row := range r.Refill {
		fmt.Fprintf(out, "| %d, %.0f | %d, %d | %d, %d, %d | %v | %s, %s | %s | %s |\n", row.Keys, row.Rate, row.Requests, row.Distinct,
			row.Read, row.Queries, row.AtOnce, row.Answers, milliseconds(row.Median), milliseconds(row.P99), mib(row.Peak), seconds(row.Recovered))
	}
}

func (r *Report) front(out *bytes.Buffer) {
	out.WriteString("\n### Overload from the front\n\n" +
		"| overload | hits: right, stale, refused, wrong | p99 of hits, before and during | ratio | its requests a second, refused | processors used | queries, at once | peak memory |\n" +
		"|---|---|---|---|---|---|---|---|\n")
	for _, row := range r.Front {
		fmt.Fprintf(out, "| **%s**: %s | %v | %s, %s | %s | %.0f, %d | %.2f | %d, %d | %s |\n", row.Name, row.Text, row.Hits,
			milliseconds(row.Before), milliseconds(row.During), marked(row.Slowdown, mostCrowding), row.Rate, row.Refused, row.CPU, row.Queries, row.AtOnce, mib(row.Peak))
	}
}

// mostNoted findings of each case are in the file.
const mostNoted = 3

// notes are what was not as wanted.
func (r *Report) notes(out *bytes.Buffer) {
	var lines []string
	note := func(name string, m missed) {
		for i, f := range m.Findings {
			if i == mostNoted {
				lines = append(lines, fmt.Sprintf("- %s: and %d more", name, len(m.Findings)-i))
				break
			}
			line, _, _ := strings.Cut(f, "\n")
			lines = append(lines, "- "+name+": "+line)
		}
	}
	r.each(note)
	for _, s := range r.Skipped {
		lines = append(lines, "- not run: "+s)
	}
	writeNotes(out, lines)
}

func writeNotes(out *bytes.Buffer, lines []string) {
	if len(lines) > 0 {
		out.WriteString("\nNot as wanted:\n\n" + strings.Join(lines, "\n") + "\n")
		return
	}
	out.WriteString("\nAll of it as wanted.\n")
}

// marked shows a ratio, those of the fastest and the slowest round, and whether it is above what is wanted.
func marked(s Slowdown, most float64) string {
	text := fmt.Sprintf("%.2f (%.2f to %.2f)", s.Ratio(), s.Least, s.Most)
	if s.Ratio() > most {
		text += ": **missed**"
	}
	return text
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
