package faults

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"productcache/benchmarks/peers/load"
)

const (
	hitConnections = 16 // of the open loop
	hitNice        = -5 // of its thread: clients have a machine of their own, and it is the clock
)

// hitsVariable is set for a process that asks for hits.
const hitsVariable = "PRODUCTCACHE_FAULTS_HITS"

// hitsJob is what such a process gets on its standard input.
type hitsJob struct {
	Address  string
	Rate     float64 // a second
	Duration time.Duration
	Seed     uint64
	Bodies   map[string]int // of the hot products, and their ids, from 1
}

// hitsDone is what it writes to its standard output.
type hitsDone struct {
	Hits     load.Result // how long each answer took from when it was due
	Counts   counts
	LastBad  int64 // when an answer last said that MySQL fails, in Unix nanoseconds, or 0
	Found    int   // answers that were not as they should be
	Findings []string
}

// AskHits does not return in a process that Run has started to ask for hits: the main function of a program that calls Run calls AskHits
// first. The hits have a process of their own since they are the clock: they share no scheduler and no garbage collector with the
// rest of the load.
func AskHits() {
	if os.Getenv(hitsVariable) == "" {
		return
	}
	if err := askHits(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// askHits does the job that it reads.
func askHits(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	var job hitsJob
	if err := gob.NewDecoder(in).Decode(&job); err != nil {
		return err
	}
	work := make([]load.Work, len(job.Bodies))
	for i := range work {
		work[i] = load.Work{Steps: [][]byte{[]byte("GET " + productPath(i+1) + " HTTP/1.1\r\nHost: shop\r\n\r\n")}, Answers: 1}
	}
	var done hitsDone
	done.Hits, err = load.Run(ctx, load.Options{Network: "tcp", Address: job.Address, Connections: hitConnections, Work: work,
		Duration: job.Duration, Rate: job.Rate, Seed: job.Seed, Nice: hitNice,
		Answer: load.Judged(func(a load.Reply) error {
			v, failing, finding := hitVerdict(job.Bodies, 0, a.Status, a.Header, a.Body)
			done.Counts[v]++
			if failing {
				done.LastBad = time.Now().UnixNano()
			}
			if finding != "" {
				if done.Found++; done.Found <= mostTexts {
					done.Findings = append(done.Findings, finding)
				}
			}
			return nil
		})})
	if err != nil {
		return err
	}
	return gob.NewEncoder(out).Encode(done)
}

// hits asks for the hot products at the case's rate for as long as that, and returns how long each answer took from
// when it was due.
func (r *rig) hits(ctx context.Context, duration time.Duration, seed uint64) (_ load.Result, err error) {
	program, err := os.Executable()
	if err != nil {
		return load.Result{}, err
	}
	var in, out, log bytes.Buffer
	job := hitsJob{r.program().Address("listen"), r.scale.rate, duration, seed, r.bodies}
	if err := gob.NewEncoder(&in).Encode(job); err != nil {
		return load.Result{}, err
	}
	c := exec.CommandContext(ctx, program)
	c.Env = append(os.Environ(), hitsVariable+"=1", "GORACE=atexit_sleep_ms=0") // with the race detector it would sleep for a second at its end
	c.Stdin, c.Stdout, c.Stderr = &in, &out, &log
	if err := c.Run(); err != nil {
		return load.Result{}, fmt.Errorf("faults: asking for hits: %w: %s", err, log.Bytes())
	}
	var done hitsDone
	if err := gob.NewDecoder(&out).Decode(&done); err != nil {
		return load.Result{}, fmt.Errorf("faults: asking for hits: %w", err)
	}
	r.count(done)
	return done.Hits, nil
}

// count counts what a process that asks for hits has seen.
func (r *rig) count(done hitsDone) {
	for v, n := range done.Counts {
		r.tally().n[ofHits][v].Add(n)
	}
	for _, text := range done.Findings {
		r.findings.note("%s", text)
	}
	if more := done.Found - len(done.Findings); more > 0 {
		r.findings.note("%d more answers for what is cached", more)
	}
	if done.LastBad == 0 {
		return
	}
	for last := r.lastBad.Load(); last < done.LastBad && !r.lastBad.CompareAndSwap(last, done.LastBad); last = r.lastBad.Load() {
	}
	r.untimelyAt(time.Unix(0, done.LastBad), "a cached product", 200, "stale-error")
}
