package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"productcache/internal/problem"
)

// Settings are those of the service. Its methods may be called concurrently.
type Settings interface {
	// Settings returns every setting as it is in force.
	Settings() []Setting
	// Change changes settings at once, all of them or with an error none, and
	// returns those that have another value now. The error has one line for
	// each broken rule.
	Change(values map[string]string) ([]Change, error)
}

// A Setting is a flag with the value in force, secrets masked.
type Setting struct {
	Name    string `json:"name"` // of the flag, without its dash
	Value   string `json:"value"`
	Default string `json:"default"`
	Source  string `json:"source"`  // flag, environment, default or admin
	Runtime bool   `json:"runtime"` // PATCH can change it; any other needs a restart
	Help    string `json:"help"`
	Secret  bool   `json:"-"` // Value is masked
}

// A Change is a setting that has another value now.
type Change struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// settings answers GET /api/config, as JSON or with ?format=flags.
func (h *handler) settings(w http.ResponseWriter, r *http.Request) {
	settings := h.Settings.Settings()
	switch format := r.URL.Query().Get("format"); format {
	case "", "json":
		writeJSON(w, http.StatusOK, struct {
			Settings []Setting `json:"settings"`
		}{settings})
	case "flags":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(flags(settings))) // the client has left: nobody to tell
	default:
		badSettings(http.StatusBadRequest, fmt.Sprintf(`format is "json" or "flags", not %.20q.`, format)).Write(w)
	}
}

// flags writes what is not the default as flags, one a line, as a shell reads
// them. A secret stays where it is.
func flags(settings []Setting) string {
	var b strings.Builder
	for _, s := range settings {
		if s.Source != "default" && !s.Secret {
			fmt.Fprintf(&b, "-%s=%s\n", s.Name, shellWord(s.Value))
		}
	}
	return b.String()
}

// shellWord quotes what a shell would not take for one word as it stands.
func shellWord(s string) string {
	plain := strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,@%+=-") == ""
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// change answers PATCH /api/config.
func (h *handler) change(w http.ResponseWriter, r *http.Request) {
	values, bad := decodeChange(r)
	if bad != nil {
		bad.Write(w)
		return
	}
	changes, err := h.Settings.Change(values)
	if err != nil {
		badSettings(http.StatusUnprocessableEntity, err.Error()).Write(w)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Changed []Change `json:"changed"`
	}{changes})
}

func badSettings(status int, detail string) *problem.Problem {
	p := problem.New(status, "bad-settings", "The settings were not changed", detail)
	return &p
}

// decodeChange reads names and values. A number is one with or without quotes.
func decodeChange(r *http.Request) (map[string]string, *problem.Problem) {
	refuse := func(detail string) *problem.Problem { return badSettings(http.StatusBadRequest, detail) }
	var raw map[string]any
	if bad := decodeJSON(r, &raw, `Send {"cache-bytes": "512MiB", "ttl": "10m"}`, refuse); bad != nil {
		return nil, bad
	}
	if len(raw) == 0 {
		return nil, refuse("The object names no setting.")
	}
	values := make(map[string]string, len(raw))
	for name, v := range raw {
		switch v := v.(type) {
		case string:
			values[name] = v
		case json.Number:
			values[name] = v.String()
		default:
			return nil, refuse(fmt.Sprintf("%.100q must be a string or a number.", name))
		}
	}
	return values, nil
}
