package main

import (
	"net/http"
	"sync/atomic"

	"productcache/internal/catalog"
	"productcache/internal/httpapi"
	"productcache/internal/problem"
)

// front is the public API as it is now. Until it is known what is served, which
// with -table takes MySQL, every request gets 503.
type front struct {
	served atomic.Pointer[served]
	opened chan struct{} // closed when it is known
	fleet  *fleet        // nil: without -l2
}

// open serves, for the first time.
func (f *front) open(s *served) {
	f.served.Store(s)
	close(f.opened)
}

// served is a set of lookups and the handler made for them.
type served struct {
	catalog *catalog.Catalog
	lookups map[string]*lookup // by name
	handler *httpapi.API
}

// api returns what answers, nil while that is not known.
func (f *front) api() *httpapi.API {
	if now := f.served.Load(); now != nil {
		return now.handler
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if now := f.served.Load(); now != nil {
		now.handler.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Retry-After", "1")
	w.Header().Set("Cache-Control", "no-store")
	problem.New(http.StatusServiceUnavailable, "starting", "The service is starting",
		"Its database has not been reached yet.").Write(w)
}
