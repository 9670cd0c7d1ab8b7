package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"productcache/benchmarks/internal/child"
	"productcache/benchmarks/internal/machine"
)

// bench is everything of a run.
type bench struct {
	*options
	folder   string // temporary, in memory where the machine has a tmpfs
	products []*product
	keys     *keys
	origin   *origin
	servers  []*server
	closers  []func() error // in the order of opening

	loadBefore string // of the machine, before anything was started
}

func newBench(o *options) (*bench, error) {
	b := &bench{options: o, products: newShop(), keys: newKeys(), loadBefore: machine.Load()}
	for _, program := range []*string{&o.program, &o.rivals} {
		absolute, err := filepath.Abs(*program)
		if err != nil {
			return nil, err
		}
		*program = absolute
	}
	var err error
	if b.folder, err = os.MkdirTemp(machine.MemoryFolder(), "productcache-peers-"); err != nil {
		return nil, err
	}
	if err := os.Setenv("TMPDIR", b.folder); err != nil { // the database's too: no disk has a part in a run
		return nil, err
	}
	b.onClose(func() error { return os.RemoveAll(b.folder) })
	// Workers of some servers are other users, and reach their socket here.
	err = os.Chmod(b.folder, 0o755)
	return b, err
}

func (b *bench) onClose(f func() error) { b.closers = append(b.closers, f) }

// close ends all servers and removes their files.
func (b *bench) close() (err error) {
	for _, f := range slices.Backward(b.closers) {
		err = errors.Join(err, f())
	}
	return err
}

// start starts the origin and every server that was asked for.
func (b *bench) start(ctx context.Context) (err error) {
	if b.origin, err = startOrigin(b.products); err != nil {
		return err
	}
	b.onClose(b.origin.close)
	for _, s := range b.services {
		if b.wants(s.name) {
			if err := b.startService(ctx, s); err != nil {
				return err
			}
		}
	}
	for _, p := range peers() {
		if b.wants(p.name) {
			if err := p.start(ctx, b, p.name); err != nil {
				return fmt.Errorf("start %s: %w", p.name, err)
			}
		}
	}
	for _, name := range b.only {
		if !slices.ContainsFunc(b.servers, func(s *server) bool { return s.name == name }) {
			return fmt.Errorf("PEERS_ONLY: there is no server %q", name)
		}
	}
	return nil
}

// peer is a kind of server that is not ours.
type peer struct {
	name  string
	start func(ctx context.Context, b *bench, name string) error
}

func peers() []peer {
	return []peer{
		{"fasthttp", startRival}, {"chi", startRival},
		{"haproxy", startHAProxy}, {"nginx", startNginx}, {"varnish", startVarnish},
		{"memcached", startMemcached}, {"redis", startRedis},
	}
}

// server is a running server that is measured.
type server struct {
	name, version string
	speaks        protocol
	tcp, unix     string // addresses; "" where it has none
	pid           int    // of the process that has started all its others
	files         string // a folder in memory that is part of it, or ""

	used func() (int64, error) // memory in use, where the process does not tell; or nil

	// behind returns how often the cache has asked what is behind it; nil for stores, which miss loudly.
	behind func(context.Context) (int64, error)

	// What fill has found.
	etags                        []string // of the plain bodies
	header                       string   // of an answer by HTTP
	atStart, withPlain, withGzip int64    // memory, before and after both fillings
	filledPlain                  int      // products between atStart and withPlain
	unsettled                    int64    // misses of the last pass over everything
}

// memory returns the bytes that the server takes.
func (s *server) memory() (int64, error) {
	if s.used != nil {
		return s.used()
	}
	pids, err := tree(s.pid)
	if err != nil {
		return 0, err
	}
	sum, err := resident(pids)
	if err != nil || s.files == "" {
		return sum, err
	}
	files, err := occupied(s.files)
	return sum + files, err
}

// run starts a process that is a server of this bench, and waits until it listens.
func (b *bench) run(ctx context.Context, s *server, program string, args ...string) error {
	p, err := child.Launch(b.folder, s.name+s.suffix(), program, args...)
	if err != nil {
		return err
	}
	b.onClose(p.Stop)
	s.pid = p.PID()
	b.servers = append(b.servers, s)
	for network, address := range map[string]string{"tcp": s.tcp, "unix": s.unix} {
		if address != "" {
			if err := p.Await(ctx, network, address); err != nil {
				return err
			}
		}
	}
	return nil
}

// suffix tells apart the files of a server that runs once for each kind of address.
func (s *server) suffix() string {
	if s.tcp == "" {
		return "-unix"
	}
	return ""
}

// address returns a free TCP address, and the path of a Unix socket for a server.
func (b *bench) addresses(name string) (tcp, port, unix string, err error) {
	port, err = child.FreePort()
	return "127.0.0.1:" + port, port, filepath.Join(b.folder, name+".sock"), err
}

// asked counts the requests that reached the origin.
func (b *bench) asked(context.Context) (int64, error) { return b.origin.requests.Load(), nil }

// loads counts the loads of a service.
func loads(p *child.Process) func(context.Context) (int64, error) {
	return func(ctx context.Context) (int64, error) {
		n, err := p.Metric(ctx, "productcache_loads_total")
		return int64(n), err
	}
}
