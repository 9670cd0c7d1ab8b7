package admin

import (
	"context"
	"fmt"
	"net/http"

	"productcache/internal/cache"
	"productcache/internal/problem"
)

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

	Unconfirmed []string `json:"unconfirmed,omitempty"` // nodes, and the second tier, that have not said in time that it is done
}

var purgeModes = map[string]cache.PurgeMode{"stale": cache.PurgeStale, "remove": cache.PurgeRemove}

// purge invalidates all that its body names, or nothing.
func (h *handler) purge(w http.ResponseWriter, r *http.Request) {
	request, bad := decodePurge(r)
	if bad != nil {
		bad.Write(w)
		return
	}
	l, ok := h.Lookup(request.Lookup)
	if !ok {
		unknownLookup(request.Lookup).Write(w)
		return
	}
	keys, bad := l.canonical(request.Keys)
	if bad != nil {
		bad.Write(w)
		return
	}
	open := l.purge(r.Context(), purgeModes[request.Mode], request.All, keys)
	if l.Purged != nil {
		if err := l.Purged(purgeModes[request.Mode], request.All, keys); err != nil {
			h.Logger.Error("a purge holds only until a restart", "lookup", request.Lookup, "error", err)
			problem.New(http.StatusInternalServerError, "purge-not-kept", "The purge holds, but only until a restart",
				"It could not be added to the snapshot, nor the snapshot be removed: the log says why. Purge again once that is mended.").Write(w)
			return
		}
	}
	h.Logger.Info("purged", "lookup", request.Lookup, "mode", request.Mode, "all", request.All, "keys", len(keys), "unconfirmed", open)
	status := http.StatusOK
	if len(open) > 0 {
		status = http.StatusAccepted
	}
	writeJSON(w, status, purgeResponse{request.Lookup, request.Mode, request.All, len(keys), open})
}

// purge has all nodes do a purge, and returns who has not confirmed it.
func (l Lookup) purge(ctx context.Context, mode cache.PurgeMode, all bool, keys []string) (open []string) {
	local := func() {
		if all {
			l.Cache.PurgeAll(mode)
		} else {
			l.Cache.Purge(mode, keys...)
		}
	}
	if l.Spread == nil {
		local()
		return nil
	}
	return l.Spread(ctx, mode, all, keys, local)
}

func badRequest(detail string) *problem.Problem {
	p := problem.New(http.StatusBadRequest, "bad-purge", "The purge is not understood", detail)
	return &p
}

// decodePurge is strict: a purge that is not understood would leave stale
// values that its sender believes gone.
func decodePurge(r *http.Request) (request purgeRequest, bad *problem.Problem) {
	if bad := decodeJSON(r, &request, `Send {"lookup": "…", "keys": ["…"]} or {"lookup": "…", "all": true}`, badRequest); bad != nil {
		return request, bad
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
