package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"productcache/internal/problem"
)

// maxBodyBytes bounds every request's body: a purge may have about 50,000 keys.
const maxBodyBytes = 1 << 20

// decodeJSON reads a body that is one JSON object and nothing behind it, with
// no fields but those of to. A number in an interface is a json.Number. refuse
// makes the answer where the body is not understood; usage says, in it, what to
// send.
func decodeJSON(r *http.Request, to any, usage string, refuse func(detail string) *problem.Problem) *problem.Problem {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		p := problem.New(http.StatusUnsupportedMediaType, "not-json", "The body must be JSON", "Send Content-Type: application/json.")
		return &p
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	err := decoder.Decode(to)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		p := problem.New(http.StatusRequestEntityTooLarge, "too-large", "The body is too large", fmt.Sprintf("At most %d bytes.", maxBodyBytes))
		return &p
	}
	if err != nil {
		return refuse(usage + ": " + mistake(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return refuse("There is something behind the JSON object.")
	}
	return nil
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
