package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"productcache/internal/cache"
	"productcache/internal/problem"
)

// maxPurgeBytes bounds a purge's body: about 50,000 keys.
const maxPurgeBytes = 1 << 20

// purgeRequest is the body of POST /api/purge.
type purgeRequest struct {
	Lookup string   `json:"lookup"`
	Keys   []string `json:"keys"`
	All    bool     `json:"all"`
	Mode   string   `json:"mode"` // "stale", the default, or "remove"
}

// purgeResponse says what holds from now on.
type purgeResponse struct {
	Lookup string `json:"lookup"`
	Mode   string `json:"mode"`
	All    bool   `json:"all,omitempty"`
	Keys   int    `json:"keys,omitempty"` // number of distinct keys purged
}

var purgeModes = map[string]cache.PurgeMode{"stale": cache.PurgeStale, "remove": cache.PurgeRemove}

// purge invalidates all that its body names, or nothing.
func (h *handler) purge(w http.ResponseWriter, r *http.Request) {
	request, bad := decodePurge(w, r)
	if bad != nil {
		bad.Write(w)
		return
	}
	l, ok := h.Lookup(request.Lookup)
	if !ok {
		problem.New(http.StatusNotFound, "unknown-lookup", "There is no such lookup", fmt.Sprintf("%.100q is not in the catalog.", request.Lookup)).Write(w)
		return
	}
	keys, bad := l.canonical(request.Keys)
	if bad != nil {
		bad.Write(w)
		return
	}
	if request.All {
		l.Cache.PurgeAll(purgeModes[request.Mode])
	} else {
		l.Cache.Purge(purgeModes[request.Mode], keys...)
	}
	h.Logger.Info("purged", "lookup", request.Lookup, "mode", request.Mode, "all", request.All, "keys", len(keys))
	writeJSON(w, http.StatusOK, purgeResponse{request.Lookup, request.Mode, request.All, len(keys)})
}

func badRequest(detail string) *problem.Problem {
	p := problem.New(http.StatusBadRequest, "bad-purge", "The purge is not understood", detail)
	return &p
}

// decodePurge is strict: a purge that is not understood would leave stale
// values that its sender believes gone.
func decodePurge(w http.ResponseWriter, r *http.Request) (request purgeRequest, bad *problem.Problem) {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		p := problem.New(http.StatusUnsupportedMediaType, "not-json", "The body must be JSON", "Send Content-Type: application/json.")
		return request, &p
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPurgeBytes))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&request)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		p := problem.New(http.StatusRequestEntityTooLarge, "too-large", "The body is too large", fmt.Sprintf("At most %d bytes.", maxPurgeBytes))
		return request, &p
	}
	if err != nil {
		return request, badRequest(`Send {"lookup": "…", "keys": ["…"]} or {"lookup": "…", "all": true}: ` + mistake(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return request, badRequest("There is something behind the JSON object.")
	}
	if request.Mode == "" {
		request.Mode = "stale"
	}
	if _, ok := purgeModes[request.Mode]; !ok {
		return request, badRequest(fmt.Sprintf(`"mode" is "stale" or "remove", not %.20q.`, request.Mode))
	}
	if request.All == (len(request.Keys) > 0) {
		return request, badRequest(`Give either "keys", at least one, or "all": true.`)
	}
	return request, nil
}

// mistake says what is wrong with a body, in the words of JSON and not of Go.
func mistake(err error) string {
	wrong := (*json.UnmarshalTypeError)(nil)
	switch {
	case errors.As(err, &wrong) && wrong.Field == "":
		return "the body is not an object."
	case errors.As(err, &wrong):
		return fmt.Sprintf("%q cannot hold a JSON %s; each key is a string, even a number.", wrong.Field, wrong.Value)
	}
	// encoding/json has no type for this error.
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Sprintf("there is no field %.100s.", field)
	}
	return "the body is not JSON."
}

// canonical returns the distinct keys as the cache spells them.
func (l Lookup) canonical(raw []string) ([]string, *problem.Problem) {
	seen := make(map[string]bool, len(raw))
	var keys []string
	for _, k := range raw {
		key, err := l.ParseKey(k)
		if err != nil {
			return nil, badRequest(fmt.Sprintf("Key %.100q: %v. Nothing was purged.", k, err))
		}
		if !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys, nil
}
