package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// callStores are measured from the command line, in the order of the report.
var callStores = []store{
	{"mysql", "MySQL, as a shop reads it: 8 queries for a product, 25 for 24"},
	{"mysql-flat", "MySQL, ready JSON by primary key, one query"},
	{"memcached-tcp", "memcached, TCP, php-memcached's defaults"},
	{"memcached-tcp-best", "memcached, TCP, tuned"},
	{"memcached-unix", "memcached, Unix socket, defaults"},
	{"memcached-unix-best", "memcached, Unix socket, tuned"},
	{"redis-tcp", "Redis, TCP"},
	{"redis-unix", "Redis, Unix socket"},
	{"client-stream-tcp", "the client, TCP"},
	{"client-stream-unix", "the client, Unix socket"},
	{"client-curl-tcp", "the client by curl, TCP"},
	{"client-curl-unix", "the client by curl, Unix socket"},
	{"client-stream-tcp-apcu", "the client, TCP, warm APCu"},
	{"client-stream-unix-apcu", "the client, Unix socket, warm APCu"},
	{"client-curl-tcp-apcu", "the client by curl, TCP, warm APCu"},
	{"client-curl-unix-apcu", "the client by curl, Unix socket, warm APCu"},
}

// store is one way to get products; pages/stores.php knows it by its name.
type store struct{ name, title string }

// called is what calls.php prints of a store: one round.
type called struct {
	Store           string
	Products, Round int
	Ns              []float64
}

// callRounds is how many short rounds a round is: the shorter, the more alike what disturbs the stores.
const callRounds = 4

// measureCalls times calls from one PHP process.
func (b *bench) measureCalls(ctx context.Context, out *report) error {
	args := []string{"-d", "apc.enable_cli=1", "-d", "opcache.enable_cli=1", "-d", "opcache.validate_timestamps=0", b.script("calls.php"), b.configFile(),
		strconv.Itoa(b.rounds * callRounds), strconv.Itoa(max(b.calls/callRounds, pageSize)), joined(span(1, pageSize))}
	for _, s := range callStores {
		args = append(args, s.name)
	}
	command := exec.CommandContext(ctx, "php", args...)
	var said bytes.Buffer
	command.Stderr = &said
	text, err := command.Output()
	if err != nil {
		return fmt.Errorf("%w: %s%s", err, said.Bytes(), text[max(0, len(text)-500):])
	}
	var all []called
	for line := range bytes.Lines(text) {
		var c called
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("calls.php: %w: %.200s", err, line)
		}
		slices.Sort(c.Ns)
		all = append(all, c)
		out.line("part=calls store=%s products=%d round=%d calls=%d p50-us=%.1f p99-us=%.1f", c.Store, c.Products, c.Round+1, len(c.Ns), quantile(c.Ns, 0.5)/1e3, quantile(c.Ns, 0.99)/1e3)
	}
	reportCalls(out, all)
	return nil
}

// of returns the rounds of a store, in order.
func of(all []called, store string, products int) (rounds []called) {
	for _, c := range all {
		if c.Store == store && c.Products == products {
			rounds = append(rounds, c)
		}
	}
	slices.SortFunc(rounds, func(a, b called) int { return a.Round - b.Round })
	return rounds
}

func medians(rounds []called) (each []float64) {
	for _, c := range rounds {
		each = append(each, quantile(c.Ns, 0.5))
	}
	return each
}

// p99 is that of all rounds together.
func p99(rounds []called) float64 {
	var all []float64
	for _, c := range rounds {
		all = append(all, c.Ns...)
	}
	slices.Sort(all)
	return quantile(all, 0.99)
}

// callRatio is the median over the rounds of the medians' ratios: what disturbs a round disturbs both.
func callRatio(all []called, store, to string, products int) float64 {
	return ratio(medians(of(all, store, products)), medians(of(all, to, products)))
}

// faster returns the faster of memcached's two configurations over a network.
func faster(all []called, network string) string {
	plain, best := "memcached-"+network, "memcached-"+network+"-best"
	if callRatio(all, best, plain, pageSize) < 1 {
		return best
	}
	return plain
}

func reportCalls(out *report, all []called) {
	var t strings.Builder
	fmt.Fprintf(&t, "## Calls\n\nOne PHP process, connections kept, JSON decoded. Microseconds; ÷ is the p50 divided by that of memcached's getMulti over TCP, as php-memcached has it by default, in the same round: medians over the rounds.\n\n")
	fmt.Fprintf(&t, "| | 1 product, p50 | p99 | ÷ | %d products, p50 | p99 | ÷ |\n|---|---:|---:|---:|---:|---:|---:|\n", pageSize)
	for _, s := range callStores {
		fmt.Fprintf(&t, "| %s ", s.title)
		for _, products := range []int{1, pageSize} {
			rounds := of(all, s.name, products)
			fmt.Fprintf(&t, "| %.0f | %.0f | %.2f ", median(medians(rounds))/1e3, p99(rounds)/1e3, callRatio(all, s.name, "memcached-tcp", products))
		}
		t.WriteString("|\n")
	}
	fmt.Fprintf(&t, "\nTuned is `OPT_TCP_NODELAY`, `OPT_NO_BLOCK`, and `OPT_COMPRESSION` off; by default php-memcached packs what is longer than 2,000 bytes. "+
		"Verdicts compare with the faster of the two: %s and %s.\n", faster(all, "tcp"), faster(all, "unix"))
	out.section(t.String())
	for _, v := range []struct {
		what, store, network string
		most                 float64
	}{
		{"24 products by the client, TCP ÷ memcached, TCP", "client-stream-tcp", "tcp", 2},
		{"24 products by the client, Unix ÷ memcached, Unix", "client-stream-unix", "unix", 1.5},
		{"24 products by the client with a warm APCu level ÷ memcached, TCP", "client-stream-tcp-apcu", "tcp", 0.5},
		{"24 products by the client with a warm APCu level ÷ memcached, Unix", "client-stream-unix-apcu", "unix", 0.5},
		{"24 products by the client's curl, TCP ÷ memcached, TCP", "client-curl-tcp", "tcp", 2},
		{"24 products by the client's curl, Unix ÷ memcached, Unix", "client-curl-unix", "unix", 1.5},
	} {
		out.atMost(v.what, callRatio(all, v.store, faster(all, v.network), pageSize), v.most, "%.2f")
	}
}
