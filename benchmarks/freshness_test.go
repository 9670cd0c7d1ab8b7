package benchmarks

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What goes on while freshness is measured, each a second.
const (
	readsPerSecond  = 2000
	writesPerSecond = 200
)

// BenchmarkFreshness changes prices under load, and asks from the moment a change is confirmed on, again and
// again, until the answer shows it: that takes p50, p90 and so on. An operation is a change.
func BenchmarkFreshness(b *testing.B) {
	onFollowed(b, func(b *testing.B, f *followed) {
		p := f.startFollowing(b)
		address := p.Address("listen")
		stop := make(chan struct{})
		var loading sync.WaitGroup
		var load latencies
		loading.Go(func() { reads(b, address, stop, &load) })
		w := &changes{b: b, followed: f, address: address}
		queues := w.queues()
		next, pace := zipf(2, products), newPacer(writesPerSecond)
		for b.Loop() {
			pace.next()
			id := next()
			queues[id%clients] <- id
		}
		for _, q := range queues {
			close(q)
		}
		w.running.Wait()
		close(stop)
		loading.Wait()
		w.report()
		slices.Sort(load.all)
		b.ReportMetric(milliseconds(load.all[len(load.all)*99/100]), "read-p99-ms")
		b.ReportMetric(float64(len(load.all))/time.Since(pace.began).Seconds(), "reads/s")
		if gaps := metric(b, p, "productcache_binlog_gaps_total"); gaps > 0 {
			b.Errorf("%v gaps", gaps)
		}
	})
}

// reads asks for products until stop, each when it is due.
func reads(b *testing.B, address string, stop <-chan struct{}, all *latencies) {
	type read struct {
		id  int
		due time.Time
	}
	q := newQueue(func() func(read) {
		c := dial(b, address)
		return func(r read) {
			c.get(b, target(number(r.id)))
			all.add([]time.Duration{time.Since(r.due)})
		}
	})
	defer q.finish()
	next, pace := zipf(1, products), newPacer(readsPerSecond)
	for {
		select {
		case <-stop:
			return
		default:
			due := pace.next()
			q.due <- read{next(), due}
		}
	}
}

// changes changes products and asks for them. Each product is one client's.
type changes struct {
	b *testing.B
	*followed
	address string
	running sync.WaitGroup
	atOnce  atomic.Int64 // changes that the first answer has shown
	took    latencies
}

func (w *changes) queues() (queues [clients]chan int) {
	for i := range queues {
		queues[i] = make(chan int, most)
		c := dial(w.b, w.address)
		w.running.Go(func() {
			versions := make([]int, products+1)
			for id := range queues[i] {
				versions[id]++
				w.change(c, id, versions[id]+1) // all begin with version 1
			}
		})
	}
	return queues
}

// change changes a product, and asks for it until the answer shows the change.
func (w *changes) change(c *client, id, version int) {
	_, err := w.pool.ExecContext(context.Background(),
		"UPDATE products SET version = version + 1, price = price + 0.01 WHERE product_id = "+number(id))
	confirmed := time.Now()
	for asked := 1; err == nil; asked++ {
		var shown int
		if shown, err = c.version(target(number(id))); err != nil || shown < version {
			if time.Since(confirmed) > waitLimit {
				w.b.Errorf("product %d: version %d after %v, want %d", id, shown, waitLimit, version)
				return
			}
			continue
		}
		w.took.add([]time.Duration{time.Since(confirmed)})
		if asked == 1 {
			w.atOnce.Add(1)
		}
		return
	}
	w.b.Errorf("product %d: %v", id, err)
}

// version returns the version in an answer.
func (c *client) version(path string) (int, error) {
	c.out = append(append(append(c.out[:0], "GET "...), path...), " HTTP/1.1\r\nHost: shop\r\n\r\n"...)
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, err
	}
	_, length, err := c.header()
	body := make([]byte, length)
	if err == nil {
		_, err = io.ReadFull(c.in, body)
	}
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(body, []byte(`"version":`))
	digits, _, _ := bytes.Cut(rest, []byte(","))
	return strconv.Atoi(string(digits))
}

func (w *changes) report() {
	took := w.took.all
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	for _, p := range []struct {
		name  string
		share float64
	}{{"p50-ms", .5}, {"p90-ms", .9}, {"p99-ms", .99}, {"p99.9-ms", .999}, {"max-ms", 1}} {
		w.b.ReportMetric(milliseconds(took[min(int(float64(len(took))*p.share), len(took)-1)]), p.name)
	}
	w.b.ReportMetric(float64(w.atOnce.Load())/float64(len(took)), "at-once")
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
