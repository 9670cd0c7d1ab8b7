package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"productcache/benchmarks/internal/machine"
)

// nginxText has its addresses, the folder and the origin as arguments.
const nginxText = `daemon off;
pid %[1]s/nginx.pid;
error_log stderr warn;
worker_processes %[5]d;
worker_rlimit_nofile %[7]d;
%[6]s
events { worker_connections 4096; }
http {
	access_log off;
	server_tokens off;
	sendfile off;
	tcp_nodelay on;
	keepalive_timeout 1d;
	keepalive_time 1d;
	keepalive_requests 1000000000;
	client_body_temp_path %[1]s/nginx-body;
	proxy_temp_path %[1]s/nginx-proxy;
	fastcgi_temp_path %[1]s/nginx-fastcgi;
	uwsgi_temp_path %[1]s/nginx-uwsgi;
	scgi_temp_path %[1]s/nginx-scgi;

	proxy_cache_path %[1]s/nginx-cache levels=1:2 keys_zone=products:32m max_size=1g inactive=1d use_temp_path=off;
	open_file_cache max=%[8]d inactive=1d;
	open_file_cache_valid 1d;
	open_file_cache_min_uses 1;

	map $http_accept_encoding $form { default ""; "~gzip" gzip; }
	upstream origin { server %[4]s; keepalive 32; }
	server {
		listen %[2]s backlog=4096;
		listen unix:%[3]s backlog=4096;
		location / {
			proxy_pass http://origin;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Accept-Encoding $form;
			proxy_cache products;
			proxy_cache_key $request_uri$form;
			proxy_ignore_headers Vary;
		}
	}
}
`

// filesBeside are what a worker may have open besides cached files; the limit of the machine bounds both.
const filesBeside = 1000

// startNginx starts nginx with a cache on a tmpfs: one key for each form of a product, so that the
// origin packs and nginx does not.
func startNginx(ctx context.Context, b *bench, name string) error {
	tcp, _, unix, err := b.addresses(name)
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	files := min(limit.Max, 100_000)
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // the folder is ours
	}
	s := &server{name: name, version: machine.Version("nginx", "-v"), speaks: plainHTTP{}, tcp: tcp, unix: unix,
		files: filepath.Join(b.folder, "nginx-cache"), behind: b.asked}
	file := filepath.Join(b.folder, "nginx.conf")
	text := fmt.Sprintf(nginxText, b.folder, tcp, unix, b.origin.address, runtime.NumCPU(), user, files, files-filesBeside)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	return b.run(ctx, s, "nginx", "-c", file, "-e", "stderr")
}
