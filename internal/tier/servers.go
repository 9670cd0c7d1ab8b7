package tier

import (
	"crypto/tls"
	"errors"
	"net"
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

// What is wrong with an address. It is not quoted: there may be a password in it.
var (
	errURL         = errors.New("it has to be like redis://HOST:PORT, rediss://HOST:PORT,HOST2:PORT2 or unix:///PATH")
	errCredentials = errors.New("user and password must not be in it: it is seen in the list of processes")
)

// Validate reports what is wrong with the address, without quoting it.
func (s Servers) Validate() error {
	_, err := s.option()
	return err
}

func (s Servers) option() (rueidis.ClientOption, error) {
	if strings.Contains(s.URL, "@") {
		return rueidis.ClientOption{}, errCredentials
	}
	first, others, _ := strings.Cut(s.URL, ",")
	o, err := rueidis.ParseURL(first)
	if err != nil {
		return o, errURL // the library's error may quote the password
	}
	if others != "" {
		others, query, _ := strings.Cut(others, "?")
		if query != "" {
			if o, err = rueidis.ParseURL(first + "?" + query); err != nil {
				return o, errURL
			}
		}
		for _, address := range strings.Split(others, ",") {
			if _, _, err := net.SplitHostPort(address); err != nil {
				return o, errURL
			}
			o.InitAddress = append(o.InitAddress, address)
		}
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

const (
	cacheBytes  = 1 << 20 // of what is tracked: only keys that this node waits for are
	bufferBytes = 1 << 16
)
