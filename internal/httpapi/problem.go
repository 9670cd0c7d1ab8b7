package httpapi

import (
	"encoding/json"
	"net/http"
	"strings"

	"productcache/internal/problem"
)

// kind is a kind of failure: a problem (RFC 9457) but for its detail.
type kind struct {
	name   string // of its type, the same for ever
	status int
	title  string
}

// The problems that clients of the public API can meet.
var (
	// The key in the path, or one in keys=, is not one that the lookup can have.
	malformedKey = kind{"malformed-key", http.StatusBadRequest, "The key is malformed"}
	// A multi-get without keys.
	noKeys = kind{"no-keys", http.StatusBadRequest, "No keys are given"}
	// A multi-get for more different keys than allowed.
	tooManyKeys = kind{"too-many-keys", http.StatusBadRequest, "Too many keys are given"}
	// page or per_page is not a number within bounds, or not for this resource.
	badPage = kind{"bad-page", http.StatusBadRequest, "The page is not understood"}
	// The first path segment after /v1/ is not a lookup's name.
	unknownLookup = kind{"unknown-lookup", http.StatusNotFound, "There is no such lookup"}
	// The key has no row in the database.
	unknownKey = kind{"unknown-key", http.StatusNotFound, "There is nothing with this key"}
	// The path is none of this service's.
	notFound = kind{"not-found", http.StatusNotFound, "There is nothing here"}
	// The resource can only be read.
	methodNotAllowed = kind{"method-not-allowed", http.StatusMethodNotAllowed, "This method is not allowed here"}
	// The request's target is longer than MaxTarget.
	targetTooLong = kind{"target-too-long", http.StatusRequestURITooLong, "The request's target is too long"}
	// The request's header is larger than MaxHeader.
	headerTooLarge = kind{"header-too-large", http.StatusRequestHeaderFieldsTooLarge, "The request's header is too large"}
	// A defect of the service or its catalog; its log says more.
	internalError = kind{"internal-error", http.StatusInternalServerError, "The service has failed"}
	// The database is away and there is nothing stale to serve instead.
	unavailable = kind{"unavailable", http.StatusServiceUnavailable, "The database is unavailable"}
	// More requests are waiting for the database than allowed.
	tooBusy = kind{"overloaded", http.StatusServiceUnavailable, "Too many requests are waiting"}
	// The database did not answer in time and there is nothing stale to serve.
	timeout = kind{"timeout", http.StatusGatewayTimeout, "Loading took too long"}
)

func (k kind) problem(detail string) problem.Problem {
	return problem.New(k.status, k.name, k.title, detail)
}

// refuse answers with a problem. Of a client's input detail may contain only
// what went through quoted.
func (x *exchange) refuse(k kind, detail string) {
	x.status, x.control, x.typeOptions = k.status, valueNoStore, valueNosniff
	x.setBody(encode(k.problem(detail)), valueProblem)
}

// The problem of an unknown key is answered from memory like a document, so
// that it is encoded once, too.
var unknownKeyBody = encode(unknownKey.problem("The database has no row for it, or none that may be shown."))

func encode(p problem.Problem) []byte {
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and a number always marshal
	}
	return body
}

// absent answers for a key without a row. That is as reliable as a document, so
// that clients may keep it as long.
func (x *exchange) absent(a *answer) {
	x.status, x.age, x.cacheStatus = unknownKey.status, a.Age, x.text
	x.control, x.typeOptions = x.freshness, valueNosniff
	x.setBody(unknownKeyBody, valueProblem)
}

// notFound answers for paths that no route has.
func (x *exchange) notFound() {
	name, known := x.lookupIn(x.path)
	switch {
	case known:
		x.refuse(notFound, "A lookup has nothing below its keys; a slash within a key is %2F.")
	case name != "":
		x.refuse(unknownLookup, "There is no lookup "+quoted(name)+". Lookups are named in the catalog.")
	default:
		x.refuse(notFound, "Documents are at /v1/{lookup}/{key} and /v1/{lookup}?keys=.")
	}
}

func (x *exchange) methodNotAllowed() {
	x.allow = valueAllow
	x.refuse(methodNotAllowed, "Documents can be read with GET and HEAD only.")
}

// lookupIn returns the path segment of an escaped path that names a lookup, and
// whether there is such a lookup.
func (x *exchange) lookupIn(path string) (name string, known bool) {
	rest, ok := strings.CutPrefix(path, "/v1/")
	if !ok {
		return "", false
	}
	name, _, _ = strings.Cut(rest, "/")
	return name, x.names[name] != nil
}
