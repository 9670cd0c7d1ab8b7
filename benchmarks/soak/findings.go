package soak

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// mostTexts is how many findings are kept in words; the others are only counted.
const mostTexts = 20

// findings are broken promises.
type findings struct {
	mu    sync.Mutex // guards all below
	count int
	texts []string
}

// add notes a finding of a request, unless the request was cut off by the end of the run.
func (f *findings) add(ctx context.Context, format string, args ...any) {
	if ctx.Err() == nil {
		f.note(format, args...)
	}
}

func (f *findings) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if len(f.texts) < mostTexts {
		f.texts = append(f.texts, fmt.Sprintf(format, args...))
	}
}

func (f *findings) number() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

func (f *findings) verdict() string {
	if n := f.number(); n > 0 {
		return fmt.Sprintf("%d promises were broken", n)
	}
	return "every promise was kept"
}

func (f *findings) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == 0 {
		return nil
	}
	return errors.New(strings.Join(f.texts, "\n"))
}

// counts are what happened so far.
type counts struct {
	requests, hits, unavailable, writes, purges atomic.Int64
}

func (c *counts) String() string {
	return fmt.Sprintf("requests=%d hits=%d unavailable=%d writes=%d purges=%d",
		c.requests.Load(), c.hits.Load(), c.unavailable.Load(), c.writes.Load(), c.purges.Load())
}
