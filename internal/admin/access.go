package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"

	"productcache/internal/problem"
)

// mayChange lets a request through that is allowed to change something.
func (h *handler) mayChange(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := h.Token()
		switch {
		case token != "" && !hasToken(r, token):
			w.Header().Set("WWW-Authenticate", `Bearer realm="productcache"`) // RFC 6750, section 3
			problem.New(http.StatusUnauthorized, "unauthorized", "The bearer token is missing or wrong",
				"Send Authorization: Bearer and the token of -admin-token-file.").Write(w)
		case token == "" && !isLocal(r):
			problem.New(http.StatusForbidden, "forbidden", "Changes need a token on this listener",
				"Start the service with -admin-token-file, or use a loopback or Unix listener.").Write(w)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// hasToken compares in constant time, whatever the lengths.
func hasToken(r *http.Request, token string) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// isLocal reports whether a request came in over loopback or a Unix socket.
func isLocal(r *http.Request) bool {
	switch a := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	}
	return false
}

// ownHost refuses requests for a host name that is not the listener's own: an
// address, localhost, or nothing where no name can be had. With a token any
// name will do, since a page that was rebound does not know it.
func (h *handler) ownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Token() == "" && !isOwnHost(r.Host) {
			if _, unix := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr); !unix {
				problem.New(http.StatusMisdirectedRequest, "foreign-host", "This host name is not the listener's",
					"Use an IP address or localhost, or start the service with -admin-token-file.").Write(w)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func isOwnHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	return host == "" || strings.EqualFold(host, "localhost") || net.ParseIP(host) != nil
}

// sameSite refuses a browser's request that another site's page has made.
func sameSite(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem.New(http.StatusForbidden, "cross-site", "Requests from other sites are refused",
			"A browser says that a page of another site has made this request.").Write(w)
	}))
	return protection.Handler(next)
}
