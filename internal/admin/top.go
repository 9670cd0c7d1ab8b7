package admin

import (
	"fmt"
	"net/http"
	"strconv"

	"productcache/internal/problem"
)

// Bounds of ?n= of /api/top.
const (
	defaultTop = 20
	maxTop     = 100
)

// hotKey is a line of GET /api/top.
type hotKey struct {
	Lookup    string  `json:"lookup"`
	Key       string  `json:"key"`
	PerSecond float64 `json:"per_second"` // of the last minutes, an estimate
	Share     float64 `json:"share"`      // of all keys asked for
	State     string  `json:"state"`      // as of /api/cache
	Bytes     int     `json:"bytes"`
}

// top answers with the keys asked for most often, the first one most.
func (h *handler) top(w http.ResponseWriter, r *http.Request) {
	n := defaultTop
	if text := r.URL.Query().Get("n"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxTop {
			problem.New(http.StatusBadRequest, "bad-number", "The query is not understood", fmt.Sprintf("n is a whole number from 1 to %d.", maxTop)).Write(w)
			return
		}
	}
	keys := []hotKey{}
	if h.Hottest != nil {
		for _, hot := range h.Hottest(n) {
			line := hotKey{Lookup: hot.Lookup, Key: hot.Key, PerSecond: hot.PerSecond, Share: hot.Share, State: notCached}
			if l, ok := h.Lookup(hot.Lookup); ok {
				i := l.Cache.Inspect(hot.Key)
				line.State, line.Bytes = stateOf(i), i.Weight
			}
			keys = append(keys, line)
		}
	}
	writeJSON(w, http.StatusOK, map[string][]hotKey{"keys": keys})
}
