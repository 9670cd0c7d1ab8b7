package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"path"
	"time"

	"github.com/go-chi/chi/v5"

	"productcache/internal/problem"
)

// consoleFiles is the console: a page and what it needs, as it is served. uPlot,
// under the MIT license beside it, draws the plots.
//
//go:embed console
var consoleFiles embed.FS

// consolePolicy lets the page have nothing but its own files and this API.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// console serves a file of the console; without a name, the page.
func (h *handler) console(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "file")
	if name == "" {
		name = "index.html"
	}
	content, err := consoleFiles.ReadFile("console/" + name)
	if err != nil {
		problem.New(http.StatusNotFound, "not-found", "There is nothing here", "The console is at /.").Write(w)
		return
	}
	sum := sha256.Sum256(content)
	header := w.Header()
	header.Set("Content-Type", contentType(name))
	header.Set("Content-Security-Policy", consolePolicy)
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}

// contentType is that of a file's name, whatever the machine's own list says;
// what has none of these is a license.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "text/plain; charset=utf-8"
}
