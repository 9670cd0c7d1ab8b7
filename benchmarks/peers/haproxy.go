package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"productcache/benchmarks/internal/machine"
)

const haproxyText = `global
	nbthread %[4]d
	maxconn 4096
	stats socket %[5]s level admin
defaults
	mode http
	timeout connect 5s
	timeout client 1h
	timeout server 30s
	timeout http-keep-alive 1h
	http-reuse always
cache products
	total-max-size %[6]d
	max-object-size 65536
	max-age 86400
frontend shop
	bind %[1]s
	bind unix@%[2]s
	http-request set-query gzip if { req.hdr(accept-encoding) -m sub gzip }
	http-request cache-use products
	http-response del-header Vary
	http-response cache-store products
	default_backend origin
backend origin
	server origin %[3]s
`

// haproxyMegabytes is the size of its cache.
const haproxyMegabytes = 512

// startHAProxy starts HAProxy with its cache in memory. The two forms of a product are two paths for it:
// by Vary alone (process-vary) it serves the plain form to those who take either.
func startHAProxy(ctx context.Context, b *bench, name string) error {
	tcp, _, unix, err := b.addresses(name)
	if err != nil {
		return err
	}
	stats := filepath.Join(b.folder, "haproxy-stats.sock")
	s := &server{name: name, version: machine.Version("haproxy", "-v"), speaks: plainHTTP{}, tcp: tcp, unix: unix, behind: b.asked,
		used: func() (int64, error) { return haproxyUsed(stats) }}
	file := filepath.Join(b.folder, "haproxy.cfg")
	text := fmt.Sprintf(haproxyText, tcp, unix, b.origin.address, runtime.NumCPU(), stats, haproxyMegabytes)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	return b.run(ctx, s, "haproxy", "-db", "-f", file)
}

// haproxyUsed returns the bytes of the cache that are in use: the process has all of it in memory from
// the start.
func haproxyUsed(stats string) (int64, error) {
	conn, err := net.Dial("unix", stats)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("show cache\n")); err != nil {
		return 0, err
	}
	return parseShowCache(bufio.NewScanner(conn))
}

// parseShowCache adds up the blocks of all entries: a line each, after one of the cache.
func parseShowCache(in *bufio.Scanner) (used int64, err error) {
	const block = 1 << 10
	for in.Scan() && in.Text() != "" {
		_, rest, found := strings.Cut(in.Text(), " (")
		if !found || strings.HasPrefix(rest, "shctx:") {
			continue
		}
		var blocks int64
		if _, err := fmt.Sscanf(rest, "%d blocks)", &blocks); err != nil {
			return 0, fmt.Errorf("show cache: %q: %w", in.Text(), err)
		}
		used += blocks * block
	}
	return used, in.Err()
}
