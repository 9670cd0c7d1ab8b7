package tier

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Servers says where Redis is, and how to get in.
type Servers struct {
	// URL is redis:// or rediss:// (TLS), or unix:// and a path, as https://redis.io/docs/latest/develop/clients/uri has
	// it. Of a Cluster, or of sentinels, more addresses may stand between commas after the first; master_set=NAME as a
	// parameter says that they are sentinels.
	URL            string
	User, Password string // of Redis' ACL; "": the default user, no password
}

// dialTimeout is of the keeper, for whom no request waits.
const dialTimeout = time.Second

// What is wrong with a URL. It is not quoted: there may be a password in it.
var (
	errURL       = errors.New("it has to be like redis://HOST:PORT, rediss://HOST:PORT,HOST2:PORT2 or unix:///PATH")
	errAddress   = errors.New("each server in it needs a host, and a port of 1 to 65535")
	errParameter = errors.New("its parameters may be " + strings.Join(parameters[:], ", "))
	// ErrCredentials says that a user or a password is in the URL, which is seen in the list of processes.
	ErrCredentials = errors.New("user and password must not be in it")
)

// parameters are those that a URL may have. Others that the library knows would not change what is set here.
var parameters = [...]string{"client_cache", "db", "master_set", "protocol", "skip_verify"}

// Validate reports what is wrong with the address, without quoting it.
func (s Servers) Validate() error {
	_, err := s.option()
	return err
}

func (s Servers) option() (rueidis.ClientOption, error) {
	o, err := parse(s.URL)
	if err != nil {
		return o, err
	}
	o.Username, o.Password = s.User, s.Password
	o.Dialer.Timeout = dialTimeout
	o.Dialer.KeepAlive = time.Second
	o.ConnWriteTimeout = 5 * time.Second // what requests wait for has a shorter one of its own
	o.DisableRetry = true
	o.PipelineMultiplex = -1 // one connection a server: each new one has to be looked at
	o.CacheSizeEachConn = cacheBytes
	o.ReadBufferEachConn, o.WriteBufferEachConn = bufferBytes, bufferBytes
	o.BlockingPoolSize = 4
	o.ClientName = "productcache"
	o.ClusterOption.ShardsRefreshInterval = 2 * time.Second
	if o.Sentinel.MasterSet != "" {
		o.Sentinel.TopologyRefreshInterval = 2 * time.Second
		o.Sentinel.TLSConfig, o.Sentinel.Dialer = o.TLSConfig, o.Dialer
	}
	if o.TLSConfig != nil && len(o.InitAddress) > 1 {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.TLSConfig.InsecureSkipVerify} // each has a name of its own
	}
	return o, nil
}

// parse reads the URL with all its addresses.
func parse(text string) (o rueidis.ClientOption, err error) {
	if strings.Contains(text, "@") {
		return o, ErrCredentials
	}
	list, query, _ := strings.Cut(text, "?")
	first, rest, several := strings.Cut(list, ",")
	var others []string
	if several {
		others = strings.Split(rest, ",")
	}
	u, err := url.Parse(first)
	if err != nil {
		return o, errURL
	}
	given, err := url.ParseQuery(query)
	if err != nil {
		return o, errURL
	}
	for name := range given {
		if !slices.Contains(parameters[:], name) {
			return o, errParameter
		}
	}
	if o, err = rueidis.ParseURL(first + "?" + query); err != nil {
		return o, errURL // the library's error quotes
	}
	if u.Scheme == "unix" {
		if u.Host != "" || strings.Trim(u.Path, "/") == "" || several {
			return o, errURL
		}
		return o, nil
	}
	o.InitAddress = append(o.InitAddress, others...)
	if u.Hostname() == "" || slices.ContainsFunc(o.InitAddress, func(a string) bool { return !validAddress(a) }) {
		return o, errAddress
	}
	return o, nil
}

func validAddress(address string) bool {
	host, port, err := net.SplitHostPort(address)
	n, failed := strconv.ParseUint(port, 10, 16)
	return err == nil && failed == nil && host != "" && n > 0
}

const (
	cacheBytes  = 1 << 20 // of what is tracked: only keys that this node waits for are
	bufferBytes = 1 << 16
)
