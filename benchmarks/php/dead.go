package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// deadWays are the page without the client, and with it and the same queries as its fallback.
var deadWays = []struct{ title, transport, network string }{
	{"without the client", "", ""},
	{"the client, TCP", "stream", "tcp"},
	{"the client, Unix socket", "stream", "unix"},
	{"the client by curl, TCP", "curl", "tcp"},
}

// deaths are what may have become of a service.
var deaths = []struct {
	name, title string
	signal      syscall.Signal
}{
	{"killed", "killed: nobody listens", syscall.SIGKILL},
	{"frozen", "frozen (SIGSTOP): it takes connections, and never answers", syscall.SIGSTOP},
}

// measureDead asks what a page costs whose service is dead, after the first failure.
func (b *bench) measureDead(ctx context.Context, out *report) error {
	var t strings.Builder
	t.WriteString("## With the service dead\n\nPages of the demo's shop by one worker; the client's fallback is the same SQL by which the page is made without the client. *First* is the first page after the service's death; the others are after " +
		"it, and include the looks whether the service is back. *More* is against the page without the client, in ms: medians over the rounds of what differs, but for the p99, which is of all rounds together.\n")
	for _, d := range deaths {
		fmt.Fprintf(&t, "\nThe service is %s:\n\n| | products | first, ms | p50 µs | mean | p99 | longest | more: p50 | mean | p99 |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n", d.title)
		if err := b.die(ctx, out, &t, d.name, d.signal); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	out.section(t.String())
	return nil
}

// deadRounds is how many short rounds a round is.
const deadRounds = 3

func (b *bench) die(ctx context.Context, out *report, t *strings.Builder, name string, signal syscall.Signal) (err error) {
	s, err := b.startService(ctx, name, b.mysql.DSN(database), filepath.Join(b.folder, "catalog.yaml"), b.config)
	if err != nil {
		return err
	}
	defer func() {
		_ = syscall.Kill(s.PID(), syscall.SIGCONT)
		if e := s.Stop(); signal != syscall.SIGKILL {
			err = errors.Join(err, e)
		}
	}()
	if err := b.config.write(b.configFile()); err != nil {
		return err
	}
	f, err := b.startFPM(ctx, "fpm-"+name, 1)
	if err != nil {
		return err
	}
	defer f.Stop()
	var ways []way // of one product, and then of a listing
	for _, products := range []int{1, pageSize} {
		for _, w := range deadWays {
			query := "store=mysql"
			if w.transport != "" {
				query = fmt.Sprintf("store=fallback&transport=%s&service=%s_%s&retry=%d", w.transport, name, w.network, b.retry.Milliseconds())
			}
			ways = append(ways, way{fmt.Sprintf("%s-%s-%d", w.transport, w.network, products), w.title, b.shopPages(query, products)})
		}
	}
	first, err := firstPages(ctx, f, ways, func() error { return syscall.Kill(s.PID(), signal) })
	if err != nil {
		return err
	}
	short := *b // more rounds, and shorter ones: what disturbs a round is then more alike for all
	short.options = new(options)
	*short.options = *b.options
	short.rounds, short.duration = deadRounds*b.rounds, b.duration/deadRounds
	found, err := short.measureWays(ctx, out, "part=dead service="+name, f, b.mysql, s, ways)
	if err != nil {
		return err
	}
	for i, w := range ways {
		products, direct := 1, found[0]
		if i >= len(deadWays) {
			products, direct = pageSize, found[len(deadWays)]
		}
		out.line("part=dead service=%s way=%s first-ms=%.2f", name, w.name, first[i].Seconds()*1e3)
		said := "" // of a service that an earlier page has found dead, this is not the first
		if i < len(deadWays) && deadWays[i].transport == "stream" {
			said = fmt.Sprintf("%.1f", first[i].Seconds()*1e3)
		}
		reportDead(out, t, name, w.title, products, said, found[i], direct)
	}
	return nil
}

// firstPages makes a page in each way, has the service die, and makes one again.
func firstPages(ctx context.Context, f *fpm, ways []way, die func() error) (took []time.Duration, err error) {
	for _, w := range ways {
		if _, _, err := f.get(ctx, w.work[0]); err != nil {
			return nil, err
		}
	}
	if err := die(); err != nil {
		return nil, err
	}
	for _, w := range ways {
		_, d, err := f.get(ctx, w.work[0])
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	return took, nil
}

func reportDead(out *report, t *strings.Builder, death, title string, products int, first string, found, direct []paged) {
	p50 := func(p paged) float64 { return p.p50 }
	mean := func(p paged) float64 { return p.mean }
	more := func(of func(paged) float64) float64 {
		var each []float64
		for i := range found {
			each = append(each, (of(found[i])-of(direct[i]))/1e3)
		}
		return median(each)
	}
	later := (pooled(found, 0.99) - pooled(direct, 0.99)) / 1e3
	fmt.Fprintf(t, "| %s | %d | %s | %.0f | %.0f | %.0f | %.0f | %.2f | %.2f | %.2f |\n", title, products, first, pick(found, p50), pick(found, mean), pooled(found, 0.99),
		pooled(found, 1), more(p50), more(mean), later)
	if title == deadWays[0].title {
		return
	}
	what := fmt.Sprintf("service %s, %s, %s: ms more for a page, ", death, counted(products, "product"), title)
	out.atMost(what+"mean", more(mean), 1, "%.2f")
	out.atMost(what+"p99", later, 1, "%.2f")
}

// pooled is a quantile of the pages of all rounds: a short round has too few of them.
func pooled(rounds []paged, q float64) float64 {
	var all []float64
	for _, p := range rounds {
		all = append(all, p.times...)
	}
	slices.Sort(all)
	return quantile(all, q)
}
