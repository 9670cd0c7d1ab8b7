package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"productcache/benchmarks/internal/machine"
)

const vclText = `vcl 4.1;
backend origin { .host = "%s"; .port = "%s"; }
sub vcl_recv { return (hash); }
sub vcl_hash {
	hash_data(req.url);
	if (req.http.Accept-Encoding ~ "gzip") { hash_data("gzip"); }
	return (lookup);
}
sub vcl_backend_response {
	unset beresp.http.Vary;
	set beresp.ttl = 1d;
	return (deliver);
}
sub vcl_deliver { return (deliver); }
`

// unlogged are the records that Varnish would write for each request.
const unlogged = "-Begin,-End,-Hit,-Link,-ReqAcct,-ReqHeader,-ReqMethod,-ReqProtocol,-ReqStart,-ReqUnset,-ReqURL," +
	"-RespHeader,-RespProtocol,-RespReason,-RespStatus,-RespUnset,-Timestamp,-VCL_call,-VCL_return"

// startVarnish starts Varnish with its store in memory. Its own gzip is off: it would store the packed
// form alone and unpack it for whoever does not want it. Nothing goes to its log in shared memory, as
// the others write no log either.
func startVarnish(ctx context.Context, b *bench, name string) error {
	tcp, _, unix, err := b.addresses(name)
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(b.origin.address)
	if err != nil {
		return err
	}
	s := &server{name: name, version: machine.Version("varnishd", "-V"), speaks: plainHTTP{}, tcp: tcp, unix: unix, behind: b.asked}
	file := filepath.Join(b.folder, "varnish.vcl")
	if err := os.WriteFile(file, fmt.Appendf(nil, vclText, host, port), 0o644); err != nil {
		return err
	}
	return b.run(ctx, s, "varnishd", "-F", "-j", "none", "-n", filepath.Join(b.folder, "varnish"), "-f", file,
		"-a", tcp, "-a", unix, "-s", "malloc,1G", "-p", "http_gzip_support=off", "-p", "timeout_idle=3600",
		"-p", "vsl_mask="+unlogged, "-p", "thread_pool_min=100")
}
