package main

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// origin is the server behind the HTTP peers. It counts what reaches it: a cache that hits asks nothing.
type origin struct {
	server   http.Server
	address  string
	products []*product
	requests atomic.Int64
}

func startOrigin(all []*product) (*origin, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &origin{address: l.Addr().String(), products: all}
	o.server.Handler = o
	go func() { _ = o.server.Serve(l) }() // until close
	return o, nil
}

func (o *origin) close() error { return o.server.Close() }

// ServeHTTP serves a product in the form that was asked for, to be kept for a day.
func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.requests.Add(1)
	id, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, productPath))
	if err != nil || id < 1 || id > len(o.products) {
		http.NotFound(w, r)
		return
	}
	p := o.products[id-1]
	body, etag := p.Body(), p.ETag()
	h := w.Header()
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && p.Gzip() != nil {
		body, etag = p.Gzip(), p.GzipETag()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "max-age=86400")
	h.Set("Etag", etag)
	h.Set("Vary", "Accept-Encoding")
	_, _ = w.Write(body)
}
