package store

import "fmt"

// An Endpoint is where MySQL is, and as whom to log in. It holds the password,
// which none of its texts shows.
type Endpoint struct {
	Network  string // tcp or unix
	Address  string // host:port, or the path of the socket
	User     string
	Password string
	Schema   string
	TLS      string // as in the DSN: empty, false, true, skip-verify or preferred
}

// Endpoint returns what the DSN says, for those who speak the replication
// protocol, which is no SQL.
func (s *Store) Endpoint() Endpoint {
	c := s.connector.source.config
	return Endpoint{Network: c.Net, Address: c.Addr, User: c.User, Password: c.Passwd, Schema: c.DBName, TLS: c.TLSConfig}
}

// String returns the endpoint without its password.
func (e Endpoint) String() string {
	return fmt.Sprintf("%s@%s(%s)/%s", e.User, e.Network, e.Address, e.Schema)
}

// GoString is String, for %#v.
func (e Endpoint) GoString() string { return e.String() }
