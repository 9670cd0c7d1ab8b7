package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"

	"productcache/internal/problem"
)

// mayChange lets a request through that is allowed to change something.
func (h *handler) mayChange(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := h.Token()
		switch {
		case token != "" && !hasToken(r, token):
			unauthorized(w)
		case token == "" && !isLocal(r):
			problem.New(http.StatusForbidden, "forbidden", "Changes need a token on this listener",
				"Start the service with -admin-token-file, or use a loopback or Unix listener.").Write(w)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="productcache"`) // RFC 6750, section 3
	problem.New(http.StatusUnauthorized, "unauthorized", "The bearer token is missing or wrong",
		"Send Authorization: Bearer and the token of -admin-token-file.").Write(w)
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
		if h.Token() == "" && isForeign(r) {
			problem.New(http.StatusMisdirectedRequest, "foreign-host", "This host name is not the listener's",
				"Use an IP address or localhost, or start the service with -admin-token-file.").Write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isForeign reports whether a request is for a name that may be another site's.
// No page reaches a Unix socket.
func isForeign(r *http.Request) bool {
	_, unix := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr)
	return !unix && !isOwnHost(r.Host)
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
	protection.SetDenyHandler(http.HandlerFunc(crossSite))
	return protection.Handler(next)
}

func crossSite(w http.ResponseWriter, _ *http.Request) {
	problem.New(http.StatusForbidden, "cross-site", "Requests from other sites are refused",
		"A browser says that a page of another site has made this request.").Write(w)
}

// mayProfile is sameSite for GETs that cost something: a page cannot read a
// profile of another site, but an image of its address starts one. A page that
// was rebound is no other site to its browser, so that a name needs the token.
func (h *handler) mayProfile(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case fromOtherSite(r):
			crossSite(w, r)
		case isForeign(r) && !hasToken(r, h.Token()):
			unauthorized(w)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// fromOtherSite reports whether a browser says that another origin's page has
// made a request, whatever the method. Sec-Fetch-Site is sent to loopback and
// by TLS only (Fetch Metadata, section 2.3), so that Referer has to do for others.
func fromOtherSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none" // none: typed, or a bookmark
	}
	for _, name := range []string{"Origin", "Referer"} {
		if page := r.Header.Get(name); page != "" {
			u, err := url.Parse(page)
			return err != nil || u.Host != r.Host
		}
	}
	return false
}

// boundBody lets nobody read more of a body than its bound.
func boundBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		next.ServeHTTP(w, r)
	})
}
