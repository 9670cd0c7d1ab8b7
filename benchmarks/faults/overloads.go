package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"productcache/benchmarks/peers/load"
)

// overload is something that clients do. It happens from when ready is closed until its context is done.
type overload struct {
	name, text  string
	connections int // that it opens
	each        int // bytes of memory that each may take
	happen      func(ctx context.Context, r *rig, d *deed, ready chan<- struct{}) error
}

// deed is what an overload has done.
type deed struct{ requests, refused atomic.Int64 }

func overloads(s scale) []overload {
	return []overload{
		{"idle", fmt.Sprintf("%d connections that have asked for one product each, and nothing more", s.idle), s.idle, 4 << 10, idle},
		{"slowloris", fmt.Sprintf("%d connections that send a header line now and then", s.slow), s.slow, 48 << 10, slowloris},
		{"deaf", fmt.Sprintf("%d clients that ask for 15 MB, again and again, and never read", s.deaf), s.deaf, 256 << 10, deaf},
		{"absent keys", "ids that there are not, chosen at random", floodConnections, 256 << 10, flood(absentWork)},
		{"new keys", "products that nobody has asked for lately, as a crawler does; more than there is room for", floodConnections, 256 << 10, flood(newWork)},
		{"multi-gets", "100 products at once, chosen at random out of all", floodConnections, 1 << 20, flood(multiWork)},
	}
}

// dial opens a connection that is closed when ctx is done.
func (r *rig) dial(ctx context.Context) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.program().Address("listen"))
	if err == nil {
		context.AfterFunc(ctx, func() { _ = c.Close() })
	}
	return c, err
}

func idle(ctx context.Context, r *rig, d *deed, ready chan<- struct{}) error {
	buffer := make([]byte, 4<<10)
	for range r.scale.idle {
		c, err := r.dial(ctx)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(c, "GET "+productPath(1)+" HTTP/1.1\r\nHost: shop\r\n\r\n"); err != nil {
			return err
		}
		if _, err := c.Read(buffer); err != nil {
			return err
		}
		d.requests.Add(1)
	}
	close(ready)
	<-ctx.Done()
	return nil
}

// slowloris is Debian's slowhttptest, or in a short run a few connections of our own.
func slowloris(ctx context.Context, r *rig, d *deed, ready chan<- struct{}) error {
	program, err := exec.LookPath("slowhttptest")
	if err != nil || !r.scale.tool {
		return ownSlowloris(ctx, r, d, ready)
	}
	c := exec.CommandContext(ctx, "nice", "-n", strconv.Itoa(floodNice), program, "-H", "-c", strconv.Itoa(r.scale.slow), "-r", "2000", "-i", "2", "-x", "10", "-l", "60",
		"-u", "http://"+r.program().Address("listen")+productPath(1))
	if err := c.Start(); err != nil {
		return err
	}
	for {
		n, err := r.program().Descriptors()
		if err != nil {
			return err
		}
		if n >= r.idle.Descriptors+r.scale.slow*9/10 {
			break
		}
		if !wait(ctx, lookPause) {
			return errors.New("slowhttptest opened too few connections")
		}
	}
	close(ready)
	_ = c.Wait() // killed at the end
	return nil
}

func ownSlowloris(ctx context.Context, r *rig, d *deed, ready chan<- struct{}) error {
	const pause = 50 * time.Millisecond
	var connections []net.Conn
	for range r.scale.slow {
		c, err := r.dial(ctx)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(c, "GET "+productPath(1)+" HTTP/1.1\r\nHost: shop\r\n"); err != nil {
			return err
		}
		connections = append(connections, c)
		d.requests.Add(1)
	}
	close(ready)
	for wait(ctx, pause) {
		for _, c := range connections {
			_, _ = io.WriteString(c, "X-a: b\r\n") // which fails once the program has had enough
		}
	}
	return nil
}

// deaf asks for more than any socket has room for, and reads nothing.
func deaf(ctx context.Context, r *rig, d *deed, ready chan<- struct{}) error {
	const sheets, requests = 100, 20
	var keys []string
	for id := range sheets {
		keys = append(keys, strconv.Itoa(id+1))
	}
	path := "/v1/sheets?keys=" + strings.Join(keys, ",")
	for began := time.Now(); ; { // loaded by a client that reads
		a, err := r.get(ctx, path)
		if err != nil {
			return err
		}
		if a.status == 200 && strings.Contains(string(a.body[max(0, len(a.body)-30):]), `"unavailable":[]`) {
			break
		}
		if time.Since(began) > 30*time.Second {
			return fmt.Errorf("GET %.40s: %d", path, a.status)
		}
	}
	request := []byte(strings.Repeat("GET "+path+" HTTP/1.1\r\nHost: shop\r\n\r\n", requests))
	for range r.scale.deaf {
		c, err := r.dial(ctx)
		if err != nil {
			return err
		}
		if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
			return err
		}
		if _, err := c.Write(request); err != nil {
			return err
		}
		d.requests.Add(requests)
	}
	close(ready)
	<-ctx.Done()
	return nil
}

const (
	floodConnections = 128
	floodPipeline    = 16
	// floodNice has the flood use what processors are left: it is about the program, not about who gets to run on
	// a machine that the clients share with it.
	floodNice = 10
)

// flood asks for something as fast as it goes until ctx is done.
func flood(path func(*rig, *rand.Rand) string) func(context.Context, *rig, *deed, chan<- struct{}) error {
	return func(ctx context.Context, r *rig, d *deed, ready chan<- struct{}) error {
		work := floodWork(r, path)
		close(ready)
		_, err := load.Run(ctx, load.Options{Network: "tcp", Address: r.program().Address("listen"), Connections: floodConnections, Work: work,
			Duration: time.Hour, Collects: true, Nice: floodNice, Answer: load.Judged(func(a load.Reply) error {
				d.requests.Add(1)
				switch {
				case isRefusal(a.Status):
					d.refused.Add(1)
				case a.Status != 200 && a.Status != 404:
					r.findings.note("a flood's answer: %d: %.300s", a.Status, a.Body)
				}
				return nil
			})})
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
}

// mostWork is how many bytes of different requests a flood has; it begins again after the last.
const mostWork = 32 << 20

func floodWork(r *rig, path func(*rig, *rand.Rand) string) []load.Work {
	chance := rand.New(rand.NewPCG(3, 0))
	var work []load.Work
	for bytes := 0; len(work) < r.scale.flood/floodPipeline && bytes < mostWork; {
		var step []byte
		for range floodPipeline {
			step = append(step, "GET "+path(r, chance)+" HTTP/1.1\r\nHost: shop\r\n\r\n"...)
		}
		work = append(work, load.Work{Steps: [][]byte{step}, Answers: floodPipeline})
		bytes += len(step)
	}
	return work
}

func absentWork(r *rig, chance *rand.Rand) string {
	return productPath(r.scale.rows + 1 + chance.IntN(1<<30))
}

func newWork(r *rig, chance *rand.Rand) string { return productPath(1 + chance.IntN(r.scale.rows)) }

func multiWork(r *rig, chance *rand.Rand) string {
	const keys = 100
	var ids []string
	for range keys {
		ids = append(ids, strconv.Itoa(1+chance.IntN(r.scale.rows)))
	}
	return "/v1/products?keys=" + strings.Join(ids, ",")
}
