package httpapi

import (
	"net/http"
	"strconv"
)

// problem is a kind of failure (RFC 9457). Its name makes its type, a relative
// reference that is the same for ever; clients decide by it, people read
// the title and detail.
type problem struct {
	name   string
	status int
	title  string
}

// The problems.
var (
	// The key in the path, or one in keys=, is not one that the lookup can have.
	malformedKey = problem{"malformed-key", http.StatusBadRequest, "Malformed key"}
	// A multi-get without keys.
	noKeys = problem{"no-keys", http.StatusBadRequest, "No keys"}
	// A multi-get for more different keys than allowed.
	tooManyKeys = problem{"too-many-keys", http.StatusBadRequest, "Too many keys"}
	// page or per_page is not a number within bounds, or not for this resource.
	badPage = problem{"bad-page", http.StatusBadRequest, "Bad page"}
	// The first path segment after /v1/ is not a lookup's name.
	unknownLookup = problem{"unknown-lookup", http.StatusNotFound, "Unknown lookup"}
	// The key has no row in the database.
	unknownKey = problem{"unknown-key", http.StatusNotFound, "Unknown key"}
	// The path is none of this service's.
	notFound = problem{"not-found", http.StatusNotFound, "Not found"}
	// The resource can only be read.
	methodNotAllowed = problem{"method-not-allowed", http.StatusMethodNotAllowed, "Method not allowed"}
	// The request's target is longer than MaxTarget.
	targetTooLong = problem{"target-too-long", http.StatusRequestURITooLong, "Target too long"}
	// The request's header is larger than MaxHeader.
	headerTooLarge = problem{"header-too-large", http.StatusRequestHeaderFieldsTooLarge, "Header too large"}
	// A defect of the service or its catalog; its log says more.
	internalError = problem{"internal-error", http.StatusInternalServerError, "Internal error"}
	// The database is away and there is nothing stale to serve instead.
	unavailable = problem{"unavailable", http.StatusServiceUnavailable, "Unavailable"}
	// More requests are waiting for the database than allowed.
	tooBusy = problem{"overloaded", http.StatusServiceUnavailable, "Overloaded"}
	// The database did not answer in time and there is nothing stale to serve.
	timeout = problem{"timeout", http.StatusGatewayTimeout, "Timeout"}
)

// refuse answers with a problem. Of a client's input detail may contain only
// what went through quoted.
func (x *exchange) refuse(p problem, detail string) {
	x.w.Header()["Cache-Control"] = valueNoStore
	x.tell(p, detail)
}

// tell is refuse, with the Cache-Control that is set already.
func (x *exchange) tell(p problem, detail string) {
	body := append(make([]byte, 0, 256), `{"type":"/problems/`...)
	body = append(append(body, p.name...), `","title":"`...)
	body = append(append(body, p.title...), `","status":`...)
	body = strconv.AppendInt(body, int64(p.status), 10)
	if detail != "" {
		body = appendString(append(body, `,"detail":`...), detail)
	}
	body = append(body, '}')
	x.w.Header()["Content-Type"] = valueProblem
	x.set("Content-Length", strconv.Itoa(len(body)))
	if x.send(p.status) {
		_, _ = x.w.Write(body) // the client's connection is the server's to watch
	}
}

// notFound answers for paths that no route has.
func (x *exchange) notFound() {
	path := x.r.URL.EscapedPath()
	name, known := x.lookupIn(path)
	switch {
	case known:
		x.refuse(notFound, "A lookup has nothing below its keys; a slash within a key is %2F.")
	case name != "":
		x.refuse(unknownLookup, "There is no lookup "+quoted(name)+".")
	default:
		x.refuse(notFound, "Documents are at /v1/{lookup}/{key} and /v1/{lookup}?keys=.")
	}
}

func (x *exchange) methodNotAllowed() {
	x.w.Header()["Allow"] = valueAllow
	x.refuse(methodNotAllowed, "Documents can be read with GET and HEAD only.")
}
