package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// serveChi serves by net/http and chi until ctx is done.
func serveChi(ctx context.Context, l net.Listener, c *cache) error {
	router := chi.NewRouter()
	router.Get("/v1/products/{id}", c.serve)
	s := &http.Server{Handler: router}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (c *cache) serve(w http.ResponseWriter, r *http.Request) {
	e, ok := c.entries.Get(r.URL.Path)
	if !ok {
		var err error
		if e, err = c.load(r.URL.Path); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	body, etag, length := e.body, e.etag, e.length
	h := w.Header()
	if e.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body, etag, length = e.gzip, e.gzipETag, e.gzipLength
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Etag", etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", length)
	_, _ = w.Write(body)
}
