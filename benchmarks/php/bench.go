package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"productcache/benchmarks/internal/child"
	"productcache/benchmarks/internal/machine"
	"productcache/internal/mysqltest"
)

// bench is everything of a run.
type bench struct {
	*options
	folder  string // temporary, in memory where the machine has a tmpfs
	closers []func() error

	mysql   *mysqltest.Server
	service *service
	config  config // of the PHP scripts
}

func newBench(o *options) (*bench, error) {
	b := &bench{options: o}
	var err error
	if b.folder, err = os.MkdirTemp(machine.MemoryFolder(), "productcache-php-"); err != nil {
		return nil, err
	}
	b.onClose(func() error { return os.RemoveAll(b.folder) })
	was, set := os.LookupEnv("TMPDIR")
	b.onClose(func() error {
		if set {
			return os.Setenv("TMPDIR", was)
		}
		return os.Unsetenv("TMPDIR")
	})
	// The database's too: no disk has a part in a run. Databases have another user than workers, who must reach them.
	return b, errors.Join(os.Setenv("TMPDIR", b.folder), os.Chmod(b.folder, 0o755))
}

func (b *bench) onClose(f func() error) { b.closers = append(b.closers, f) }

// close ends all servers and removes their files.
func (b *bench) close() (err error) {
	for _, f := range slices.Backward(b.closers) {
		err = errors.Join(err, f())
	}
	b.closers = nil
	return err
}

// script returns the path of a PHP script.
func (b *bench) script(name string) string {
	return filepath.Join(b.root, "benchmarks", "php", "pages", name)
}

// launch starts a server that ends with the bench.
func (b *bench) launch(name, program string, args ...string) (*child.Server, error) {
	s, err := child.Launch(b.folder, name, program, args...)
	if err == nil {
		b.onClose(s.Stop)
	}
	return s, err
}
