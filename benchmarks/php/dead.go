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
	fmt.Fprintf(&t, "## With the service dead\n\nPages of the demo's shop by one worker, made in each way in turn; the client's fallback is the same SQL by which the page is made without the client. *First* is the first page after the "+
		"service's death; the others are after it. Here the client looks every %v whether the service is back, and not every second, which is its default: so the p99 has those pages in it. *More* is against the page "+
		"without the client, in ms.\n", b.retry)
	for _, d := range deaths {
		fmt.Fprintf(&t, "\nThe service is %s:\n\n| | products | first, ms | p50 µs | mean | p99 | longest | more: p50 | mean | p99 |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n", d.title)
		if err := b.die(ctx, out, &t, d.name, d.signal); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	out.section(t.String())
	return nil
}

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
	for _, products := range []int{1, pageSize} {
		var ways []way
		for _, w := range deadWays {
			query := "store=mysql"
			if w.transport != "" {
				query = fmt.Sprintf("store=fallback&transport=%s&service=%s_%s&retry=%d", w.transport, name, w.network, b.retry.Milliseconds())
			}
			ways = append(ways, way{w.transport + w.network, w.title, b.shopPages(query, products)})
		}
		first := make([]time.Duration, len(ways))
		if products == 1 {
			if first, err = firstPages(ctx, f, ways, func() error { return syscall.Kill(s.PID(), signal) }); err != nil {
				return err
			}
		}
		found, err := b.alternate(ctx, f, ways)
		if err != nil {
			return err
		}
		for i, w := range ways {
			out.line("part=dead service=%s products=%d way=%s first-ms=%.2f pages=%d p50-us=%.0f mean-us=%.0f p90-us=%.0f p99-us=%.0f max-us=%.0f", name, products, w.name, first[i].Seconds()*1e3,
				len(found[i]), quantile(found[i], 0.5), mean(found[i]), quantile(found[i], 0.9), quantile(found[i], 0.99), quantile(found[i], 1))
			reportDead(out, t, name, w.title, products, first[i], found[i], found[0])
		}
	}
	return nil
}

// alternate has one worker make a page in each way in turn, so that what disturbs one disturbs all, and returns the
// microseconds of each way's pages, ascending.
func (b *bench) alternate(ctx context.Context, f *fpm, ways []way) ([][]float64, error) {
	conn, err := f.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	found := make([][]float64, len(ways))
	until := time.Now().Add(time.Duration(b.rounds*len(ways)) * b.duration)
	for page := 0; page == 0 || time.Now().Before(until); page++ {
		for i, w := range ways {
			_, took, err := ask(conn, w.work[page%len(w.work)])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			found[i] = append(found[i], micros(took))
		}
	}
	for _, times := range found {
		slices.Sort(times)
	}
	return found, nil
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

func reportDead(out *report, t *strings.Builder, death, title string, products int, first time.Duration, found, direct []float64) {
	more := func(of func([]float64) float64) float64 { return (of(found) - of(direct)) / 1e3 }
	p50 := func(times []float64) float64 { return quantile(times, 0.5) }
	p99 := func(times []float64) float64 { return quantile(times, 0.99) }
	said := "" // of a service that an earlier page has found dead, this is not the first
	if first > 0 && strings.HasPrefix(title, "the client, ") {
		said = fmt.Sprintf("%.1f", first.Seconds()*1e3)
	}
	fmt.Fprintf(t, "| %s | %d | %s | %.0f | %.0f | %.0f | %.0f | %.2f | %.2f | %.2f |\n", title, products, said,
		p50(found), mean(found), p99(found), quantile(found, 1), more(p50), more(mean), more(p99))
	if title == deadWays[0].title {
		return
	}
	what := fmt.Sprintf("service %s, %s, %s: ms more for a page, ", death, counted(products, "product"), title)
	out.atMost(what+"mean", more(mean), 1, "%.2f")
	out.atMost(what+"p99", more(p99), 1, "%.2f")
}
