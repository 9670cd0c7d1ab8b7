package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// row is one server in the table of a case.
type row struct {
	name   string
	rounds []*measured
	cpu    float64 // median at the peak
}

// table writes the table of a case, cheapest first.
func (r *report) table(out io.Writer, k *kind) {
	rows := r.rows(k)
	if len(rows) == 0 {
		return
	}
	what := "request"
	if k.units > 1 {
		what = "page"
	}
	fmt.Fprintf(out, "\n## %s\n\n", k.title)
	fmt.Fprintf(out, "| server | %ss/s at peak | CPU µs a %s at peak | CPU µs at %.0f/s | p50 µs | p99 µs | p99.9 µs |", what, what, r.bench.rate/float64(k.units))
	fmt.Fprintln(out, ratioTitle(rows, r.bench.services))
	fmt.Fprintln(out, "|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, of := range rows {
		name := of.name
		if of.rounds[0].driver == "own" && slices.ContainsFunc(rows, func(r row) bool { return r.rounds[0].driver == "wrk" }) {
			name += " ¹"
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", name,
			of.summary(0, func(m *measured) float64 { return m.peak }),
			of.summary(1, func(m *measured) float64 { return micros(m.peakCPU) }),
			of.summary(1, func(m *measured) float64 { return micros(m.fixedCPU) }),
			of.summary(0, func(m *measured) float64 { return micros(m.p50) }),
			of.summary(0, func(m *measured) float64 { return micros(m.p99) }),
			of.summary(0, func(m *measured) float64 { return micros(m.p999) }),
			ratio(rows, r.bench.services, of))
	}
}

// rows gathers the measurements of a case by server, cheapest first.
func (r *report) rows(k *kind) (rows []row) {
	for _, m := range r.measured {
		if m.kind.name != k.name {
			continue
		}
		i := slices.IndexFunc(rows, func(r row) bool { return r.name == m.server })
		if i < 0 {
			i, rows = len(rows), append(rows, row{name: m.server})
		}
		rows[i].rounds = append(rows[i].rounds, m)
	}
	for i := range rows {
		rows[i].cpu = median(rows[i].values(func(m *measured) float64 { return micros(m.peakCPU) }))
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.cpu, b.cpu) })
	return rows
}

func (r row) values(of func(*measured) float64) []float64 {
	values := make([]float64, len(r.rounds))
	for i, m := range r.rounds {
		values[i] = of(m)
	}
	return values
}

// summary is the median over the rounds, and the least and the most.
func (r row) summary(digits int, of func(*measured) float64) string {
	values := r.values(of)
	if len(values) == 1 {
		return fmt.Sprintf("%.*f", digits, values[0])
	}
	return fmt.Sprintf("%.*f (%.*f–%.*f)", digits, median(values), digits, slices.Min(values), digits, slices.Max(values))
}

// median sorts a copy; the median of an even number is the mean of the middle two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// yardstick is the row of the first way to run the service, which all others are compared with.
func yardstick(rows []row, services []service) (row, bool) {
	i := slices.IndexFunc(rows, func(r row) bool { return len(services) > 0 && r.name == services[0].name })
	if i < 0 {
		return row{}, false
	}
	return rows[i], true
}

func ratioTitle(rows []row, services []service) string {
	if of, ok := yardstick(rows, services); ok {
		return fmt.Sprintf(" CPU of %s ÷ its |", of.name)
	}
	return " |"
}

// ratio is the median over the rounds of the yardstick's CPU at the peak divided by a server's in the
// same round: what disturbs a round disturbs both.
func ratio(rows []row, services []service, of row) string {
	first, ok := yardstick(rows, services)
	if !ok || len(first.rounds) != len(of.rounds) {
		return ""
	}
	var ratios []float64
	for i, m := range of.rounds {
		ratios = append(ratios, float64(first.rounds[i].peakCPU)/float64(max(m.peakCPU, 1)))
	}
	return fmt.Sprintf("%.2f", median(ratios))
}

// memory writes the table of what cached products take.
func (r *report) memory(out io.Writer) {
	var plain, packed int
	for _, p := range r.bench.products {
		plain, packed = plain+len(p.Body()), packed+len(p.Gzip())
	}
	n := len(r.bench.products)
	fmt.Fprintf(out, "\n## Memory\n\nBytes for each cached product, whose body has %d on average, and %d packed.\n\n", plain/n, packed/n)
	fmt.Fprint(out, "| server | after plain requests | after packed ones too | header of an answer |\n|---|---:|---:|---:|\n")
	for _, s := range r.bench.servers {
		if s.tcp == "" {
			continue
		}
		perPlain := (s.withPlain - s.atStart) / int64(s.filledPlain)
		both, header := "", ""
		if s.behind != nil {
			both = fmt.Sprint(perPlain + (s.withGzip-s.withPlain)/int64(n))
			header = fmt.Sprint(len(s.header))
		}
		fmt.Fprintf(out, "| %s | %d | %s | %s |\n", s.name, perPlain, both, header)
	}
	fmt.Fprint(out, "\n¹ Its peak was driven by our own generator, which costs more than wrk: compare its CPU, not its peak.\n")
}
