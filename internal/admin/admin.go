// Package admin is the API for those who run the service, on a listener of its
// own: health, metrics, the console and its numbers, settings, purges and profiles.
//
// Reading is open to whoever reaches the listener. Changing needs the bearer
// token, if one is set; without one it is allowed only over loopback and Unix
// sockets. A web page in an operator's browser can change nothing and start no
// profile: requests from other sites are refused (Sec-Fetch-Site and Origin), and
// so are host names that are not the listener's own, which is how DNS rebinding
// shows, unless there is a token that the page does not know.
package admin

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"productcache/internal/cache"
	"productcache/internal/problem"
)

// Options of the admin API. All but those that say what nil means are required.
type Options struct {
	Token    func() string                         // what changes need now; "": nothing, over loopback and Unix sockets only
	Lookup   func(name string) (l Lookup, ok bool) // what can be purged, now
	Ready    func() []string                       // why the service is not ready; none: it is
	Metrics  *Metrics
	Settings Settings
	Hottest  func(n int) []cache.HotKey // nil: none are known
	Logger   *slog.Logger               // gets changes; nil: nobody
}

// A Lookup is what a purge or a question names.
type Lookup struct {
	ParseKey func(string) (string, error) // its error's text is fit for strangers
	Queries  int                          // of a load of one key, where all is found; 0: one
	Cache    Cached

	// Spread has other nodes do a purge, too, and local at its time. It returns the names of those that have not confirmed it.
	// nil: there are none.
	Spread func(ctx context.Context, mode cache.PurgeMode, all bool, keys []string, local func()) (open []string)

	// Purged is told of a purge that is done, before it is answered. Its error
	// means that what was purged may be back after a restart. Optional.
	Purged func(mode cache.PurgeMode, all bool, keys []string) error
}

// Cached is what is cached of a lookup; cache.Lookup is one.
type Cached interface {
	Purge(mode cache.PurgeMode, keys ...string)
	PurgeAll(mode cache.PurgeMode)
	Inspect(key string) cache.Inspection
}

type handler struct{ Options }

// New returns the admin API.
func New(o Options) http.Handler {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	h := &handler{o}
	r := chi.NewRouter()
	r.Use(h.ownHost, boundBody)
	r.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		problem.New(http.StatusNotFound, "not-found", "There is nothing here",
			"There are /, /healthz, /readyz, /metrics, /api/stats, /api/top, /api/cache, /api/config, /api/purge and /debug/pprof/.").Write(w)
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) {
		methods := allowed(r, req.URL.Path)
		w.Header().Set("Allow", methods)
		problem.New(http.StatusMethodNotAllowed, "method-not-allowed", "This method is not allowed here", "Allowed here: "+methods+".").Write(w)
	})
	metrics := promhttp.HandlerFor(o.Metrics.registry, promhttp.HandlerOpts{})
	for _, method := range []string{http.MethodGet, http.MethodHead} { // load balancers probe with either
		r.MethodFunc(method, "/healthz", h.health)
		r.MethodFunc(method, "/readyz", h.ready)
		r.Method(method, "/metrics", metrics)
		r.MethodFunc(method, "/api/config", h.settings)
		h.numbers(r, method)
	}
	r.With(sameSite, h.mayChange).Patch("/api/config", h.change)
	r.With(sameSite, h.mayChange).Post("/api/purge", h.purge)
	profiles(r.With(h.mayProfile))
	return r
}

// numbers serves the console and what it shows.
func (h *handler) numbers(r chi.Router, method string) {
	r.MethodFunc(method, "/", h.console)
	r.MethodFunc(method, "/console/{file}", h.console)
	r.MethodFunc(method, "/api/stats", h.stats)
	r.MethodFunc(method, "/api/stats/history", h.past)
	r.MethodFunc(method, "/api/top", h.top)
	r.MethodFunc(method, "/api/cache/{lookup}/*", h.entry)
}

// allowed lists the methods that a path has.
func allowed(r chi.Routes, path string) string {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch} {
		if r.Match(chi.NewRouteContext(), m, path) {
			methods = append(methods, m)
		}
	}
	return strings.Join(methods, ", ")
}

// profiles serves what net/http/pprof does, at the same paths.
func profiles(r chi.Router) {
	r.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	r.HandleFunc("/debug/pprof/profile", pprof.Profile)
	r.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	r.HandleFunc("/debug/pprof/trace", pprof.Trace)
	r.HandleFunc("/debug/pprof/*", pprof.Index)
}
