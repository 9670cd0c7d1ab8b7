// Package httpapi is the public HTTP side: it turns requests into keys, asks
// the cache for them, and writes bytes that are encoded already.
//
// It promises that every answer says where it came from (Cache-Status, RFC
// 9211), that a client's copy is validated without sending it again (ETag, RFC
// 9110), that every failure is a problem document (RFC 9457) which tells
// strangers nothing about the inside, and that no request can make it panic,
// or hold memory beyond its answer.
//
// A request's path: a Listener reads it, in a loop or a connection's goroutine
// (plainRequest.scan), or, where it is not a plain GET of a lookup, net/http and the
// router do (API.handler). Either fills an
// exchange, whose single or multi decides on the reply: keys are parsed, the cache
// is asked under the request's deadline (patience), exchange.conclude makes a 200 or
// a 304. What failed is classified in one place (exchange.classify), panics are
// caught in one (exchange.guard). The reply leaves by exchange.deliver or output.put,
// which write the same, and an Observation is reported.
//
// Spelling: keys are percent-decoded exactly once. In the path %2F is part of a
// key and "+" is a plus. In keys= a comma separates keys and %2C is part of a
// key, and "+" is a space, as in HTML forms and PHP's $_GET: PHP's rawurlencode
// for each key suits both. Path segments "." and ".." are removed by most
// clients before they send them, so that such keys need keys=.
package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"productcache/internal/cache"
	"productcache/internal/document"
)

// MaxTarget and MaxHeader bound a request in bytes: its target is answered with
// 414 beyond the first, its header with 431 beyond the second. For these
// answers to be given, http.Server.MaxHeaderBytes must be well above both.
const (
	MaxTarget = 16 << 10
	MaxHeader = 32 << 10
)

// Options of the API. All fields but those that say so are required.
type Options struct {
	Lookups        []Lookup
	MaxKeys        int           // different keys in one request at most
	RequestTimeout time.Duration // how long a request may wait for loads
	ClientMaxAge   time.Duration // how long clients may reuse an answer unasked, in whole seconds; 0: not at all
	HonorNoCache   bool          // let requests with Cache-Control: no-cache force a load

	// Classify says what a load's error means to the client. It need not know
	// the errors of package cache, nor a context's: an expired deadline that it takes
	// for Internal is a Timeout. Optional: nil takes all for Internal.
	Classify func(error) Fault
	// Observe is told of every answered request. Optional.
	Observe func(Observation)
	// Logger gets panics and, at most once a second, failures. Optional.
	Logger *slog.Logger
}

// Lookup is one kind of documents, served below /v1/Name.
type Lookup struct {
	Name string // a path segment that needs no escaping
	Many bool   // documents are listings: they have pages, and an absent one is empty

	// ParseKey returns the canonical spelling of a percent-decoded key, which
	// must be its own. An error's text is shown to the client.
	ParseKey func(string) (string, error)
	Cache    *cache.Lookup[*document.Document]
}

// Validate reports all broken rules.
func (o Options) Validate() error {
	var broken []error
	rule := func(holds bool, format string, args ...any) {
		if !holds {
			broken = append(broken, fmt.Errorf("httpapi: "+format, args...))
		}
	}
	rule(o.MaxKeys > 0, "MaxKeys must be positive, not %d", o.MaxKeys)
	rule(o.RequestTimeout > 0, "RequestTimeout must be positive, not %v", o.RequestTimeout)
	rule(o.ClientMaxAge >= 0, "ClientMaxAge must not be negative: %v", o.ClientMaxAge)
	rule(len(o.Lookups) > 0, "there must be a lookup")
	names := make(map[string]bool)
	for _, l := range o.Lookups {
		rule(isSegment(l.Name), "%q is not a name for a path", l.Name)
		rule(!names[l.Name], "there are two lookups %q", l.Name)
		rule(l.ParseKey != nil && l.Cache != nil, "lookup %q must have ParseKey and Cache", l.Name)
		names[l.Name] = true
	}
	return errors.Join(broken...)
}

func isSegment(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return name != ""
}

// API is the public API: a handler for net/http, and what a Listener serves
// itself. Nothing in it changes; it is safe for concurrent use.
type API struct {
	Options
	names     map[string]*Lookup
	freshness string // Cache-Control of answers
	failures  *failures
	router    http.Handler
}

// New makes the public API.
func New(o Options) (*API, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Classify == nil {
		o.Classify = func(error) Fault { return Internal }
	}
	if o.Observe == nil {
		o.Observe = func(Observation) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &API{Options: o, names: make(map[string]*Lookup), freshness: valueNoCache, failures: &failures{logger: o.Logger}}
	if seconds := int(o.ClientMaxAge / time.Second); seconds > 0 {
		a.freshness = "max-age=" + strconv.Itoa(seconds)
	}
	a.router = a.routes()
	return a, nil
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.router.ServeHTTP(w, r) }

func (a *API) routes() http.Handler {
	mux := chi.NewRouter()
	for _, l := range a.Lookups {
		a.names[l.Name] = &l
		several, one := a.handler(&l, (*exchange).multi), a.handler(&l, (*exchange).single)
		options := a.handler(&l, (*exchange).options)
		for pattern, handler := range map[string]http.Handler{
			"/v1/" + l.Name:            several,
			"/v1/" + l.Name + "/":      one, // an empty key
			"/v1/" + l.Name + "/{key}": one,
		} {
			mux.Method(http.MethodGet, pattern, handler)
			mux.Method(http.MethodHead, pattern, handler)
			mux.Method(http.MethodOptions, pattern, options)
		}
	}
	mux.NotFound(a.handler(nil, (*exchange).notFound))
	mux.MethodNotAllowed(a.handler(nil, (*exchange).methodNotAllowed))
	return mux
}
