package main

import (
	"context"
	"os/user"
	"runtime"
	"strconv"

	"productcache/benchmarks/internal/machine"
)

// startMemcached starts memcached twice: it listens either on TCP or on a Unix socket.
func startMemcached(ctx context.Context, b *bench, name string) error {
	tcp, port, unix, err := b.addresses(name)
	if err != nil {
		return err
	}
	me, err := user.Current()
	if err != nil {
		return err
	}
	common := []string{"-u", me.Username, "-m", "512", "-c", "4096", "-t", strconv.Itoa(runtime.NumCPU())}
	s := server{name: name, version: machine.Version("memcached", "-V"), speaks: memcachedText{}}
	byTCP, bySocket := s, s
	byTCP.tcp, bySocket.unix = tcp, unix
	if err := b.run(ctx, &byTCP, "memcached", append(common, "-l", "127.0.0.1", "-p", port)...); err != nil {
		return err
	}
	return b.run(ctx, &bySocket, "memcached", append(common, "-s", unix)...)
}

// startRedis starts Redis as a cache: no files, a bound, and eviction by LRU.
func startRedis(ctx context.Context, b *bench, name string) error {
	tcp, port, unix, err := b.addresses(name)
	if err != nil {
		return err
	}
	s := &server{name: name, version: machine.Version("redis-server", "--version"), speaks: redisRESP{}, tcp: tcp, unix: unix}
	return b.run(ctx, s, "redis-server", "--bind", "127.0.0.1", "--port", port, "--unixsocket", unix, "--dir", b.folder,
		"--save", "", "--appendonly", "no", "--maxmemory", "512mb", "--maxmemory-policy", "allkeys-lru", "--daemonize", "no")
}
