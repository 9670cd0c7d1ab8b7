package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"productcache/internal/cache"
	"productcache/internal/problem"
)

// entryResponse is the body of GET /api/cache/{lookup}/{key}.
type entryResponse struct {
	Lookup    string     `json:"lookup"`
	Key       string     `json:"key"`
	State     string     `json:"state"`      // "fresh", "expired", "invalidated", "absent" or "not-cached"
	Serves    string     `json:"serves"`     // what a request gets now: "hit", "stale", "negative", or "load": it waits for one
	OnFailure bool       `json:"on_failure"` // it is served if that load fails
	Loading   bool       `json:"loading"`    // a load is under way
	Age       *float64   `json:"age_seconds"`
	TTL       *float64   `json:"ttl_seconds"` // lifetime that is left; negative once it is stale
	LoadedAt  *time.Time `json:"loaded_at"`
	InvalidAt *time.Time `json:"invalidated_at"`
	Bytes     int        `json:"bytes"` // that it takes of -cache-bytes, or of -negative-entries' room
	Hits      hits       `json:"hits"`
	Queries   int        `json:"queries_per_load"`
	Events    []event    `json:"events"` // the latest first; older ones are forgotten
}

// hits are the requests for a key in the last minutes, an estimate: the hottest
// keys' are counted out of a sample, and of the others it is known how many it
// is at most.
type hits struct {
	PerSecond float64 `json:"per_second"`
	AtMost    float64 `json:"per_second_at_most"`
}

type event struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`           // cache.EventKind
	By   string    `json:"by,omitempty"`   // of an invalidation: "purge", "binlog", "audit" or "reload"
	Mode string    `json:"mode,omitempty"` // of an invalidation: "stale" or "remove"
}

const notCached = "not-cached"

func stateOf(i cache.Inspection) string {
	switch {
	case !i.Held:
		return notCached
	case i.Invalid:
		return "invalidated"
	case !i.Found && i.TTL > 0:
		return "absent"
	case i.TTL > 0:
		return "fresh"
	}
	return "expired"
}

func servesOf(i cache.Inspection) string {
	switch {
	case !i.Serves:
		return "load"
	case !i.Found:
		return cache.Negative.String()
	case i.TTL > 0:
		return cache.Hit.String()
	}
	return cache.Stale.String()
}

// entry answers with what is known of one key.
func (h *handler) entry(w http.ResponseWriter, r *http.Request) {
	name, escaped, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/api/cache/"), "/")
	l, ok := h.Lookup(name)
	if !ok {
		unknownLookup(name).Write(w)
		return
	}
	raw, err := url.PathUnescape(escaped)
	var key string
	if err == nil {
		key, err = l.ParseKey(raw)
	}
	if err != nil {
		problem.New(http.StatusBadRequest, "malformed-key", "The key is malformed", fmt.Sprintf("Key %.100q: %v.", raw, err)).Write(w)
		return
	}
	writeJSON(w, http.StatusOK, describeEntry(name, key, l))
}

func unknownLookup(name string) problem.Problem {
	return problem.New(http.StatusNotFound, "unknown-lookup", "There is no such lookup", fmt.Sprintf("%.100q is not in the catalog.", name))
}

func describeEntry(name, key string, l Lookup) entryResponse {
	i := l.Cache.Inspect(key)
	body := entryResponse{Lookup: name, Key: key, State: stateOf(i), Serves: servesOf(i), OnFailure: i.ServesError, Loading: i.Loading,
		Bytes: i.Weight, Hits: hits{i.LeastRate, i.MostRate}, Queries: max(1, l.Queries), Events: []event{}}
	if i.Held {
		body.Age, body.TTL, body.LoadedAt = new(i.Age.Seconds()), new(i.TTL.Seconds()), &i.LoadedAt
	}
	if i.Held && i.Invalid {
		body.InvalidAt = &i.InvalidAt
	}
	for _, e := range i.Events {
		told := event{At: e.At, What: e.Kind.String()}
		if e.Kind == cache.EventInvalidated || e.Kind == cache.EventInvalidatedAll {
			told.By, told.Mode = e.Origin.String(), "stale"
			if e.Mode == cache.PurgeRemove {
				told.Mode = "remove"
			}
		}
		body.Events = append(body.Events, told)
	}
	return body
}
