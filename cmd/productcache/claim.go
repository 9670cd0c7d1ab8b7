package main

import (
	"errors"
	"os"
	"sync"

	"productcache/internal/snapshot"
)

// claim is the file, if it is this process's.
type claim struct {
	taking sync.Mutex // held while the file is taken, which is before mu
	mu     sync.Mutex // guards file; held only for short
	file   *snapshot.File
}

func (c *claim) open(path string) error {
	f, err := snapshot.Open(path)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.file = f
	return nil
}

// retake opens it later than at the start, if it is not held. What is in it lacks
// the purges since then, so that it goes.
func (c *claim) retake(path string) error {
	c.taking.Lock()
	defer c.taking.Unlock()
	if c.held() != nil {
		return nil
	}
	f, err := snapshot.Open(path)
	if err != nil {
		return err
	}
	if err := f.Discard(); err != nil {
		return errors.Join(err, f.Close())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.file = f
	return nil
}

// held returns nil if the file is not this process's.
func (c *claim) held() *snapshot.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.file
}

// note remembers a purge. Where the file cannot be taken, the error is nil only if
// there is none, and no other process that could write one.
func (c *claim) note(path string, purge snapshot.Purge) error {
	if err := c.retake(path); err != nil {
		if _, gone := os.Lstat(path); errors.Is(gone, os.ErrNotExist) && !errors.Is(err, snapshot.ErrLocked) {
			return nil
		}
		return err
	}
	return c.held().Note(purge)
}

func (c *claim) close() error {
	if f := c.held(); f != nil {
		return f.Close()
	}
	return nil
}
