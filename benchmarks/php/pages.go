package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"productcache/benchmarks/peers/load"
	"productcache/internal/mysqltest"
)

// pageStores are measured in php-fpm, in the order of the report.
var pageStores = []store{
	{"empty", "nothing: what PHP and the generator take"},
	{"mysql", "MySQL, as a shop reads it: connect, 8 queries for a product, 25 for 24"},
	{"mysql-kept", "the same over a persistent connection"},
	{"mysql-flatkept", "MySQL, ready JSON by primary key, one query, persistent"},
	{"memcached-tcp", "memcached, TCP, defaults"},
	{"memcached-tcp-best", "memcached, TCP, tuned"},
	{"memcached-unix-best", "memcached, Unix socket, tuned"},
	{"redis-tcp", "Redis, TCP"},
	{"redis-unix", "Redis, Unix socket"},
	{"client-stream-tcp", "the client, TCP"},
	{"client-stream-unix", "the client, Unix socket"},
	{"client-curl-tcp", "the client by curl, TCP"},
	{"client-stream-tcp-apcu", "the client, TCP, warm APCu"},
	{"client-stream-unix-apcu", "the client, Unix socket, warm APCu"},
}

// paged is what one round found of one way to make a page.
type paged struct {
	rate     float64 // pages a second, each worker always busy
	p50, p99 float64 // microseconds from the request to the end of the page
	mean     float64
	most     float64
	asked    asked // of MySQL, for a page
	kept     int   // connections to the service that were there before and after
	opened   int   // and that were not there before
}

// measurePages has pages of the demo's shop made by php-fpm, with one worker and with many.
func (b *bench) measurePages(ctx context.Context, out *report) error {
	var t strings.Builder
	fmt.Fprintf(&t, "## Pages\n\nphp-fpm asked by FastCGI over its Unix socket, one connection for each worker, always busy: no web server between. OPcache is on. The page time is that of the whole page, in microseconds; with 16 workers they wait for each other's processor. Statements are MySQL's `Questions`: what sets up and ends a page's connection counts too.\n")
	for _, workers := range []int{1, 16} {
		if err := b.pagesOf(ctx, out, &t, workers); err != nil {
			return err
		}
	}
	out.section(t.String())
	return nil
}

func (b *bench) pagesOf(ctx context.Context, out *report, t *strings.Builder, workers int) error {
	f, err := b.startFPM(ctx, "fpm-"+strconv.Itoa(workers), workers)
	if err != nil {
		return err
	}
	defer f.Stop()
	for _, products := range []int{1, pageSize} {
		var ways []way
		for _, s := range pageStores {
			ways = append(ways, way{s.name, s.title, b.shopPages("store="+s.name, products)})
		}
		found, err := b.measureWays(ctx, out, fmt.Sprintf("part=pages workers=%d products=%d", workers, products), f, b.mysql, b.service, ways)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "\n%s, %s:\n\n| | pages/s | p50 | p99 | MySQL statements a page | connections to the service: kept, new ones seen |\n|---|---:|---:|---:|---:|---:|\n",
			counted(products, "product"), counted(workers, "worker"))
		for i, w := range ways {
			connections := ""
			if strings.HasPrefix(w.name, "client") {
				connections = fmt.Sprintf("%.0f, %.0f", pick(found[i], func(p paged) float64 { return float64(p.kept) }), pick(found[i], func(p paged) float64 { return float64(p.opened) }))
			}
			fmt.Fprintf(t, "| %s | %.0f | %.0f | %.0f | %.2f | %s |\n", w.title, pick(found[i], func(p paged) float64 { return p.rate }),
				pick(found[i], func(p paged) float64 { return p.p50 }), pick(found[i], func(p paged) float64 { return p.p99 }),
				pick(found[i], func(p paged) float64 { return p.asked.questions }), connections)
		}
	}
	return nil
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// way is one way to make pages: the pages to ask for, in turn.
type way struct {
	name, title string
	work        []load.Work
}

// singlesStep is how far apart the products are whose own pages are asked for.
const singlesStep = 5

// shopPages are requests for pages of the demo's shop: with one product, or a listing.
func (b *bench) shopPages(query string, products int) (work []load.Work) {
	step := max(products, singlesStep)
	for first := 1; first <= listings*pageSize; first += step {
		work = append(work, b.page("page.php", query+"&ids="+joined(span(first, first+products-1))))
	}
	return work
}

func (b *bench) page(script, query string) load.Work {
	request := fcgiRequest(b.script(script), query, map[string]string{"BENCH_CONFIG": b.configFile()})
	return load.Work{Steps: [][]byte{request}, Answers: 1}
}

// measureWays measures several ways in rounds, each beginning with another, after each has been made warm. The
// result has a list of rounds for each way.
func (b *bench) measureWays(ctx context.Context, out *report, what string, f *fpm, s *mysqltest.Server, to *service, ways []way) ([][]paged, error) {
	for _, w := range ways {
		if err := b.warm(ctx, f, w.work); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
	}
	found := make([][]paged, len(ways))
	for round := range b.rounds {
		for i := range ways {
			at := (i + round) % len(ways)
			p, err := b.measure(ctx, f, s, to, ways[at].work)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", ways[at].name, err)
			}
			found[at] = append(found[at], p)
			out.line("%s way=%s round=%d pages/s=%.0f p50-us=%.0f p99-us=%.0f mean-us=%.0f max-us=%.0f mysql-questions=%.2f mysql-selects=%.2f mysql-connections=%.2f kept=%d new=%d",
				what, ways[at].name, round+1, p.rate, p.p50, p.p99, p.mean, p.most, p.asked.questions, p.asked.selects, p.asked.connections, p.kept, p.opened)
		}
	}
	return found, nil
}

// warm has every page made once, if that takes no longer than a few measurements.
func (b *bench) warm(ctx context.Context, f *fpm, work []load.Work) error {
	const most = 2 // measurements
	for duration := b.duration / 2; ; duration *= 2 {
		r, err := b.drive(ctx, f, work, duration)
		if err != nil || r.Done >= len(work) || duration > most*b.duration/2 {
			return err
		}
	}
}

// drive has every worker make pages for a while.
func (b *bench) drive(ctx context.Context, f *fpm, work []load.Work, duration time.Duration) (load.Result, error) {
	return load.Run(ctx, load.Options{Network: "unix", Address: f.socket, Connections: f.workers, Work: work, Answer: fcgiPage(), Duration: duration})
}

func (b *bench) measure(ctx context.Context, f *fpm, s *mysqltest.Server, to *service, work []load.Work) (p paged, err error) {
	counted, err := asking(ctx, s)
	if err != nil {
		return p, err
	}
	watched := to.watch()
	r, err := b.drive(ctx, f, work, b.duration)
	p.kept, p.opened = watched()
	total, e := counted()
	if err := errors.Join(err, e); err != nil {
		return p, err
	}
	pages := float64(r.Done)
	p.asked = total.over(pages)
	p.rate = pages / r.Elapsed.Seconds()
	p.p50, p.p99 = micros(r.Quantile(0.5)), micros(r.Quantile(0.99))
	p.most = micros(r.Latency[len(r.Latency)-1])
	for _, l := range r.Latency {
		p.mean += micros(l) / pages
	}
	return p, nil
}

// watch looks now and then which connections a service has, until it is asked how many were there from first to last, and
// how many more were seen.
func (s *service) watch() (result func() (kept, opened int)) {
	const pause = 20 * time.Millisecond
	first := sockets(s.PID())
	seen := map[string]bool{}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		look := time.NewTicker(pause)
		defer look.Stop()
		for {
			maps.Copy(seen, sockets(s.PID()))
			select {
			case <-look.C:
			case <-stop:
				return
			}
		}
	}()
	return func() (kept, opened int) {
		close(stop)
		<-done
		last := sockets(s.PID())
		maps.Copy(seen, last)
		for socket := range seen {
			switch {
			case s.own[socket]:
			case first[socket] && last[socket]:
				kept++
			case !first[socket]:
				opened++
			}
		}
		return kept, opened
	}
}

// sockets returns the open sockets of a process; one that was closed and opened again is another.
func sockets(pid int) map[string]bool {
	open := map[string]bool{}
	names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, name := range names {
		if to, err := os.Readlink(name); err == nil && strings.HasPrefix(to, "socket:") {
			open[to] = true
		}
	}
	return open
}

// pick is the median over the rounds.
func pick(rounds []paged, of func(paged) float64) float64 { return median(all(rounds, of)) }

func all(rounds []paged, of func(paged) float64) (values []float64) {
	for _, p := range rounds {
		values = append(values, of(p))
	}
	return values
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
