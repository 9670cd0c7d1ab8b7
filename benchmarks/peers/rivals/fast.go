package main

import (
	"bytes"
	"context"
	"net"
	"unsafe"

	"github.com/valyala/fasthttp"
)

// serveFast serves by fasthttp until ctx is done.
func serveFast(ctx context.Context, l net.Listener, c *cache) error {
	s := &fasthttp.Server{Handler: c.fast, NoDefaultServerHeader: true}
	defer context.AfterFunc(ctx, func() { _ = s.Shutdown() })()
	return s.Serve(l)
}

// fast allocates nothing for a hit.
func (c *cache) fast(r *fasthttp.RequestCtx) {
	path := r.Path()
	e, ok := c.entries.Get(unsafe.String(unsafe.SliceData(path), len(path))) // only looked up, not kept
	if !ok {
		var err error
		if e, err = c.load(string(path)); err != nil {
			r.Error(err.Error(), fasthttp.StatusBadGateway)
			return
		}
	}
	body, etag := e.body, e.etag
	h := &r.Response.Header
	if e.gzip != nil && bytes.Contains(r.Request.Header.Peek("Accept-Encoding"), []byte("gzip")) {
		body, etag = e.gzip, e.gzipETag
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Etag", etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if string(r.Request.Header.Peek("If-None-Match")) == etag {
		r.SetStatusCode(fasthttp.StatusNotModified)
		return
	}
	h.SetContentType("application/json")
	r.Response.SetBodyRaw(body)
}
