package hammer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// mostTexts is how many findings are kept in words; the others are only counted.
const mostTexts = 20

// findings are broken promises.
type findings struct {
	mu    sync.Mutex // guards all below
	count map[string]int
	texts []string
}

func (f *findings) note(broken, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == nil {
		f.count = map[string]int{}
	}
	f.count[broken]++
	if len(f.texts) < mostTexts {
		f.texts = append(f.texts, broken+": "+fmt.Sprintf(format, args...))
	}
}

func (f *findings) number() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, of := range f.count {
		n += of
	}
	return n
}

func (f *findings) verdict() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.count) == 0 {
		return "0 violations"
	}
	text := "violations:"
	for _, broken := range slices.Sorted(maps.Keys(f.count)) {
		text += fmt.Sprintf(" %s=%d", broken, f.count[broken])
	}
	return text
}

func (f *findings) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.texts) == 0 {
		return nil
	}
	return errors.New(strings.Join(f.texts, "\n"))
}

// counts are what happened so far.
type counts struct {
	reads, hits, failed, staleErrors, writes atomic.Int64
}

func (c *counts) String() string {
	return fmt.Sprintf("reads=%d hits=%d stale-errors=%d failed=%d writes=%d",
		c.reads.Load(), c.hits.Load(), c.staleErrors.Load(), c.failed.Load(), c.writes.Load())
}
