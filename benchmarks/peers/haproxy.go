package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

const haproxyText = `global
	nbthread %[4]d
	maxconn 4096
defaults
	mode http
	timeout connect 5s
	timeout client 1h
	timeout server 30s
	timeout http-keep-alive 1h
	http-reuse always
cache products
	total-max-size 512
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

// startHAProxy starts HAProxy with its cache in memory. The two forms of a product are two paths for it:
// by Vary alone (process-vary) it serves the plain form to those who take either.
func startHAProxy(ctx context.Context, b *bench, name string) error {
	tcp, _, unix, err := b.addresses(name)
	if err != nil {
		return err
	}
	s := &server{name: name, version: version("haproxy", "-v"), speaks: plainHTTP{}, tcp: tcp, unix: unix, behind: b.asked}
	file := filepath.Join(b.folder, "haproxy.cfg")
	text := fmt.Sprintf(haproxyText, tcp, unix, b.origin.address, runtime.NumCPU())
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	return b.run(ctx, s, "haproxy", "-db", "-f", file)
}
