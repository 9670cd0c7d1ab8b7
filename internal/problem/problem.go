// Package problem writes errors as application/problem+json (RFC 9457), for
// both listeners. Its types are relative references, stable across versions:
// clients decide by them, people read the title and the detail.
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// A Problem is the body of an error response.
type Problem struct {
	Type   string `json:"type"`             // "/problems/" and a name
	Title  string `json:"title"`            // the same for every problem of the type
	Status int    `json:"status"`           // the HTTP status
	Detail string `json:"detail,omitempty"` // of this occurrence, fit for strangers
}

// New returns a problem of the type /problems/name.
func New(status int, name, title, detail string) Problem {
	return Problem{Type: "/problems/" + name, Title: title, Status: status, Detail: detail}
}

// Write sends the problem. Headers that the caller has set stay, but those that
// describe a body.
func (p Problem) Write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and a number always marshal
	}
	h := w.Header()
	h.Del("Content-Encoding")
	h.Del("ETag")
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client has left: nobody to tell
}
